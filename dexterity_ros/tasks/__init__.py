"""Goals, success and episode rules, shared by simulation, goal node and evaluation."""
