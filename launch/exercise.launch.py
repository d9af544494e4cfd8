"""ros2 launch dexterity_ros exercise.launch.py: the nodes of config/systems/exercise.yaml, a hand without a policy."""

from dexterity_ros.systems.launching import description


def generate_launch_description():  # noqa: ANN201
    """Returns the launch description."""
    return description("exercise")
