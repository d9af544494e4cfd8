"""TaskSpec: the numbers of a task, as one YAML file in config/tasks says them."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import NAME, Checked, Range

GOAL_ANGLE = Range(0.0, math.pi, "an angle between two rotations")
GOAL_TIMEOUT = Range(0.05, 3600.0, "at least one control step; at most an hour")
CALLED = 0.5  # a policy that is surer than this calls its goal reached


@dataclass(frozen=True, kw_only=True)
class TaskSpec(Checked):
    """The numbers of a task; tasks/table.py says which folder makes what of them.

    kind: yaw turns about the hand frame's z axis, either way, spin only upwards-positive; so3 turns about any axis;
    hold keeps the object as it is until goal_timeout_s is over, and loses it when it turns by success_rad.
    goal_rad: smallest and largest angle between the object and a new goal.
    angle_density: flat draws the angle evenly; haar draws rotations evenly (so large angles are commoner).
    success_rad, hold_steps: a goal is reached when the error stays below success_rad for hold_steps control steps.
    goal_timeout_s: a goal not reached in this time is a failure.
    drop_distance_m: an object further from the grasp centre than this is dropped.
    """

    name: Annotated[str, NAME]
    kind: Literal["yaw", "spin", "so3", "hold"]
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
