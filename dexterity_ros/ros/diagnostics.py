"""Publishes a node's figures on /diagnostics (REP-107), once a second."""

import json
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node

from dexterity_ros import ros
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.runtime.deadline_loop import DeadlineLoop

LEVELS = {"ok": DiagnosticStatus.OK, "warn": DiagnosticStatus.WARN, "error": DiagnosticStatus.ERROR}

Report = Callable[[], tuple[str, str, dict[str, Any]]]


class Reporter:
    """Publishes `node: task` with a message and values; values are JSON so that tools can read them back."""

    def __init__(self, node: Node, hardware_id: str, task: str, report: Report) -> None:
        """report: returns (level, message, values)."""
        self._node, self._report = node, report
        self._hardware_id, self._name = hardware_id, f"{node.get_name()}: {task}"
        self._publisher = ros.publisher(node, "diagnostics")
        self._timer = node.create_timer(1.0 / TOPICS["diagnostics"].rate_hz, self.publish)

    def publish(self) -> None:
        """Publishes the figures as they are now."""
        level, text, values = self._report()
        message = ros.message_class("diagnostics")()
        message.header.stamp = self._node.get_clock().now().to_msg()
        status = DiagnosticStatus(level=LEVELS[level], name=self._name, message=text, hardware_id=self._hardware_id)
        status.values = [KeyValue(key=key, value=json.dumps(value)) for key, value in values.items()]
        message.status = [status]
        self._publisher.publish(message)


def loop_values(loop: DeadlineLoop) -> dict[str, Any]:
    """Returns the figures of a control loop since it started."""
    return {
        "cycles": loop.cycles,
        "overruns": loop.overruns,
        "lateness_ms": loop.lateness.milliseconds(),
        "duration_ms": loop.duration.milliseconds(),
        "realtime": loop.realtime,
    }
