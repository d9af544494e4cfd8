"""Which single mistake explains best how the joints moved: every one is simulated from recorded states and compared.

The simulator takes the recorded joints and object pose at the beginning of a short window, gets the recorded commands,
and predicts the joints at its end. A mistake that is really there predicts better than none. On a real hand every
prediction is worse, but the same for all, so what counts is how much better one is than the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.replay.hypotheses import NOTHING, WEAK, Hypothesis, hypotheses
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import PhysicsConfig, Scene, build_scene, weakened

Stamps = NDArray[np.int64]

_STEP_S, _STEPS = 0.005, 30  # a window of 150 ms
_JUDGED_FROM = 9  # substeps: what follows at once says little
_ARRIVAL_S = 0.004  # from the stamp of a gated target to the motor
_SMOOTH_S = 0.04  # the object's pose is noisy; it is averaged over this long before and after
_TRACKED_RAD = 0.03  # an error this large counts full; larger ones count no more
_EDGE_S = 0.4  # windows keep this far from the ends of following
_FIRST_LOOK, _SECOND_LOOK, _KEPT = 24, 240, 5  # windows and candidates
_BATCH = 16  # hypotheses simulated at once
_BETTER_SHARE, _BETTER_SIGMAS = 0.03, 3.0  # a cause must explain this much of the error, this clearly


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A hypothesis and how well it explains: cost is 0 for perfect predictions, 1 per joint for useless ones."""

    hypothesis: Hypothesis
    cost: float
    better_share: float
    sigmas: float

    @property
    def convincing(self) -> bool:
        """Whether it explains clearly more than no mistake does."""
        return self.better_share > _BETTER_SHARE and self.sigmas > _BETTER_SIGMAS


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """best: the explanations with the least cost, best first. clean_cost: of no mistake. windows: how many were used.

    joint_rms_rad: error of the prediction without any mistake, (n,).
    """

    best: tuple[Explanation, ...]
    clean_cost: float
    windows: int
    joint_rms_rad: Floats

    @property
    def cause(self) -> Explanation | None:
        """The mistake that is there, or None."""
        return self.best[0] if self.best and self.best[0].convincing else None

    def as_dict(self, hand: HandSpec) -> dict[str, Any]:
        """Returns the diagnosis for a JSON file."""
        return {
            "clean_cost": round(self.clean_cost, 3),
            "windows": self.windows,
            "prediction_rms_rad": {
                name: round(float(v), 4) for name, v in zip(hand.joint_names, self.joint_rms_rad, strict=True)
            },
            "best": [
                {
                    "kind": e.hypothesis.kind,
                    "joints": [hand.joint_names[j] for j in e.hypothesis.joints],
                    "cost": round(e.cost, 3),
                    "better_share": round(e.better_share, 3),
                    "sigmas": round(e.sigmas, 1),
                }
                for e in self.best
            ],
        }


def diagnose(run: RunRecord, object_name: str, *, threads: int = 2) -> Diagnosis:
    """Returns which mistakes explain a run best. Raises BagError when the hand hardly ever followed a policy."""
    scene = build_scene(run.hand, object_name, PhysicsConfig(timestep_s=_STEP_S, substeps=_STEPS))
    trial = _Trial(run, scene, threads)
    everything = hypotheses(len(run.hand.joints))
    first = trial.errors(everything, _windows(run, _FIRST_LOOK))
    order = np.argsort([_cost(errors).mean() for errors in first])
    kept = [everything[i] for i in order[:_KEPT] if everything[i] is not NOTHING]
    clean, *second = trial.errors([NOTHING, *kept], windows := _windows(run, _SECOND_LOOK))
    explained = [_explanation(hypothesis, _cost(clean), _cost(e)) for hypothesis, e in zip(kept, second, strict=True)]
    return Diagnosis(
        best=tuple(sorted(explained, key=lambda e: e.cost)),
        clean_cost=float(_cost(clean).mean()),
        windows=len(windows),
        joint_rms_rad=np.sqrt((clean**2).mean(axis=0)),
    )


def _windows(run: RunRecord, count: int) -> Stamps:
    """Returns when windows begin, spread evenly over the times in which the hand followed."""
    margin_ns, length_ns = round(_EDGE_S * 1e9), round(_STEPS * _STEP_S * 1e9)
    spans = [(b + margin_ns, e - margin_ns - length_ns) for b, e in run.following()]
    spans = [(b, e) for b, e in spans if e > b]
    total = sum(e - b for b, e in spans)
    if total < 2e9:
        seconds = max(total, 0) * 1e-9
        raise BagError(f"{run.bag.path}: the hand followed a policy for {seconds:.1f} s, too short for a diagnosis")
    starts = [np.linspace(b, e, max(round(count * (e - b) / total), 1), dtype=np.int64) for b, e in spans]
    return np.concatenate(starts)


