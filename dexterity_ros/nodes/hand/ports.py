"""The hardware behind hand_node's HandPort."""

from functools import partial

from rclpy.node import Node

from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.drivers.dynamixel.hand import DynamixelHand
from dexterity_ros.drivers.dynamixel.native_bus import open_native
from dexterity_ros.nodes.hand.setup import HandSetup
from dexterity_ros.ros.topic_hand import TopicHand


def make_port(node: Node, setup: HandSetup) -> HandPort:
    """Returns the hand on its serial port, or on topics. Opens nothing."""
    if setup.port is None:
        return TopicHand(node, setup.hand)
    open_bus = partial(open_native, setup.port, setup.hand.baud_rate)
    return DynamixelHand(setup.hand, open_bus, current_limit_a=setup.limits.current_limit_a)


def connect_problems(port: HandPort) -> list[str]:
    """Returns what is wrong with the motors, each named; empty when all answer as they should."""
    return port.connect() if isinstance(port, DynamixelHand) else []


def reboot_motors(port: HandPort) -> list[str]:
    """Restarts motors with a latched error. Returns their names."""
    return port.reboot() if isinstance(port, DynamixelHand) else []
