"""Interactive imitation from privileged teachers."""