class _Trial:
    """Simulates hypotheses over windows of one run."""

    def __init__(self, run: RunRecord, scene: Scene, threads: int) -> None:
        self._run, self._scene, self._threads = run, scene, threads
        self._home = np.array(run.hand.home_pos_rad)

    def errors(self, tried: Sequence[Hypothesis], starts: Stamps) -> list[Floats]:
        """Returns for each hypothesis the RMS error of each joint in each window, rad, (windows, n)."""
        grid = starts[:, None] + np.arange(_STEPS + 1, dtype=np.int64) * round(_STEP_S * 1e9)
        measured = self._run.joint_pos.at(grid.ravel()).reshape(*grid.shape, -1)
        speed = self._run.joint_vel.at(starts)
        results = []
        for i in range(0, len(tried), _BATCH):
            results += self._simulate(tried[i : i + _BATCH], grid, measured, speed)
        return results

    def _simulate(self, tried: Sequence[Hypothesis], grid: Stamps, measured: Floats, speed: Floats) -> list[Floats]:
        models = {
            joint: self._scene.model if joint is None else weakened(self._scene, joint, WEAK)
            for joint in {h.weak_joint for h in tried}
        }
        count = len(grid)
        physics = BatchPhysics(
            self._scene, [models[h.weak_joint] for h in tried for _ in range(count)], threads=self._threads
        )
        try:
            truths = [h.true_joints(measured, np.zeros_like(measured), self._home)[0] for h in tried]
            speeds = [h.true_joints(measured[:, 0], speed, self._home)[1] for h in tried]
            states = [self._state(physics, t[:, 0], v, grid[:, 0]) for t, v in zip(truths, speeds, strict=True)]
            control = [h.true_command(self._commands(grid, h.late_s)) for h in tried]
            moved, _ = physics.advance(np.concatenate(states), np.concatenate(control))
            predicted = physics.joint_pos(moved).reshape(len(tried), count, _STEPS, -1)
        finally:
            physics.close()
        return [
            np.sqrt(((predicted[k] - truth[:, 1:])[:, _JUDGED_FROM:] ** 2).mean(axis=1))
            for k, truth in enumerate(truths)
        ]

    def _state(self, physics: BatchPhysics, pos: Floats, vel: Floats, starts: Stamps) -> Floats:
        around = [starts + round(d * 1e9) for d in np.linspace(-_SMOOTH_S, _SMOOTH_S, 9)]
        pose = np.mean([self._run.pose.at(times) for times in around], axis=0)
        drift = (self._run.pose.at(around[-1]) - self._run.pose.at(around[0]))[:, :3] / (2.0 * _SMOOTH_S)
        quat = pose[:, 3:] / np.sqrt((pose[:, 3:] ** 2).sum(axis=1, keepdims=True))
        return physics.compose(
            joint_pos_rad=pos,
            object_pos_m=pose[:, :3],
            object_quat_wxyz=quat,
            joint_vel_rad_s=vel,
            object_lin_vel_m_s=drift,
        )

    def _commands(self, grid: Stamps, late_s: float) -> Floats:
        """Returns what the motors were told in every substep, (windows, substeps, n)."""
        gated, times = self._run.gated, grid[:, :-1] - round((_ARRIVAL_S + late_s) * 1e9)
        newest = np.searchsorted(gated.stamps_ns, times.ravel(), side="right") - 1
        return gated.values[np.clip(newest, 0, None)].reshape(*times.shape, -1)


def _cost(errors: Floats) -> Floats:
    """Returns the cost of every window, (windows,); one lost joint does not drown the others."""
    cost: Floats = np.minimum(errors / _TRACKED_RAD, 1.0).sum(axis=1)
    return cost


def _explanation(hypothesis: Hypothesis, clean: Floats, cost: Floats) -> Explanation:
    gain = clean - cost
    spread = float(gain.std(ddof=1)) / np.sqrt(len(gain))
    return Explanation(
        hypothesis=hypothesis,
        cost=float(cost.mean()),
        better_share=float(gain.mean() / max(clean.mean(), 1e-9)),
        sigmas=float(gain.mean() / max(spread, 1e-9)),
    )
