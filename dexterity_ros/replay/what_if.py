"""What another policy would have done with what was recorded, tick by tick; it never sees what its own action does."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.sources import JOINTS
from dexterity_ros.replay.offline import repeat
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """joints: {joint: {rms_rad, largest_rad, first_s}}, differences of targets. refused: faults by name.

    first_s: when they first differ by more than a hundredth of a radian. agreement: of the directions of the steps.
    """

    ticks: int
    joints: dict[str, dict[str, Any]]
    refused: dict[str, int]
    agreement: float

    def as_dict(self) -> dict[str, Any]:
        """Returns the result for a JSON file."""
        return dict(vars(self))


_NOTICEABLE_RAD = 0.01


def what_if(run: RunRecord, pipeline: PolicyPipeline) -> WhatIf:
    """Returns how the targets of another policy differ from the recorded ones.

    After each tick the other policy is told that the recorded target was followed, so that both start from the same.
    """
    times, steps, others = [], [], []
    refused: dict[str, int] = {}
    before = run.ticks[0].inputs[JOINTS].pos_rad
    for tick, result, _ in repeat(run.ticks, pipeline, overrule=True):
        if isinstance(result, Fault):
            refused[str(result.code)] = refused.get(str(result.code), 0) + 1
            continue
        here = before
        times.append((tick.now_ns - run.bag.start_ns) * 1e-9)
        steps.append(tick.target.pos_rad - here)
        others.append(result.target.pos_rad - here)
        before = tick.target.pos_rad
    wanted, other = np.array(steps), np.array(others)
    joints = {}
    for j, name in enumerate(run.hand.joint_names if len(times) else ()):
        gap = np.abs(wanted[:, j] - other[:, j])
        apart = np.flatnonzero(gap > _NOTICEABLE_RAD)
        joints[name] = {
            "rms_rad": round(float(np.sqrt((gap**2).mean())), 4),
            "largest_rad": round(float(gap.max()), 4),
            "first_s": round(times[apart[0]], 2) if len(apart) else None,
        }
    return WhatIf(ticks=len(times), joints=joints, refused=refused, agreement=_agreement(wanted, other))


def _agreement(wanted: Floats, other: Floats) -> float:
    """Returns the mean cosine between the steps of both policies."""
    if not len(wanted):
        return 0.0
    lengths = np.sqrt((wanted**2).sum(axis=1)) * np.sqrt((other**2).sum(axis=1))
    return round(float(((wanted * other).sum(axis=1) / np.maximum(lengths, 1e-12)).mean()), 3)
