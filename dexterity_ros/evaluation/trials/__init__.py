"""Trials of policies on a robot: the plan, one trial as it goes, the sheet, and the figures. No ROS."""
