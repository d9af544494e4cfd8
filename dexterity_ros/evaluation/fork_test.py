"""Which remedy frees a hand that is stuck: many copies of the very same moment, each remedy on its own copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.evaluation.remedies import REMEDIES, nothing
from dexterity_ros.evaluation.simulate import Course
from dexterity_ros.evaluation.statistics import rate_interval
from dexterity_ros.evaluation.watcher import View
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import Model
from dexterity_ros.sim.snapshot import Snapshot
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.sight import Moment

COPIES = 16
FOLLOWED_S = 10.0  # how long each copy has to reach the goal


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """One hand at the moment its goal was late, COPIES times: state, model, sensors, memory of the policy, goal."""

    now_ns: int
    sim_state: Floats
    target_rad: Floats
    goal: Floats
    model: Model
    sensors: Snapshot
    pipeline: PolicyPipeline


def stuck_at(view: View, hand: int, pipeline: PolicyPipeline) -> Stuck:
    """Returns the moment of one hand, copied; motors keep the warmth they have."""
    return Stuck(
        now_ns=view.now_ns,
        sim_state=np.repeat(view.sim_state[hand][None], COPIES, axis=0),
        target_rad=np.repeat(view.target_rad[hand][None], COPIES, axis=0),
        goal=np.repeat(view.goals[hand][None], COPIES, axis=0),
        model=view.models[hand].__copy__(),
        sensors=view.sensors.snapshot_of(hand, COPIES),
        pipeline=pipeline.fork(hand, COPIES),
    )


@dataclass(frozen=True, kw_only=True)
class ForkOutcome:
    """Of COPIES copies: how many reached the goal (escaped) and how many dropped the object, in FOLLOWED_S."""

    escaped: int
    dropped: int


def fork_test(course: Course, cases: Sequence[Stuck]) -> dict[str, Any]:
    """Returns {remedy: {copies, escaped, dropped, their shares with 95 % intervals (cases resampled), cases}}."""
    rows = {}
    for name in REMEDIES:
        outcomes = [_forked(course, case, name, seed=number) for number, case in enumerate(cases)]
        rows[name] = _row(outcomes)
    return rows


def _row(outcomes: list[ForkOutcome]) -> dict[str, Any]:
    each = [COPIES] * len(outcomes)
    row: dict[str, Any] = {"copies": sum(each)}
    for what in ("escaped", "dropped"):
        counts = [getattr(outcome, what) for outcome in outcomes]
        low, high = rate_interval(counts, each) if outcomes else (0.0, 1.0)
        share = sum(counts) / max(sum(each), 1)
        row |= {what: sum(counts), f"{what}_share": round(share, 4), f"{what}_ci95": [round(low, 4), round(high, 4)]}
    return row | {"cases": [{"escaped": o.escaped, "dropped": o.dropped} for o in outcomes]}


def _forked(course: Course, case: Stuck, name: str, *, seed: int) -> ForkOutcome:
    make, leads_s = REMEDIES[name]
    copies = Copies(course, case, np.random.default_rng([course.seed, 5, seed]))
    remedy, leads_ns = make(), case.now_ns + round(leads_s * 1e9)
    pipeline = case.pipeline.fork(0, COPIES)
    rng = np.random.default_rng([course.seed, 6, seed])
    while copies.live.any() and copies.now_ns < case.now_ns + round(FOLLOWED_S * 1e9):
        acting = remedy if copies.now_ns < leads_ns else nothing
        copies.step(acting(pipeline, copies.inputs(), copies.now_ns, rng))
    copies.close()
    return ForkOutcome(escaped=int(copies.escaped.sum()), dropped=int(copies.fell.sum()))


class Copies:
    """The copies of a case; each has noise of its own, and ends when its goal is reached or its object falls."""

    def __init__(self, course: Course, case: Stuck, rng: np.random.Generator) -> None:
        judge = course.judge
        self._course, self._goal, self._target = course, case.goal, case.target_rad
        self._period_ns = round(judge.physics.control_period_s * 1e9)
        self._physics = BatchPhysics(course.scene, [case.model] * COPIES, threads=judge.threads)
        self._recent = np.repeat(case.sim_state[:, None], judge.physics.substeps, axis=1)
        self._sensors = judge.sensors(self._physics, len(course.hand.joints), rng)
        self.now_ns = case.now_ns
        self.inputs()  # what is put back has to be there already
        self._sensors.restore(case.sensors)
        self.live = np.ones(COPIES, dtype=bool)
        episode = new_episode(
            course.task, course.hand.grasp_centre_m, COPIES, period_s=self._period_ns * 1e-9, symmetry=course.symmetry
        )
        self._episode = episode.given(self.live, self._moment())
        self.escaped, self.fell = ~self.live, ~self.live

    @property
    def sim_state(self) -> Floats:
        """Where the copies are, (COPIES, nstate)."""
        return self._recent[:, -1]

    def inputs(self) -> ObservationInputs:
        """Returns what is seen now."""
        return self._sensors.sample(self._recent, np.full(COPIES, self.now_ns), self._goal)

    def step(self, target: Floats) -> None:
        """Goes on by one control step with targets, (COPIES, n) rad."""
        control, push = self._sensors.control(self._target, target), self._sensors.pushes()
        live = np.flatnonzero(self.live)
        states, _ = self._physics.advance(
            self._recent[live, -1], control[live], None if push is None else push[live], which=live
        )
        self._recent = self._recent.copy()
        self._recent[live] = states
        self._target = target
        self.now_ns += self._period_ns
        self._judge()

    def _judge(self) -> None:
        self._episode, verdict = self._episode.step(self._moment())
        self.fell = self.fell | (self.live & verdict.dropped)
        self.escaped = self.escaped | (self.live & verdict.reached)
        self.live = ~(self.fell | self.escaped)

    def _moment(self) -> Moment:
        return Moment(
            now_ns=np.full(COPIES, self.now_ns),
            pos_m=self._physics.object_pos(self.sim_state),
            quat_wxyz=self._physics.object_quat(self.sim_state),
            goal_quat_wxyz=self._goal,
        )

    def close(self) -> None:
        """Stops the threads."""
        self._physics.close()
