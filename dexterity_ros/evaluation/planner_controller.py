"""Sampling MPC as a controller: a baseline that needs no training (sim/planner.py)."""

import time
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.sources import GOAL, JOINTS, ObservationInputs
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.simulate import Course, run_trials
from dexterity_ros.sim.corrector import BELIEVED, Corrector, CorrectorConfig
from dexterity_ros.sim.planner import PlannerConfig, SamplingPlanner


class PlannerController:
    """Plans on the nominal model from what the sensors see; knows neither the hidden hand nor its delays.

    live: hands that still count, (N,); no plan is made for the others. plan_s: time spent planning. plans: how many.
    """

    def __init__(
        self,
        hand: HandSpec,
        object_name: str,
        *,
        count: int,
        seed: int,
        config: PlannerConfig | None = None,
        corrector: CorrectorConfig | None = None,
    ) -> None:
        """corrector: how far measurements are believed; None = as noisy ones are."""
        config = config or PlannerConfig()
        self._planner = SamplingPlanner(hand, object_name, config, count=count, seed=seed)
        corrector = corrector or CorrectorConfig()
        self._corrector = Corrector(hand, object_name, config.physics, corrector, count=count, threads=config.threads)
        self.live = np.ones(count, dtype=bool)
        self.plan_s, self.plans = 0.0, 0

    def start(self, inputs: ObservationInputs) -> None:
        """Begins at the measured poses."""
        self._target: Floats = inputs[JOINTS].pos_rad.copy()
        self._corrector.restart(inputs)
        self._planner.restart(self._target)

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:  # noqa: ARG002 - of the protocol
        """Returns the first targets of the plans, (N, n) rad."""
        began = time.perf_counter()
        which = np.flatnonzero(self.live)
        self._corrector.step(self._target, inputs, which)
        state, goal = self._corrector.state[which], inputs[GOAL].quat_wxyz[which]
        target = self._target.copy()
        target[which] = self._planner.plan(state, self._target[which], goal, which)
        self._target = target
        self.plan_s += time.perf_counter() - began
        self.plans += len(which)
        return target


def judge_planner(course: Course, *, privileged: bool) -> dict[str, Any]:
    """Returns the summary of the planner's trials, and plans_per_s: of one hand, on the judge's number of threads.

    privileged: there are no errors of measurement, so the planner believes what it sees.
    """
    planner = PlannerController(
        course.hand,
        course.object,
        count=course.episodes,
        seed=course.seed,
        config=PlannerConfig(threads=course.judge.threads),
        corrector=BELIEVED if privileged else None,
    )
    row = summary(run_trials(planner, course))
    return row | {"plans_per_s": round(planner.plans / max(planner.plan_s, 1e-9), 2)}
