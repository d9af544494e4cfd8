"""Issues goals one after another and judges them by the pose it is given; a stage."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.tasks.reorient import CALLED, TaskSpec, count_hold, dropped, goal_error_rad, next_goal, reached

Floats = NDArray[np.float64]
_CALL_DELAY_S = 0.25


@dataclass(frozen=True, kw_only=True)
class GoalEvent:
    """Something that happened to a goal. angle_rad: how far it was when issued. time_s: since it was issued."""

    event: Literal["issued", "reached", "timeout", "dropped"]
    trial: int
    index: int
    angle_rad: float
    time_s: float


class GoalKeeper:
    """One trial at a time: goal after goal until one fails. Between trials there is no goal."""

    def __init__(
        self, task: TaskSpec, grasp_centre_m: tuple[float, float, float], *, seed: int, by_policy: bool = False
    ) -> None:
        """by_policy: the policy says when a goal is reached, not the pose."""
        self._by_policy = by_policy
        self._task, self._centre, self._seed = task, np.array(grasp_centre_m), seed
        self._trial = -1
        self._index = 0
        self._held = np.zeros((), dtype=np.int64)
        self._issued_ns = 0
        self._angle = 0.0
        self.goal: Floats | None = None
        self.consecutive = 0
        self.reached = 0
        self.failed = 0

    def start_trial(self, pose: PoseSample, now_ns: int) -> GoalEvent:
        """Begins the next trial with a goal relative to `pose`."""
        self._trial += 1
        self._index = 0
        self.consecutive = 0
        return self._issue(pose, now_ns)

    def end_trial(self) -> None:
        """Withdraws the goal; it counts neither as reached nor as failed."""
        self.goal = None

    def step(self, pose: PoseSample | None, now_ns: int, *, sure: float = 0.0) -> list[GoalEvent]:
        """Returns what happened in this control step; call once per control step. pose: None when it is not known.

        sure: how sure the policy is that the goal is reached, 0 to 1. What it said less than a quarter of a second
        after a goal was issued may still be about the one before.
        """
        if self.goal is None:
            return []
        if pose is None:
            self._held = np.zeros((), dtype=np.int64)
            return [self._fail("timeout", now_ns)] if self._elapsed_s(now_ns) >= self._task.goal_timeout_s else []
        if bool(dropped(self._task, pose.pos_m, self._centre)):
            return [self._fail("dropped", now_ns)]
        if self._by_policy:
            called = sure > CALLED and self._elapsed_s(now_ns) > _CALL_DELAY_S
            self._held = np.where(called, self._held + 1, 0)
        else:
            self._held = count_hold(self._task, self._held, goal_error_rad(pose.quat_wxyz, self.goal))
        if bool(reached(self._task, self._held)):
            self.reached += 1
            self.consecutive += 1
            event = self._event("reached", now_ns)
            self._index += 1
            return [event, self._issue(pose, now_ns)]
        if self._elapsed_s(now_ns) >= self._task.goal_timeout_s:
            return [self._fail("timeout", now_ns)]
        return []

    def _issue(self, pose: PoseSample, now_ns: int) -> GoalEvent:
        self.goal = next_goal(self._task, pose.quat_wxyz, seed=self._seed, trial=self._trial, index=self._index)
        self._angle = float(goal_error_rad(pose.quat_wxyz, self.goal))
        self._held = np.zeros((), dtype=np.int64)
        self._issued_ns = now_ns
        return self._event("issued", now_ns)

    def _fail(self, event: Literal["timeout", "dropped"], now_ns: int) -> GoalEvent:
        self.failed += 1
        self.goal = None
        return self._event(event, now_ns)

    def _event(self, event: Literal["issued", "reached", "timeout", "dropped"], now_ns: int) -> GoalEvent:
        return GoalEvent(
            event=event,
            trial=self._trial,
            index=self._index,
            angle_rad=self._angle,
            time_s=self._elapsed_s(now_ns),
        )

    def _elapsed_s(self, now_ns: int) -> float:
        return (now_ns - self._issued_ns) * 1e-9
