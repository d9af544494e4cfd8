"""ROS time for stamps and recordings; the monotonic clock for ages, deadlines, budgets and fades."""

import time
import weakref

from rclpy.node import Node

_SIMULATED: "weakref.WeakKeyDictionary[Node, bool]" = weakref.WeakKeyDictionary()
_SET_NS = 1_000_000  # the clocks drift apart by less than this between two looks, unless one is set


def now_ns(node: Node) -> int:
    """Returns the node's ROS time in nanoseconds. For stamps alone: it can be set."""
    return int(node.get_clock().now().nanoseconds)


def sleep_until(node: Node, stamp_ns: int) -> None:
    """Sleeps until the node's time is a stamp; not at all when that is over."""
    time.sleep(max(stamp_ns - now_ns(node), 0) * 1e-9)


def steady_ns(node: Node) -> int:
    """Returns a time that nobody can set; the node's own time where that is a recording's or a simulation's."""
    simulated = _SIMULATED.get(node)
    if simulated is None:
        simulated = node.has_parameter("use_sim_time") and bool(node.get_parameter("use_sim_time").value)
        _SIMULATED[node] = simulated  # read once, as every parameter
    return now_ns(node) if simulated else time.monotonic_ns()


class Stamps:
    """Turns stamps into monotonic time and back.

    The difference of the two clocks stays the same number until one of them is set, so that differences of stamps are
    exactly differences of monotonic time, and a replay of the gate repeats to the last bit.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._ahead_ns = now_ns(node) - steady_ns(node)

    def look(self) -> None:
        """Notices that a clock was set. Call it once a cycle."""
        ahead_ns = now_ns(self._node) - steady_ns(self._node)
        if abs(ahead_ns - self._ahead_ns) > _SET_NS:
            self._ahead_ns = ahead_ns

    def steady(self, stamp_ns: int) -> int:
        """Returns the monotonic time of a stamp."""
        return int(stamp_ns) - self._ahead_ns

    def stamp(self, steady: int) -> int:
        """Returns the stamp of a monotonic time."""
        return int(steady) + self._ahead_ns
