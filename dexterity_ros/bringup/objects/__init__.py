"""An object of somebody's own: from a mesh or a list of primitives to the folder that everything else takes."""
