"""What was going on when a goal failed: watches a judge and keeps a case for every goal that was late or dropped."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.evaluation.failure_kinds import History, drop_kind, late_kinds, period_s
from dexterity_ros.evaluation.fork_test import Stuck, fork_test, stuck_at
from dexterity_ros.evaluation.hidden_hand import hidden_hand
from dexterity_ros.evaluation.outcomes import GoalOutcome
from dexterity_ros.evaluation.simulate import Course
from dexterity_ros.evaluation.watcher import View
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.sim.contacts import touching
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.tasks.sight import goal_error_rad

_BEFORE_S = (1.0, 0.5, 0.25)  # of the end: when it is looked which parts touch the object
_DRAWN = 400  # points of a curve
MOST_FORKED = 12  # the first late goals; each is simulated for 10 s, 16 times per remedy


@dataclass(frozen=True, kw_only=True)
class Case:
    """One goal that failed. how: late or dropped. kinds: of failure_kinds.py, the first is what it counts as.

    error_rad: at the end. moved_rad: widest range of a joint in the last 3 s. joints: position, target, warmth of each.
    contacts: parts of the hand that touch the object, by seconds before the end. object_pos_m: from the grasp centre.
    hidden: the hidden hand and object beside the nominal ones (evaluation/hidden_hand.py). rotation_bias_rad: by how
    much the rotation is measured wrong throughout. series: time_s, error_rad, off_centre_m since the goal was given.
    """

    episode: int
    goal: int
    how: str
    kinds: list[str]
    period_s: float | None
    time_s: float
    angle_rad: float
    error_rad: float
    least_error_rad: float
    least_error_s: float
    moved_rad: float
    joints: dict[str, dict[str, float]]
    contacts: dict[str, list[str]]
    object_pos_m: list[float]
    object_quat_wxyz: list[float]
    goal_quat_wxyz: list[float]
    hidden: dict[str, float]
    rotation_bias_rad: float
    series: dict[str, list[float]]

    def as_dict(self) -> dict[str, Any]:
        """Returns it for a JSON file, numbers rounded to what is worth reading."""
        rounded: dict[str, Any] = _rounded(asdict(self))
        return rounded


class Autopsy:
    """A Watcher. It remembers as many control steps as a goal may last."""

    def __init__(self, course: Course, pipeline: PolicyPipeline | None = None) -> None:
        """pipeline: of the policy that is judged, for the fork test; None = there is nothing to fork."""
        self._course, self._pipeline = course, pipeline
        self._period_s = course.judge.physics.control_period_s
        self._states: deque[NDArray[np.float32]] = deque(maxlen=round(course.task.goal_timeout_s / self._period_s) + 1)
        self._goals_ended = [0] * course.episodes
        self._view: View | None = None
        self.cases: list[Case] = []
        self.stuck: list[Stuck] = []

    def see(self, view: View) -> None:
        """Keeps the states of all hands."""
        self._view = view
        self._states.append(view.sim_state.astype(np.float32))

    def ended(self, episode: int, outcome: GoalOutcome, *, dropped: bool) -> None:
        """Opens a case where a goal failed."""
        self._goals_ended[episode] += 1
        if outcome.reached or outcome.called_wrong:
            return
        assert self._view is not None
        self.cases.append(self._case(self._view, episode, outcome, dropped=dropped))
        if self._pipeline is not None and not dropped and len(self.stuck) < MOST_FORKED:
            self.stuck.append(stuck_at(self._view, episode, self._pipeline))

    def report(self) -> dict[str, Any]:
        """Returns what a file and a page are made of: cases, counts of their kinds, and the fork test (minutes)."""
        counts = {
            "late": Counter(case.kinds[0] for case in self.cases if case.how == "late"),
            "dropped": Counter(case.kinds[0] for case in self.cases if case.how == "dropped"),
        }
        return {
            "counts": {how: dict(found.most_common()) for how, found in counts.items()},
            "forks": fork_test(self._course, self.stuck) if self.stuck else {},
            "cases": [case.as_dict() for case in self.cases],
        }

    def _case(self, view: View, episode: int, outcome: GoalOutcome, *, dropped: bool) -> Case:
        physics, goal = view.physics, view.goals[episode]
        steps = max(round(outcome.time_s / self._period_s), 1)
        states = np.stack([step[episode] for step in list(self._states)[-steps:]]).astype(np.float64)
        history, contacts = self._history(physics, states, goal), self._contacts(view, episode, states)
        least = int(np.argmin(history.error_rad))
        position = physics.object_pos(states[-1]) - np.array(self._course.hand.grasp_centre_m)
        kinds = [drop_kind(history, [len(parts) for parts in contacts.values()])] if dropped else None
        return Case(
            episode=episode,
            goal=self._goals_ended[episode] - 1,
            how="dropped" if dropped else "late",
            kinds=list(kinds or late_kinds(history, self._course.task.success_rad)),
            period_s=period_s(history),
            time_s=outcome.time_s,
            angle_rad=outcome.angle_rad,
            error_rad=float(history.error_rad[-1]),
            least_error_rad=float(history.error_rad[least]),
            least_error_s=(least + 1) * self._period_s,
            moved_rad=history.moved_rad(3.0),
            joints=self._joints(view, episode),
            contacts=contacts,
            object_pos_m=position.tolist(),
            object_quat_wxyz=physics.object_quat(states[-1]).tolist(),
            goal_quat_wxyz=goal.tolist(),
            hidden=hidden_hand(self._course.scene, view.models[episode]),
            rotation_bias_rad=float(view.sensors.turned_wrong_rad()[episode]),
            series=_series(history),
        )

    def _history(self, physics: BatchPhysics, states: Floats, goal: Floats) -> History:
        off = physics.object_pos(states) - np.array(self._course.hand.grasp_centre_m)
        return History(
            period_s=self._period_s,
            error_rad=goal_error_rad(physics.object_quat(states), goal, self._course.symmetry),
            joint_pos_rad=physics.joint_pos(states),
            off_centre_m=np.sqrt((off**2).sum(axis=-1)),
        )

    def _contacts(self, view: View, episode: int, states: Floats) -> dict[str, list[str]]:
        model, scene = view.models[episode], self._course.scene
        rows = {before_s: max(len(states) - 1 - round(before_s / self._period_s), 0) for before_s in (*_BEFORE_S, 0.0)}
        return {f"{before_s:g}": list(touching(scene, model, states[row])) for before_s, row in rows.items()}

    def _joints(self, view: View, episode: int) -> dict[str, dict[str, float]]:
        position = view.physics.joint_pos(view.sim_state[episode])
        columns = zip(position, view.target_rad[episode], view.warmth[episode], strict=True)
        rows = ({"pos_rad": float(p), "target_rad": float(t), "warmth": float(w)} for p, t, w in columns)
        return dict(zip(self._course.hand.joint_names, rows, strict=True))


def _series(history: History) -> dict[str, list[float]]:
    pick = np.unique(np.linspace(0, len(history.error_rad) - 1, _DRAWN).round().astype(int))
    return {
        "time_s": ((pick + 1) * history.period_s).tolist(),
        "error_rad": history.error_rad[pick].tolist(),
        "off_centre_m": history.off_centre_m[pick].tolist(),
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value
