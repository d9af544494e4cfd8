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
from dexterity_ros.replay.finding import Finding, first_cause_first
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.troubles import troubles


def compared(run: RunRecord) -> Comparison | None:
    """Returns what `compare` finds, or None for a bag that does not hold enough."""
    try:
        return compare(run, run.manifest())
    except BagError:
        return None


def findings(run: RunRecord, comparison: Comparison | None) -> tuple[Finding, ...]:
    """Returns what was wrong, the first cause first; without a comparison, by what the nodes said."""
    return first_cause_first(troubles(run)) if comparison is None else comparison.findings


def seconds(run: RunRecord, stamps_ns: Any) -> Any:
    """Returns stamps in seconds since the run began."""
    return (np.asarray(stamps_ns) - run.bag.start_ns) * 1e-9


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


def true_poses(run: RunRecord) -> Any:
    """Returns the simulator's truth as a Series, or None."""
    return run.true_pose if run.holds("sim/object_pose") else None


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
