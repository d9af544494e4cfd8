"""What a film needs of the first episodes that are judged."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.evaluation.outcomes import GoalOutcome
from dexterity_ros.evaluation.watcher import View
from dexterity_ros.sim.picture import Shot

_EPISODES = 16  # enough for a film even where each ends with its first goal


class Witness:
    """A Watcher that keeps every step of the first episodes; goals are counted through all of them."""

    def __init__(self, period_s: float) -> None:
        """period_s: of the control steps."""
        self._period_s = period_s
        self._episodes: list[list[Shot]] = [[] for _ in range(_EPISODES)]

    def see(self, view: View) -> None:
        """Looks at all hands after a control step."""
        physics, state = view.physics, view.sim_state
        pose = np.concatenate([physics.object_pos(state), physics.object_quat(state)], axis=1)
        self.keep(physics.joint_pos(state), pose, view.goals, view.live)

    def ended(self, episode: int, outcome: GoalOutcome, *, dropped: bool) -> None:
        """Keeps nothing of it: a film shows how a goal ended."""

    def keep(self, joints_rad: Floats, object_pose: Floats, goals_wxyz: Floats, live: NDArray[np.bool_]) -> None:
        """Takes one step of all episodes: (N, n), (N, 7), (N, 4), and which of them go on, (N,)."""
        for k in np.flatnonzero(live[:_EPISODES]):
            shots = self._episodes[k]
            same = bool(shots) and np.array_equal(shots[-1].goal_quat_wxyz, goals_wxyz[k])
            goal = (shots[-1].goal if shots else 0) + (not same)
            shots.append(
                Shot(
                    time_s=0.0,
                    joints_rad=joints_rad[k].copy(),
                    object_pos_m=object_pose[k, :3].copy(),
                    object_quat_wxyz=object_pose[k, 3:].copy(),
                    goal_quat_wxyz=goals_wxyz[k].copy(),
                    goal=goal,
                )
            )

    def shots(self) -> list[Shot]:
        """Returns the episodes one after the other."""
        shots: list[Shot] = []
        for episode in self._episodes:
            before = shots[-1].goal if shots else 0
            for shot in episode:
                shots.append(replace(shot, time_s=len(shots) * self._period_s, goal=before + shot.goal))
        return shots
