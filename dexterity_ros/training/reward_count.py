"""What a teacher's run counts: goals that were reached or not, by object too, and the terms of the reward."""

from typing import Any

import numpy as np

from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.sim.object_set import ObjectSet
from dexterity_ros.training.checkpoint import TrainingError
from dexterity_ros.training.object_rates import ended_by_object


class RewardCount:
    """A `Count`. outcomes: of goals, in the order in which they ended. by_object: how many reached, and failed."""

    def __init__(self, slices: dict[str, slice], objects: ObjectSet) -> None:
        """slices: of the observation's terms."""
        self._slices, self._objects = slices, objects
        self.begin()

    def begin(self) -> None:
        """Forgets what was counted."""
        self.outcomes: list[bool] = []
        self._sums: dict[str, float] = {}
        self._steps = 0
        self.by_object = np.zeros((2, len(self._objects.names)), dtype=np.int64)

    def watch(self, step: EnvStep) -> None:
        """Takes one control step. Raises TrainingError where it is not finite."""
        self._check(step)
        self.outcomes += [True] * int(step.reached.sum()) + [False] * int(step.failed.sum())
        self._steps += len(step.reward)
        self.by_object += ended_by_object(step, self._objects)
        for name, value in step.terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value.sum())

    def portion(self) -> dict[str, Any]:
        """Returns what was counted, for another to add."""
        counted = {"outcomes": self.outcomes, "sums": self._sums, "steps": self._steps}
        return counted | {"by_object": self.by_object}

    def add(self, portion: dict[str, Any]) -> None:
        """Counts what another counted."""
        self.outcomes += portion["outcomes"]
        self._steps += portion["steps"]
        self.by_object += portion["by_object"]
        for name, total in portion["sums"].items():
            self._sums[name] = self._sums.get(name, 0.0) + total

    def means(self) -> dict[str, float]:
        """Returns reward_TERM, the mean of each."""
        return {f"reward_{name}": total / max(self._steps, 1) for name, total in self._sums.items()}

    def _check(self, step: EnvStep) -> None:
        for name, value in step.terms.items():
            if not np.isfinite(value).all():
                raise TrainingError(f"reward term {name} is not finite; the last checkpoint is kept")
        for name, part in self._slices.items():
            if not np.isfinite(step.observation[:, part]).all():
                raise TrainingError(f"observation term {name} is not finite; the last checkpoint is kept")
