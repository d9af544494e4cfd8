"""Message classes and QoS of the topics table."""

import importlib
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

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


def message_class(key: str) -> Any:
    """Returns the message class of a topic in the table."""
    package, _, name = TOPICS[key].message.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), name)


def message_field(key: str) -> Any:
    """Returns the class that describes one field of a PointCloud2 topic."""
    package, _, _ = TOPICS[key].message.split("/")
    return importlib.import_module(f"{package}.msg").PointField
