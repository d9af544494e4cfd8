"""What a control step is worth."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.ranges import Checked, Range

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_WEIGHT = Range(-1e6, 1e6, "of a reward")


@dataclass(frozen=True, kw_only=True)
class RewardConfig(Checked):
    """Weights of the reward terms; the sum is multiplied by `scale`. The default is Dactyl's, arXiv 1808.00177.

    late: of a goal not reached in time. Other than 0, that is a failure like a drop: nothing can be won afterwards, so
    standing still is no safe choice. With 0 the time-out is nobody's fault, and the value behind it counts.
    """

    progress: Annotated[float, _WEIGHT] = 1.0
    success: Annotated[float, _WEIGHT] = 5.0
    drop: Annotated[float, _WEIGHT] = -20.0
    late: Annotated[float, _WEIGHT] = 0.0
    off_centre: Annotated[float, _WEIGHT] = 0.0
    action_rate: Annotated[float, _WEIGHT] = 0.0
    scale: Annotated[float, Range(1e-6, 1e6, "brings returns to order one; 0 would pay nothing")] = 0.2


def reward_terms(
    *, progress_rad: Floats, off_centre: Floats, action_change: Floats, got: Bools, fell: Bools, late: Bools
) -> dict[str, Floats]:
    """Returns the terms, unscaled, each (N,).

    Args:
        progress_rad: by how much the error became smaller, (N,).
        off_centre: distance of the object from the grasp centre, 1 = dropped, (N,).
        action_change: of this action from the last, (N, n).
        got: goals reached, (N,).
        fell: objects dropped, (N,).
        late: goals not reached in time, (N,).
    """
    return {
        "progress": progress_rad,
        "success": got.astype(float),
        "drop": fell.astype(float),
        "late": late.astype(float),
        "off_centre": np.minimum(off_centre, 1.0),
        "action_rate": (action_change**2).mean(axis=-1),
    }
