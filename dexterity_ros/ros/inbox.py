"""The newest message of each source, and when it arrived."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from rclpy.node import Node

from dexterity_ros.ros.clock import steady_ns
from dexterity_ros.ros.topics import subscribe


class Inbox:
    """Subscribes to topics in the table; the executor fills it, a control loop reads it."""

    def __init__(self, node: Node, keys: Sequence[str]) -> None:
        self._node = node
        self._newest: dict[str, tuple[int, Any]] = {}
        self._keys = tuple(keys)
        for key in keys:
            subscribe(node, key, partial(self._on_message, key))

    def __getitem__(self, key: str) -> Any:
        """Returns the newest message of a topic, or None."""
        return self._newest[key][1] if key in self._newest else None

    def ages_s(self) -> dict[str, float | None]:
        """Returns how long ago the newest message of each topic arrived; None: there was none."""
        newest = dict(self._newest)
        now = steady_ns(self._node)
        return {key: max(now - newest[key][0], 0) * 1e-9 if key in newest else None for key in self._keys}

    def _on_message(self, key: str, message: Any) -> None:
        self._newest[key] = (steady_ns(self._node), message)
