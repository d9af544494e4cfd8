"""Point cloud or image to the pose of the object in the hand frame."""
