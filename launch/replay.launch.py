"""ros2 launch dexterity_ros replay.launch.py: the nodes of config/systems/replay.yaml, a policy on recorded sensors."""

from dexterity_ros.systems.launching import description


def generate_launch_description():  # noqa: ANN201
    """Returns the launch description."""
    return description("replay")
