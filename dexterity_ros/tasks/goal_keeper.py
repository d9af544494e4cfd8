"""Issues goals one after another and judges them by the pose it is given; a stage."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.sight import Moment
from dexterity_ros.tasks.spec import CALLED, TaskSpec
from dexterity_ros.tasks.wanted import UNKNOWN, Turns, Wanted

_CALL_DELAY_S = 0.25
_PERIOD_S = 1.0 / TOPICS["goal"].rate_hz
_NOWHERE = np.zeros((1, 3))  # of an object that is not seen


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
        self,
        task: TaskSpec,
        grasp_centre_m: tuple[float, float, float],
        *,
        seed: int,
        by_policy: bool = False,
        symmetry: Symmetry = NO_SYMMETRY,
        wanted: Wanted | None = None,
        turns_seen: bool = True,
    ) -> None:
        """by_policy: the policy says when a goal is reached, not the pose. symmetry: turns that nobody can see.

        wanted: what is asked for; None = turns that the task draws by the seed. turns_seen: poses say how the object is
        turned; else it is thought to lie as the goal that was reached last.
        """
        self._by_policy, self._turns_seen, self._thought = by_policy, turns_seen, UNKNOWN
        self._wanted = Turns(task, seed) if wanted is None else wanted
        self._episode = new_episode(
            task, grasp_centre_m, 1, period_s=_PERIOD_S, slack_s=0.5 * _PERIOD_S, symmetry=symmetry
        )
        self._trial = -1
        self._index = self._now_ns = 0
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
        self._now_ns = now_ns
        self._episode, verdict = self._episode.step(self._moment(pose, self.goal, now_ns, sure))
        if verdict.dropped[0]:
            return [self._fail("dropped", now_ns)]
        if verdict.reached[0] and pose is not None:
            self.reached += 1
            self.consecutive += 1
            event = self._event("reached", now_ns)
            self._index += 1
            self._thought = self.goal
            return [event, self._issue(pose, now_ns)]
        return [self._fail("timeout", now_ns)] if verdict.late[0] else []

    def wait(self, now_ns: int) -> None:
        """Stops the goal's clock; called in place of `step` while the hand may not move. What was near must be anew."""
        goals, waited_ns = self._episode.goals, now_ns - self._now_ns
        never = np.full_like(goals.near_since_ns, -1)
        goals = replace(goals, given_ns=goals.given_ns + waited_ns, near_since_ns=never)
        self._episode, self._now_ns = replace(self._episode, goals=goals), now_ns

    def _moment(self, pose: PoseSample | None, goal: Floats, now_ns: int, sure: float) -> Moment:
        called = np.array([sure > CALLED and self._elapsed_s(now_ns) > _CALL_DELAY_S])
        return Moment(
            now_ns=np.array([now_ns]),
            pos_m=_NOWHERE if pose is None else pose.pos_m[None],
            quat_wxyz=(UNKNOWN if pose is None else pose.quat_wxyz)[None],
            goal_quat_wxyz=goal[None],
            known=np.array([pose is not None]),
            called=called if self._by_policy else None,
            seen_ns=None if pose is None or self._by_policy else np.array([int(pose.stamp_ns)]),
        )

    def _issue(self, pose: PoseSample, now_ns: int) -> GoalEvent:
        self._now_ns = now_ns
        if not self._turns_seen:
            pose = replace(pose, quat_wxyz=self._thought)
        self.goal = self._wanted.draw(pose.quat_wxyz, self._trial, self._index)
        self._episode = self._episode.given(np.array([True]), self._moment(pose, self.goal, now_ns, 0.0))
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
            angle_rad=float(self._episode.goals.first_rad[0]),
            time_s=self._elapsed_s(now_ns),
        )

    def _elapsed_s(self, now_ns: int) -> float:
        return (now_ns - int(self._episode.goals.given_ns[0])) * 1e-9
