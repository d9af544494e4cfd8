"""Subscriptions that are emptied now and then: for who wants the newest and must not be woken by every message."""

from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros
from dexterity_ros.contracts.topic import QOS
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.messages import hand_over


class Newest:
    """Takes messages from a node of its own that nobody spins; an executor would wake for each of them."""

    def __init__(self, owner: Node, refuse: Callable[[str, str], None]) -> None:
        """refuse: is told topic and reason when a message is larger than any of ours, or is none."""
        self._ears = Node(f"{owner.get_name()}_ears", namespace=owner.get_namespace(), use_global_arguments=False)
        self._refuse = refuse
        self._heard: list[tuple[str, Any, Callable[[Any], None]]] = []

    def subscribe(self, key: str, take: Callable[[Any], None]) -> None:
        """Calls `take` with the newest message of a topic, or with every one where the table says that none is lost."""
        made = self._ears.create_subscription(
            ros.message_class(key), TOPICS[key].name, lambda _message: None, ros.qos_profile(key), raw=True
        )
        self._heard.append((key, made, take))

    def drain(self) -> None:
        """Takes what has come since the last time, of each topic at most what its queue holds: a flood has no end."""
        for key, subscription, take in self._heard:
            waiting = self._waiting(key, subscription)
            for raw in waiting if TOPICS[key].qos == "event" else waiting[-1:]:
                hand_over(key, raw, take, self._refuse)

    def _waiting(self, key: str, subscription: Any) -> list[bytes]:
        largest = TOPICS[key].max_bytes
        waiting: list[bytes] = []
        with subscription.handle:
            for _ in range(QOS[TOPICS[key].qos][2]):
                taken = subscription.handle.take_message(subscription.msg_type, True)
                if taken is None:
                    break
                if len(taken[0]) <= largest:
                    waiting.append(taken[0])
                else:
                    self._refuse(key, f"a message of {len(taken[0])} bytes was not read, {largest} are allowed")
        return waiting

    def close(self) -> None:
        """Leaves the graph."""
        self._ears.destroy_node()
