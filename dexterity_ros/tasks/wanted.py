"""What goal_node asks for: turns of an object, or views of it that a person has captured; and how either looks."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.capture import Capture
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_rotate
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.tasks.alike import Symmetries
from dexterity_ros.tasks.goals import next_goal
from dexterity_ros.tasks.spec import TaskSpec

UNKNOWN = np.array([1.0, 0.0, 0.0, 0.0])  # stands for a rotation that nobody knows


class Wanted(Protocol):
    """Goals one after another. turns: whether their rotations are known."""

    turns: bool

    def draw(self, quat_wxyz: Floats, trial: int, index: int) -> Floats:
        """Returns the rotation, (4,), of a trial's next goal; it depends on the arguments alone.

        quat_wxyz: of the object, (4,), as far as that is known.
        """
        ...

    def points_m(self, goal_quat_wxyz: Floats) -> Floats | None:
        """Returns what the goal that was drawn last looks like, (n, 3), hand frame; None: nobody knows."""
        ...


class Turns:
    """Rotations as a task draws them; far from all that looks like the present one."""

    turns = True

    def __init__(
        self,
        task: TaskSpec,
        seed: int,
        symmetry: Symmetry = NO_SYMMETRY,
        surface_m: Floats | None = None,
        centre_m: Sequence[float] = (0.0, 0.0, 0.0),
    ) -> None:
        """surface_m: points of the object in its own frame, (n, 3). centre_m: the grasp centre."""
        self._task, self._seed, self._surface, self._centre = task, seed, surface_m, np.array(centre_m)
        self._symmetries = None if symmetry.trivial or symmetry.every else Symmetries([symmetry])

    def draw(self, quat_wxyz: Floats, trial: int, index: int) -> Floats:
        """Returns the rotation, (4,), of a trial's next goal."""
        if self._symmetries is None:
            return next_goal(self._task, quat_wxyz, seed=self._seed, trial=trial, index=index)
        rng = np.random.default_rng([self._seed, trial, index])
        goals = self._symmetries.sample_goals(self._task, np.zeros(1, dtype=np.int64), quat_wxyz[None], rng)
        goal: Floats = goals[0]
        return goal

    def points_m(self, goal_quat_wxyz: Floats) -> Floats | None:
        """Returns the object's surface in that rotation round the grasp centre, (n, 3)."""
        if self._surface is None:
            return None
        points: Floats = self._centre + quat_rotate(goal_quat_wxyz, self._surface)
        return points


class Views:
    """Captures in an order that is drawn anew for every trial; each follows another."""

    def __init__(self, captures: Sequence[Capture], seed: int) -> None:
        """Raises ConfigError: fewer than two, so that the first would be followed by itself."""
        if len(captures) < 2:
            said = "expected two or more: a goal that is reached is followed by another"
            raise ConfigError(f"captures has {len(captures)} entries, {said}")
        self._captures, self._seed, self._last = captures, seed, captures[0]
        self.turns = all(capture.quat_wxyz is not None for capture in captures)

    def draw(self, _quat_wxyz: Floats, trial: int, index: int) -> Floats:
        """Takes the next capture. Returns how the object lay, (4,), where a simulator said so."""
        order = np.random.default_rng([self._seed, trial]).permutation(len(self._captures))
        self._last = self._captures[order[index % len(order)]]
        return UNKNOWN if self._last.quat_wxyz is None else np.array(self._last.quat_wxyz)

    def points_m(self, _goal_quat_wxyz: Floats) -> Floats | None:
        """Returns the points of the capture that was taken last, (n, 3)."""
        return self._last.points_m
