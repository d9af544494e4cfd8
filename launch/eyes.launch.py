"""ros2 launch dexterity_ros eyes.launch.py: the nodes of config/systems/eyes.yaml, a simulated camera."""

from dexterity_ros.systems.launching import description


def generate_launch_description():  # noqa: ANN201
    """Returns the launch description."""
    return description("eyes")
