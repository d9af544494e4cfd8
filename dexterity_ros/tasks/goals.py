"""New goals, as the task of their file draws them."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.tasks.table import TASKS


def sample_goals(task: TaskSpec, object_quat_wxyz: Floats, rng: np.random.Generator) -> Floats:
    """Returns goal rotations, (n, 4), for objects of the rotations (n, 4)."""
    return TASKS[task.kind].draw(task, object_quat_wxyz, rng)


def next_goal(task: TaskSpec, object_quat_wxyz: Floats, *, seed: int, trial: int, index: int) -> Floats:
    """Returns a goal rotation, (4,), that depends only on the arguments; demo and `evaluate` ask for the same."""
    rng = np.random.default_rng([seed, trial, index])
    return sample_goals(task, object_quat_wxyz[None], rng)[0]
