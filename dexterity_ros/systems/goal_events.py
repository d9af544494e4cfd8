"""What goal_node tells on goal_event, read strictly: the judges believe it."""

import json
import math
from typing import Any

from dexterity_ros.contracts.errors import WireError

_EVENTS = ("issued", "reached", "timeout", "dropped")
_LONGEST = 2_000  # characters; ours have 250


def goal_event(text: str) -> dict[str, Any]:
    """Returns {event, index, stamp_ns, time_s, angle_rad, goal_quat_wxyz}, the last of "issued" where it is known.

    Raises WireError.
    """
    try:
        event = json.loads(text[:_LONGEST])
        read: dict[str, Any] = {
            "event": event["event"],
            "index": int(event["index"]),
            "stamp_ns": int(event["stamp_ns"]),
        }
        read |= {key: float(event[key]) for key in ("time_s", "angle_rad")}
        if read["event"] == "issued" and event["goal_quat_wxyz"] is not None:
            read["goal_quat_wxyz"] = [float(value) for value in event["goal_quat_wxyz"]]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise WireError(f"goal_event: {type(error).__name__} in {text[:80]!r}") from error
    quat = read.get("goal_quat_wxyz", [1.0, 0.0, 0.0, 0.0])
    if read["event"] not in _EVENTS or len(quat) != 4 or not all(map(math.isfinite, [*quat, read["time_s"]])):
        raise WireError(f"goal_event: expected one of {_EVENTS} with a quaternion and a time, got {text[:80]!r}")
    return read
