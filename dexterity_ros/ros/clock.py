"""The node's clock and the monotonic one."""

import time

from rclpy.node import Node


def now_ns(node: Node) -> int:
    """Returns the node's time in nanoseconds."""
    return int(node.get_clock().now().nanoseconds)


def sleep_until(node: Node, stamp_ns: int) -> None:
    """Sleeps until the node's time is a stamp; not at all when that is over."""
    time.sleep(max(stamp_ns - now_ns(node), 0) * 1e-9)


def steady_ns() -> int:
    """Returns a clock that neither /clock nor a person can change."""
    return time.monotonic_ns()
