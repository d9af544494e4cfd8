"""What a judge shows to somebody who watches: where all hands are after each control step, and how each goal ended."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.evaluation.outcomes import GoalOutcome
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import Model
from dexterity_ros.sim.sensors import SimulatedSensors


@dataclass(frozen=True, kw_only=True)
class View:
    """N hands after a control step; the arrays are the judge's own, to be copied by whoever keeps them.

    sim_state: (N, nstate). target_rad: as commanded, (N, n). goals: (N, 4). models: each with the torque that its
    motors still have. warmth: of the motors, 0 to 1, (N, n). live:
    episodes that go on, (N,).
    """

    now_ns: int
    sim_state: Floats
    target_rad: Floats
    goals: Floats
    physics: BatchPhysics
    sensors: SimulatedSensors
    models: list[Model]
    warmth: Floats
    live: NDArray[np.bool_]


class Watcher(Protocol):
    """Somebody who watches and changes nothing."""

    def see(self, view: View) -> None:
        """Looks at all hands after a control step, before it is judged."""
        ...

    def ended(self, episode: int, outcome: GoalOutcome, *, dropped: bool) -> None:
        """Hears how a goal ended at the moment last seen."""
        ...
