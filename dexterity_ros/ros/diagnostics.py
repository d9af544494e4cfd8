"""A node's figures on /diagnostics (REP-107), once a second; and reading what anybody puts there."""

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node

from dexterity_ros import ros
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.runtime.deadline_loop import DeadlineLoop

LEVELS = {"ok": DiagnosticStatus.OK, "warn": DiagnosticStatus.WARN, "error": DiagnosticStatus.ERROR}

_LONGEST = 20_000  # characters of one value; the longest of ours, the motors of a hand, has 2,000
_LONGEST_NAME = 100
_MOST = 100  # values of one status

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


def readings(message: Any, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Returns {name: values} of the statuses called `names`, whoever sent them. See `values`."""
    return {status.name: values(status) for status in message.status if status.name in names}


def reporters(message: Any) -> set[str]:
    """Returns the nodes that a message names, as a Reporter names its own."""
    return {status.name[:_LONGEST_NAME].partition(":")[0] for status in message.status}


def values(status: Any) -> dict[str, Any]:
    """Returns the values of a status as its Reporter wrote them. Never raises.

    /diagnostics belongs to everybody: values that are no JSON, or longer than any of ours, are left out; numbers that
    are not finite are None.
    """
    read = {}
    for item in status.values[:_MOST]:
        if len(item.value) <= _LONGEST:
            try:
                read[item.key] = json.loads(item.value, parse_constant=lambda _name: None, parse_float=_finite)
            except (ValueError, RecursionError):
                continue
    return read


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def number(values: Mapping[str, Any], key: str) -> float | None:
    """Returns a value that is a number, else None."""
    value = values.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def numbers(values: Mapping[str, Any], key: str) -> dict[str, float]:
    """Returns the numbers of a value that names several, such as p50, p99 and max; else nothing."""
    value = values.get(key)
    named = value if isinstance(value, dict) else {}
    return {name: read for name in named if (read := number(named, name)) is not None}


def counts(values: Mapping[str, Any], key: str) -> Counter[str]:
    """Returns how often each thing was counted."""
    return Counter({name: int(count) for name, count in numbers(values, key).items()})
