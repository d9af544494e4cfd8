"""What a judge shows to somebody who watches: where all hands are after each control step, and how each goal ended."""

from collections.abc import Callable
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


Say = Callable[[str], None]  # takes how far something is


def silent(_said: str) -> None:
    """Says nothing."""


class ProgressWatcher:
    """A Watcher that says how far the trials are, and lets another watch, too."""

    def __init__(self, name: str, say: Say, then: Watcher | None = None) -> None:
        """name: whose trials they are. say: called after every control step."""
        self._name, self._say, self._then = name, say, then
        self._reached = self._ended = 0

    def see(self, view: View) -> None:
        """Says how many episodes are over, and how many goals were reached."""
        episodes = len(view.live)
        over = f"{episodes - int(view.live.sum())} of {episodes} episodes are over"
        goals = f"{self._reached} of {self._ended} goals reached"
        self._say(f"{self._name}, after {view.now_ns * 1e-9:.0f} simulated s: {over}, {goals}")
        if self._then is not None:
            self._then.see(view)

    def ended(self, episode: int, outcome: GoalOutcome, *, dropped: bool) -> None:
        """Counts a goal."""
        self._ended += 1
        self._reached += int(outcome.reached)
        if self._then is not None:
            self._then.ended(episode, outcome, dropped=dropped)
