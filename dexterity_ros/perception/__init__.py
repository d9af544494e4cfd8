"""Depth image to point cloud in the hand frame."""
