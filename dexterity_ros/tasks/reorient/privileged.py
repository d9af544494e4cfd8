"""What the critic of a reorientation sees of its goal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import quat_to_rot6d, quat_to_rotvec, rotation_between
from dexterity_ros.tasks.sight import Sight
from dexterity_ros.tasks.task import Term

Column = NDArray[np.floating[Any]]


def _to_goal(sight: Sight) -> Floats:
    turn: Floats = rotation_between(sight.moment.quat_wxyz, sight.moment.goal_quat_wxyz)
    return turn


def _left_s(sight: Sight) -> Column:
    return (sight.goals.limit_ns - sight.age_ns) * 1e-9


TERMS: dict[str, Term] = {
    "goal_rotvec": lambda s: quat_to_rotvec(_to_goal(s)),
    "goal_rot6d": lambda s: quat_to_rot6d(_to_goal(s)),
    "goal_clock": lambda s: (s.age_ns / s.goals.limit_ns)[:, None],
    "goal_left": lambda s: _left_s(s)[:, None],
    "hold_count": lambda s: (s.held_steps / s.task.hold_steps)[:, None],
    "success_rad": lambda s: np.full((len(s.moment.quat_wxyz), 1), s.task.success_rad),
}
CRITIC = (
    "joint_pos", "joint_vel", "joint_error", "object_pos", "object_rot6d", "object_lin_vel", "object_ang_vel",
    "goal_rotvec", "goal_rot6d", "fingertips", "last_action", "goal_clock", "hold_count",
)  # fmt: skip
