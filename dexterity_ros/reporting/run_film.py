"""What a film shows of a recorded run."""

from dataclasses import replace

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.replay.run_record import RunRecord, newest
from dexterity_ros.reporting.run_data import true_poses
from dexterity_ros.sim.picture import Shot

_STEP_S = 0.05  # between two shots
_SAME_GOAL = 1e-9  # a goal is repeated as it is


def recorded_shots(run: RunRecord) -> list[Shot]:
    """Returns what a recording shows while the hand follows the policy: the truth where the bag has it.

    Raises BagError when there is no goal, no joint, or no object to be seen.
    """
    following = run.following()
    if not following or not run.goal.values.size:
        raise BagError(f"{run.bag.path} shows no hand that follows a policy to a goal: there is nothing to film")
    begin_ns, end_ns = max(following[0][0], int(run.goal.stamps_ns[0])), following[-1][1]
    times = np.arange(begin_ns, end_ns, round(_STEP_S * 1e9))
    numbers = replace(run.goal, values=_goal_numbers(run.goal.values)[:, None])
    object_pose = true_poses(run) or run.pose
    columns = [newest(series, times) for series in (run.joint_pos, object_pose, run.goal, numbers)]
    return [
        Shot(
            time_s=float(time - begin_ns) * 1e-9,
            joints_rad=joints,
            object_pos_m=pose[:3],
            object_quat_wxyz=pose[3:],
            goal_quat_wxyz=goal,
            goal=int(number),
        )
        for time, joints, pose, goal, (number,) in zip(times, *columns, strict=True)
    ]


def _goal_numbers(goals_wxyz: Floats) -> Floats:
    """Returns the number of each repeated goal, (t,), from 1."""
    changed = (np.abs(np.diff(goals_wxyz, axis=0)) > _SAME_GOAL).any(axis=1)
    return 1.0 + np.concatenate([[0.0], np.cumsum(changed)])
