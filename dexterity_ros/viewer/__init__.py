"""The live page; ROS-free."""
