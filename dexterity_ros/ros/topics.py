"""Publishers and subscriptions as the topics table describes them."""

from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.intake import intake
from dexterity_ros.ros.messages import message_class, qos_profile


def publisher(node: Node, key: str) -> Any:
    """Returns a publisher for a topic in the table; the node says which system it belongs to."""
    intake(node)
    return node.create_publisher(message_class(key), TOPICS[key].name, qos_profile(key))


def subscribe(node: Node, key: str, callback: Callable[[Any], None]) -> Any:
    """Subscribes to a topic in the table.

    `callback` gets only messages that are not too large and come from whom the table allows; a WireError that it
    raises counts as a refused message.
    """
    return intake(node).subscribe(key, callback)


def observe(node: Node, key: str, callback: Callable[[Any], None], *, keep: int | None = None) -> Any:
    """Subscribes to a topic of whatever system runs, for those who only look: publishers are not checked.

    keep: messages that wait for a node that was not run for a while; None: as many as the table says.
    """
    return intake(node).subscribe(key, callback, checked=False, keep=keep)


def refused(node: Node) -> tuple[Fault, ...]:
    """Returns what was wrong with messages to this node a moment ago."""
    return intake(node).faults()
