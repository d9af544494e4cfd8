"""What a process runs, without ROS: policy and object pipelines, hand control, the deadline loop."""
