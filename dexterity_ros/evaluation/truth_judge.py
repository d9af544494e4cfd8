"""Judges goals issued over topics on the simulator's truth, by the same rules as `evaluate`."""

from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.sight import Moment
from dexterity_ros.tasks.spec import TaskSpec

_SAMPLE_S = 1.0 / TOPICS["sim_object_pose"].rate_hz
_EVENTS_LATE_S = 0.1  # a goal's last truth may be older than the event that ends it


class TruthJudge:
    """Fed with true poses and goal events; keeps a Trial per start of the hand.

    A goal counts when the true error has stayed below success_rad, without a break, for as long as hold_steps control
    steps in a row span (hold_steps - 1 periods; the first may lie one truth sample before the first that was seen).
    """

    def __init__(
        self,
        task: TaskSpec,
        control_period_s: float,
        grasp_centre_m: tuple[float, float, float],
        symmetry: Symmetry = NO_SYMMETRY,
    ) -> None:
        """symmetry: turns of the object that nobody can see (contracts/object.load_symmetry)."""
        episode = new_episode(task, grasp_centre_m, 1, period_s=control_period_s, slack_s=_SAMPLE_S, symmetry=symmetry)
        self._episode, self._limit_ns = episode, episode.usual_limit_ns - round(_EVENTS_LATE_S * 1e9)
        self._goal: Floats | None = None
        self._new = self._was_reached = self._fell = False
        self.trials: list[Trial] = []
        self.estimated_reached = 0
        self.believed = 0  # goals that goal_node called reached and the truth does not
        self.trial_over = False

    @property
    def attempted(self) -> int:
        """Goals that have ended."""
        return sum(len(trial.goals) for trial in self.trials)

    @property
    def reached(self) -> int:
        """Goals reached by the truth."""
        return sum(trial.reached for trial in self.trials)

    def see(self, truth: PoseSample) -> None:
        """Takes a true pose."""
        if self._goal is None:
            return
        moment = Moment(
            now_ns=np.array([int(truth.stamp_ns)]),
            pos_m=truth.pos_m[None],
            quat_wxyz=truth.quat_wxyz[None],
            goal_quat_wxyz=self._goal[None],
        )
        if self._new:
            self._episode = self._episode.given(np.array([True]), moment, np.array([self._limit_ns]))
            self._new = False
        self._episode, verdict = self._episode.step(moment)
        self._fell |= bool(verdict.dropped[0])
        self._was_reached |= bool(verdict.there[0])

    def event(self, event: dict[str, Any]) -> None:
        """Takes an event of goal_node."""
        if event["event"] == "issued":
            if event["index"] == 0:
                self.trials.append(Trial())
                self.trial_over = False
            goal = event.get("goal_quat_wxyz")  # nobody knows it of a capture on a robot
            self._goal = None if goal is None else np.array(goal)
            self._new, self._was_reached, self._fell = True, False, False
            return
        if not self.trials:
            return
        fell = self._fell or event["event"] == "dropped"  # eyes do not see an object that has fallen out of the hand
        true_reached = self._was_reached and not fell
        self.trials[-1].goals.append(
            GoalOutcome(reached=true_reached, time_s=event["time_s"], angle_rad=event["angle_rad"])
        )
        self.trials[-1].dropped = fell
        self.estimated_reached += event["event"] == "reached"
        self.believed += event["event"] == "reached" and not true_reached
        self.trial_over = event["event"] != "reached"
        self._goal = None
