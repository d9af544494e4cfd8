"""What simulated hands say of every source besides joints, object and goal: one row per source."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.samples import Sample
from dexterity_ros.contracts.sources import ObservationInputs, Source


@dataclass(frozen=True, kw_only=True)
class Bodies:
    """Hands at one moment as they are, in training (N, ...), in real time (...).

    joint_pos_rad, joint_vel_rad_s: (..., n). In the hand frame: object_pos_m (..., 3), object_quat_wxyz (..., 4),
    tips_m, of the fingers one substep ago (..., tips, 3).
    """

    stamp_ns: NDArray[np.int64] | int
    joint_pos_rad: Floats
    joint_vel_rad_s: Floats
    object_pos_m: Floats
    object_quat_wxyz: Floats
    tips_m: Floats


# What a sensor says of them. With a random generator it errs as sensors do, without one it is perfect.
Simulate = Callable[[Bodies, np.random.Generator | None], Sample]

SIMULATED: dict[Source[Any], Simulate] = {}


def with_simulated(
    inputs: ObservationInputs, bodies: Callable[[], Bodies], rng: np.random.Generator | None
) -> ObservationInputs:
    """Returns inputs with a sample of every source in the table."""
    if not SIMULATED:
        return inputs
    now = bodies()
    return ObservationInputs({**inputs.samples, **{s.name: simulate(now, rng) for s, simulate in SIMULATED.items()}})
