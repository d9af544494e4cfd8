"""What a recorded run says, in the shape that a page shows."""

import json
from typing import Any

import numpy as np

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


def span(run: RunRecord) -> tuple[float, float]:
    """Returns the time axis of a run, s."""
    return 0.0, run.bag.duration_s or 1.0


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
