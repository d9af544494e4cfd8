"""Objects that are made by numbers in place of meshes: how they are drawn, and the list that is trained on."""
