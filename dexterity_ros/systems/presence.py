"""Whether a system runs: whose process holds its names on this machine, and who answers in the graph."""

import time
from collections.abc import Callable

from dexterity_ros.ros.name_lock import NameLock, domain_id

_GRAPH_S = 1.0  # for a node that a process of another machine, container or user may run
_BUSY_S = 5.0  # for a node whose process lives on this machine, which may have much to do
_SPIN_S = 0.05
_START = "`dexterity up`, or ros2 launch dexterity_ros real.launch.py"


def runs_here(*nodes: str) -> bool:
    """Returns whether a process of this machine runs one of these nodes in this domain."""
    return any(NameLock(node).held() for node in nodes)


def absence(
    node: str,
    ready: Callable[[], bool],
    spin: Callable[[float], None],
    now: Callable[[], float] = time.monotonic,
) -> str:
    """Waits until `ready`; returns why that is given up, as one line, or nothing when it came.

    Within 1 s when no process of this machine runs the node, within 5 s when one does.

    Args:
        node: who would be ready.
        ready: whether it is there.
        spin: handles messages for that many seconds.
        now: seconds of a clock.
    """
    began = now()
    while not ready():
        here = runs_here(node)
        if now() - began > (_BUSY_S if here else _GRAPH_S):
            return f"{node} does not answer in ROS domain {domain_id()}: {_START}" if here else no_system()
        spin(_SPIN_S)
    return ""


def no_system() -> str:
    """Returns that none runs, and what starts one."""
    return f"no system runs in ROS domain {domain_id()}: {_START}"
