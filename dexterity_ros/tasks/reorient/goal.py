"""Which goals a reorientation asks for."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.tasks.spec import TaskSpec


def sample_goals(task: TaskSpec, object_quat_wxyz: Floats, rng: np.random.Generator) -> Floats:
    """Returns goal rotations, (n, 4), each a turn of the task's kind and size away from the object's, (n, 4)."""
    n = object_quat_wxyz.shape[0]
    angle = _sample_angles(task, n, rng)
    return quat_multiply(rotvec_to_quat(_sample_axes(task, n, rng) * angle[:, None]), object_quat_wxyz)


def _sample_axes(task: TaskSpec, n: int, rng: np.random.Generator) -> Floats:
    if task.kind in ("yaw", "spin"):
        axes = np.zeros((n, 3))
        axes[:, 2] = 1.0 if task.kind == "spin" else rng.choice([-1.0, 1.0], size=n)
        return axes
    axes = rng.normal(size=(n, 3))
    return axes / np.sqrt((axes**2).sum(axis=-1, keepdims=True))


def _sample_angles(task: TaskSpec, n: int, rng: np.random.Generator) -> Floats:
    low, high = task.goal_rad
    if task.angle_density == "flat":
        return rng.uniform(low, high, size=n)
    # Haar measure: the angle has a density proportional to 1 - cos(angle); invert its integral on a grid.
    grid = np.linspace(low, high, 1024)
    cumulative = (grid - np.sin(grid)) - (low - np.sin(low))
    return np.interp(rng.uniform(0.0, 1.0, size=n) * cumulative[-1], cumulative, grid)
