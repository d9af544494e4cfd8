"""Goals of objects with symmetries: of all rotations in which an object looks alike, the nearest one counts."""

from collections.abc import Callable, Sequence

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.frames import (
    quat_conjugate,
    quat_multiply,
    rotation_angle,
    rotation_between,
    rotvec_to_quat,
)
from dexterity_ros.contracts.symmetry import Symmetry
from dexterity_ros.tasks.goals import sample_goals
from dexterity_ros.tasks.spec import TaskSpec

_TRIES = 24  # a goal that is too near is drawn anew so often; of an octagonal prism two of three are


class Symmetries:
    """The groups of several kinds of objects, for many objects at once."""

    def __init__(self, groups: Sequence[Symmetry]) -> None:
        """Raises ValueError for a ball, which has no goals."""
        if any(group.every for group in groups):
            raise ValueError("a ball looks alike in every rotation: it can be given no goal")
        most = max(len(group.turns) for group in groups)
        padded = [[*group.turns, *[group.turns[0]] * (most - len(group.turns))] for group in groups]
        self._turns = np.array(padded)
        self._axes = np.array([group.axis or (0.0, 0.0, 0.0) for group in groups])

    def alike(self, kind: Ints, quat_wxyz: Floats, to_quat_wxyz: Floats) -> Floats:
        """Returns, of the rotations that look like `quat`, those nearest to `to_quat`.

        Args:
            kind: which group each object has, (n,).
            quat_wxyz: such as goals, (n, 4).
            to_quat_wxyz: such as the objects' rotations, (n, 4).
        """
        turned = quat_multiply(quat_wxyz[:, None], self._turns[kind])
        rest = quat_multiply(quat_conjugate(turned), to_quat_wxyz[:, None])
        along = (rest[..., 1:] * self._axes[kind][:, None]).sum(axis=-1)
        best = np.argmax(rest[..., 0] ** 2 + along**2, axis=1)
        rows = np.arange(len(kind))
        about = 2.0 * np.arctan2(along[rows, best], rest[rows, best, 0])
        nearest: Floats = quat_multiply(turned[rows, best], rotvec_to_quat(about[:, None] * self._axes[kind]))
        return nearest

    def angle_rad(self, kind: Ints, quat_wxyz: Floats, goal_quat_wxyz: Floats) -> Floats:
        """Returns the least angle between two rotations once alike ones are not told apart, (n,)."""
        nearest = self.alike(kind, goal_quat_wxyz, quat_wxyz)
        angle: Floats = rotation_angle(rotation_between(quat_wxyz, nearest))
        return angle

    def sample_goals(self, task: TaskSpec, kind: Ints, quat_wxyz: Floats, rng: np.random.Generator) -> Floats:
        """Returns goals of a task, (n, 4), at least goal_rad[0] away from every rotation that looks alike.

        What is still too near after many draws is the farthest of them.
        """
        return farther(
            lambda: self.alike(kind, sample_goals(task, quat_wxyz, rng), quat_wxyz),
            lambda goals: rotation_angle(rotation_between(quat_wxyz, goals)),
            task.goal_rad[0],
        )


def farther(draw: Callable[[], Floats], angle: Callable[[Floats], Floats], least_rad: float) -> Floats:
    """Returns the first draws that are at least so far away, (n, 4), each drawn anew until it is."""
    goals = draw()
    away = angle(goals)
    for _ in range(_TRIES):
        near: Bools = away < least_rad - 1e-9
        if not near.any():
            break
        others = draw()
        better = near & (angle(others) > away)
        goals = np.where(better[:, None], others, goals)
        away = angle(goals)
    return goals
