"""ros2 launch dexterity_ros real.launch.py: the nodes of config/systems/real.yaml, a hand on its motor bus."""

from dexterity_ros.systems.launching import description


def generate_launch_description():  # noqa: ANN201
    """Returns the launch description."""
    return description("real")
