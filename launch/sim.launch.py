"""ros2 launch dexterity_ros sim.launch.py: the nodes of config/systems/sim.yaml, a simulated hand."""

from dexterity_ros.systems.launching import description


def generate_launch_description():  # noqa: ANN201
    """Returns the launch description."""
    return description("sim")
