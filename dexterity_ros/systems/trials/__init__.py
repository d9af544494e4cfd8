"""Trials of policies on a robot, on a running system."""
