"""In-hand reorientation: which goals are asked for, when one is reached, when a trial is over."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_multiply, rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.ranges import NAME, Checked, Range

Floats = NDArray[np.float64]

GOAL_ANGLE = Range(0.0, math.pi, "an angle between two rotations")
GOAL_TIMEOUT = Range(0.05, 3600.0, "at least one control step; at most an hour")
CALLED = 0.5  # a policy that is surer than this calls its goal reached


@dataclass(frozen=True, kw_only=True)
class TaskSpec(Checked):
    """The rules of a reorientation task; one YAML file each in config/tasks.

    kind: yaw turns about the hand frame's z axis, either way, spin only upwards-positive; so3 turns about any axis.
    goal_rad: smallest and largest angle between the object and a new goal.
    angle_density: flat draws the angle evenly; haar draws rotations evenly (so large angles are commoner).
    success_rad, hold_steps: a goal is reached when the error stays below success_rad for hold_steps control steps.
    goal_timeout_s: a goal not reached in this time is a failure.
    drop_distance_m: an object further from the grasp centre than this is dropped.
    """

    name: Annotated[str, NAME]
    kind: Literal["yaw", "spin", "so3"]
    goal_rad: Annotated[tuple[float, float], GOAL_ANGLE]
    angle_density: Literal["flat", "haar"]
    success_rad: Annotated[float, Range(1e-3, math.pi, "an angle between two rotations; 0 would never be reached")]
    hold_steps: Annotated[int, Range(1, 10_000, "at least one step; at most minutes")]
    goal_timeout_s: Annotated[float, GOAL_TIMEOUT]
    drop_distance_m: Annotated[float, Range(1e-3, 1.0, "from the grasp centre, within reach of the hand")]

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self.goal_rad
        if low > high:
            raise ConfigError(f"goal_rad is {list(self.goal_rad)}, expected 0 <= smallest <= largest <= pi")


def sample_goals(task: TaskSpec, object_quat_wxyz: Floats, rng: np.random.Generator) -> Floats:
    """Returns goal rotations, (n, 4), each a turn of the task's kind and size away from the object's, (n, 4)."""
    n = object_quat_wxyz.shape[0]
    angle = _sample_angles(task, n, rng)
    return quat_multiply(rotvec_to_quat(_sample_axes(task, n, rng) * angle[:, None]), object_quat_wxyz)


def goal_error_rad(object_quat_wxyz: Floats, goal_quat_wxyz: Floats) -> Floats:
    """Returns the angle between object and goal in rad, shape (...)."""
    error: Floats = rotation_angle(rotation_between(object_quat_wxyz, goal_quat_wxyz))
    return error


def count_hold(task: TaskSpec, held_steps: NDArray[np.int64], error_rad: Floats) -> NDArray[np.int64]:
    """Returns for how many control steps in a row the error has been below success_rad."""
    return np.where(error_rad < task.success_rad, held_steps + 1, 0)


def reached(task: TaskSpec, held_steps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns which goals count as reached."""
    return held_steps >= task.hold_steps


def dropped(task: TaskSpec, object_pos_m: Floats, grasp_centre_m: Floats) -> NDArray[np.bool_]:
    """Returns which objects have left the hand; a position that is not a number counts as dropped."""
    distance = np.sqrt(((object_pos_m - grasp_centre_m) ** 2).sum(axis=-1))
    return ~(distance <= task.drop_distance_m)


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


def next_goal(task: TaskSpec, object_quat_wxyz: Floats, *, seed: int, trial: int, index: int) -> Floats:
    """Returns a goal rotation, (4,), that depends only on the arguments; demo and `evaluate` ask for the same."""
    rng = np.random.default_rng([seed, trial, index])
    return sample_goals(task, object_quat_wxyz[None], rng)[0]
