"""What a control step of a reorientation is worth."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.tasks.sight import Verdict


def reward_terms(verdict: Verdict, action_change: Floats) -> dict[str, Floats]:
    """Returns the terms that tasks/reward.py weighs, unscaled, each (N,). action_change: from the last one, (N, n)."""
    return {
        "progress": verdict.progress_rad,
        "success": verdict.reached.astype(float),
        "drop": verdict.dropped.astype(float),
        "late": verdict.late.astype(float),
        "off_centre": np.minimum(verdict.off_centre, 1.0),
        "action_rate": (action_change**2).mean(axis=-1),
    }
