"""What a recorded run says, in the shape that a page shows."""

import base64
import json
from typing import Any

import cv2
import numpy as np

from dexterity_ros import wire
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.replay.compare import Comparison, compare
from dexterity_ros.replay.run_record import RunRecord

_UP = (1.0, 0.0, 0.0, 0.0)  # of a goal that does not say how the object was to be turned


def compared(run: RunRecord) -> Comparison | None:
    """Returns what `compare` finds, or None for a bag that does not hold enough."""
    try:
        return compare(run, run.manifest())
    except BagError:
        return None


def seconds(run: RunRecord, stamps_ns: Any) -> Any:
    """Returns stamps in seconds since the run began."""
    return (np.asarray(stamps_ns) - run.bag.start_ns) * 1e-9


def goals(run: RunRecord) -> list[dict[str, Any]]:
    """Returns every goal with its beginning, angle, outcome ("" while open) and end."""
    goals: list[dict[str, Any]] = []
    for message, event in run.told("goal_event", ("event",)):
        at = int(event.get("stamp_ns", message.log_ns))
        if event["event"] == "issued":
            new = {"begin_ns": at, "angle_rad": event.get("angle_rad", 0.0), "quat": event.get("goal_quat_wxyz", _UP)}
            goals.append(new | {"end": "", "end_ns": 0, "time_s": 0.0})
        elif goals and not goals[-1]["end"]:
            goals[-1] |= {"end": event["event"], "end_ns": at, "time_s": event.get("time_s", 0.0)}
    return goals


def diagnostics(run: RunRecord) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """Returns {task: [(time, values)]} of /diagnostics."""
    rows: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for message, value in run.bag.values("/diagnostics"):
        for status in value.status:
            content = {item.key: _value(item.value) for item in status.values}
            rows.setdefault(status.name, []).append((message.log_ns, content))
    return rows


def _value(text: str) -> Any:
    """Returns a figure of ours, or the text of somebody else's node as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def spans(states: list[tuple[int, str]], end_ns: int) -> list[tuple[int, int, str]]:
    """Returns (begin, end, text) of states in a row; texts that differ only in their numbers are one."""
    spans: list[tuple[int, int, str]] = []
    for at, text in states:
        if spans and kind(spans[-1][2]) == kind(text):
            spans[-1] = (spans[-1][0], at, spans[-1][2])
        else:
            if spans:
                spans[-1] = (spans[-1][0], at, spans[-1][2])
            spans.append((at, at, text))
    if spans:
        spans[-1] = (spans[-1][0], end_ns, spans[-1][2])
    return spans


def kind(text: str) -> str:
    """Returns a text without its numbers."""
    return "".join(c for c in text if not c.isdigit() and c != ".")


def true_poses(run: RunRecord) -> Any:
    """Returns the simulator's truth as a Series, or None."""
    topic = run.bag.topic("sim/object_pose")
    if topic is None or not run.bag.counts[topic]:
        return None
    return run.true_pose


def unit(quat: Floats) -> Floats:
    """Returns quaternions of length one."""
    unit: Floats = quat / np.linalg.norm(quat, axis=1, keepdims=True)
    return unit


def picture(depth: Any, colour: Any, begin_ns: int) -> str:
    """Returns colour and depth side by side as an HTML image."""
    image = wire.depth_sample(depth, colour)
    seen = image.depth_mm[image.depth_mm > 0]
    low, high = np.percentile(seen, [2, 98]) if len(seen) else (0.0, 1.0)
    share = np.clip((high - image.depth_mm) / max(high - low, 1.0), 0.0, 1.0)
    grey = np.where(image.depth_mm > 0, 40 + 215 * share, 0).astype(np.uint8)
    pair = [cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)]
    if image.rgb is not None:
        pair.insert(0, cv2.cvtColor(image.rgb, cv2.COLOR_RGB2BGR))
    small = cv2.resize(np.hstack(pair), (320 * len(pair), 240), interpolation=cv2.INTER_AREA)
    coded = base64.b64encode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()).decode()
    at = (wire.stamp_ns(depth.header) - begin_ns) * 1e-9
    return f'<div><img alt="" src="data:image/jpeg;base64,{coded}">{at:.1f} s</div>'
