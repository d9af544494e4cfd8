"""Messages of the topics table: their classes, their QoS, and how they are read."""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.topic import QOS
from dexterity_ros.contracts.topics import TOPICS


def qos_profile(key: str, keep: int | None = None) -> QoSProfile:
    """Returns the QoS of a topic in the table. keep: depth of the history, where it differs."""
    reliability, durability, depth = QOS[TOPICS[key].qos]
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth if keep is None else keep,
        reliability=ReliabilityPolicy[reliability.upper()],
        durability=DurabilityPolicy[durability.upper()],
    )


@cache
def message_class(key: str) -> Any:
    """Returns the message class of a topic in the table."""
    package, _, name = TOPICS[key].message.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), name)


def message_field(key: str) -> Any:
    """Returns the class that describes one field of a PointCloud2 topic."""
    package, _, _ = TOPICS[key].message.split("/")
    return importlib.import_module(f"{package}.msg").PointField


def hand_over(key: str, raw: bytes, take: Callable[[Any], None], refuse: Callable[[str, str], None]) -> None:
    """Calls `take` with a message of a topic in the table; where it is none, `refuse` with the topic and why."""
    try:
        message = deserialize_message(raw, message_class(key))
    except RuntimeError:  # what rclpy raises of bytes that are no message of this type
        refuse(key, f"{len(raw)} bytes are no {TOPICS[key].message}")
        return
    try:
        take(message)
    except WireError as error:
        refuse(key, str(error))
