"""Thin ROS 2 shells around the stages; the only place for ROS."""
