"""Judges goals issued over topics on the simulator's truth, by the same rules as `evaluate`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial
from dexterity_ros.tasks.reorient import TaskSpec, count_hold, goal_error_rad, reached


class TruthJudge:
    """Fed with true poses and goal events; keeps a Trial per start of the hand.

    The truth is sampled once per control period; a goal counts when hold_steps samples in a row are below success_rad.
    """

    def __init__(self, task: TaskSpec, control_period_s: float) -> None:
        self._task = task
        self._period_ns = round(control_period_s * 1e9)
        self._goal: NDArray[np.float64] | None = None
        self._held = np.zeros((), dtype=np.int64)
        self._was_reached = False
        self._next_ns = 0
        self.trials: list[Trial] = []
        self.estimated_reached = 0
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
        """Takes a true pose; those between two control periods are passed over."""
        now_ns = int(truth.stamp_ns)
        if self._goal is None or now_ns < self._next_ns:
            return
        # Half a publishing period early is still this control period.
        self._next_ns = now_ns + self._period_ns - self._period_ns // 10
        self._held = count_hold(self._task, self._held, goal_error_rad(truth.quat_wxyz, self._goal))
        self._was_reached |= bool(reached(self._task, self._held))

    def event(self, event: dict[str, Any]) -> None:
        """Takes an event of goal_node."""
        if event["event"] == "issued":
            if event["index"] == 0:
                self.trials.append(Trial())
                self.trial_over = False
            self._goal = np.array(event["goal_quat_wxyz"])
            self._held, self._was_reached, self._next_ns = np.zeros((), dtype=np.int64), False, 0
            return
        if not self.trials:
            return
        true_reached = self._was_reached and event["event"] != "dropped"
        self.trials[-1].goals.append(
            GoalOutcome(reached=true_reached, time_s=event["time_s"], angle_rad=event["angle_rad"])
        )
        self.trials[-1].dropped = event["event"] == "dropped"
        self.estimated_reached += event["event"] == "reached"
        self.trial_over = event["event"] != "reached"
        self._goal = None
