"""Subscriptions that are emptied now and then: for who wants the newest and must not be woken by every message."""

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message

from dexterity_ros import ros
from dexterity_ros.contracts.topics import TOPICS


class Newest:
    """Takes messages from a node of its own that nobody spins; an executor would wake for each of them."""

    def __init__(self, owner: Node) -> None:
        self._ears = Node(f"{owner.get_name()}_ears", namespace=owner.get_namespace(), use_global_arguments=False)
        self._heard: list[tuple[str, Any, Callable[[Any], None]]] = []

    def subscribe(self, key: str, take: Callable[[Any], None]) -> None:
        """Calls `take` with the newest message of a topic, or with every one where the table says that none is lost."""
        made = self._ears.create_subscription(
            ros.message_class(key), TOPICS[key].name, lambda _message: None, ros.qos_profile(key), raw=True
        )
        self._heard.append((key, made, take))

    def drain(self) -> None:
        """Takes what has come since the last time."""
        for key, subscription, take in self._heard:
            all_of_them = TOPICS[key].qos == "event"
            newest = None
            with subscription.handle:
                while (taken := subscription.handle.take_message(subscription.msg_type, True)) is not None:
                    newest = taken[0]
                    if all_of_them:
                        take(deserialize_message(newest, subscription.msg_type))
            if newest is not None and not all_of_them:
                take(deserialize_message(newest, subscription.msg_type))

    def close(self) -> None:
        """Leaves the graph."""
        self._ears.destroy_node()
