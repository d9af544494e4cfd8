"""A hand of other programs, from its MJCF or URDF to the files of this one."""
