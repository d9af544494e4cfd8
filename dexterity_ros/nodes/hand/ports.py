"""The hardware behind hand_node's HandPort."""

from rclpy.node import Node

from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.drivers.open import hand_on_port
from dexterity_ros.nodes.hand.setup import HandSetup
from dexterity_ros.ros.topic_hand import TopicHand


def make_port(node: Node, setup: HandSetup) -> HandPort:
    """Returns the hand on its serial port, or on topics, and says which one it is. Opens nothing."""
    port: HandPort
    if setup.port is None:
        port = TopicHand(node, setup.hand)
    else:
        port = hand_on_port(setup.hand, setup.port, current_limit_a=setup.limits.current_limit_a)
    node.get_logger().info(port.describe())
    return port
