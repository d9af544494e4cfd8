"""What the stages agree on: specs, samples, topics, ports. No ROS, no clock."""
