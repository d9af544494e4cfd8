"""MuJoCo scenes and the vectorised environment. The only place for MuJoCo."""
