"""Where an episode begins: in a settled grasp, or shortly before this hand last dropped its object."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.ranges import SHARE, Checked, Range
from dexterity_ros.sim.reset_pool import ResetPools
from dexterity_ros.sim.snapshot import Snapshot, put_back, take

_STANDING = ("_past", "_steps", "_kept", "_has_dropped")


@dataclass(frozen=True, kw_only=True)
class BeforeDrops(Checked):
    """A share of the episodes of a hand that has dropped its object begins where it was back_s before it did."""

    share: Annotated[float, SHARE]
    back_s: Annotated[float, Range(0.05, 60.0, "from one control step to a minute; all states of that time are kept")]


class Starts:
    """Chooses the first state of each episode."""

    def __init__(
        self, pools: ResetPools, before: BeforeDrops | None, *, envs: int, state_size: int, period_s: float
    ) -> None:
        """before: None = every episode begins in a settled grasp. period_s: of a control step."""
        self._pools, self._before = pools, before
        back = 0 if before is None else round(before.back_s / period_s)
        self._past = np.zeros((back, envs, state_size))
        self._steps = np.zeros(envs, dtype=np.int64)  # since the episode began
        self._kept = np.zeros((envs if back else 0, state_size))
        self._has_dropped = np.zeros(envs, dtype=bool)

    def watch(self, state: Floats, dropped: Bools) -> None:
        """Takes where the hands are after a control step, (N, nstate), and which of them dropped the object in it."""
        if self._before is None:
            return
        each, slot = np.arange(len(state)), self._steps % len(self._past)
        known = dropped & (self._steps >= len(self._past))
        self._kept[known] = self._past[slot, each][known]
        self._has_dropped |= known
        self._past[slot, each] = state
        self._steps += 1

    def draw(self, mask: Bools, kind: Ints, rng: np.random.Generator) -> Floats:
        """Returns where the hands of mask (N,) begin anew, (n, nstate). kind: which object each hand has, (N,)."""
        grasps = self._pools.draw(kind[mask], rng)
        if self._before is None:
            return grasps
        self._steps[mask] = 0
        again = self._has_dropped[mask] & (rng.uniform(size=len(grasps)) < self._before.share)
        return np.where(again[:, None], self._kept[mask], grasps)

    def snapshot(self) -> Snapshot:
        """Returns what has been kept."""
        return {} if self._before is None else take(self, _STANDING)

    def restore(self, values: Snapshot) -> None:
        """Goes on from there."""
        put_back(self, values)
