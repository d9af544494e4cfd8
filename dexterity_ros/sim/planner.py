"""Sampling MPC: many short futures of a simulated hand, of which the best are kept (cross-entropy method, CEM).

No learning. At every control step each hand draws plans around the last one, simulates all of them for a second, and
goes on with the mean of the best. Settings after judo's leap_cube (bdaiinstitute/judo, tasks/leap_cube.py and
optimizers/overrides.py) and DROP (arXiv 2409.14562); the cost is our own.
"""

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import WORKSPACE_M, HandSpec
from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.sim.physics import THREADS, BatchPhysics
from dexterity_ros.sim.scene import PhysicsConfig, build_scene
from dexterity_ros.tasks.sight import goal_error_rad

_COUNT = Range(1, 10_000, "each is simulated")
_ANGLE = Range(0.0, 3.15, "an angle of a joint")
_WEIGHT = Range(0.0, 1e6, "of a cost")


@dataclass(frozen=True, kw_only=True)
class CostWeights(Checked):
    """What a future costs, per second of it where nothing else is said.

    angle: per rad to the goal. last_angle: the same at its end, once. away: per m beyond free_m from the grasp centre.
    lost: for an object beyond lost_m. speed: per m/s of the object. posture: per rad^2 from the home pose.
    """

    angle: Annotated[float, _WEIGHT] = 1.0
    last_angle: Annotated[float, _WEIGHT] = 1.5
    away: Annotated[float, _WEIGHT] = 60.0
    lost: Annotated[float, _WEIGHT] = 5.0
    speed: Annotated[float, _WEIGHT] = 0.3
    posture: Annotated[float, _WEIGHT] = 0.2
    free_m: Annotated[float, Range(0.0, 1.0, "within the hand")] = 0.015
    lost_m: Annotated[float, Range(0.0, 1.0, "within reach of the hand")] = WORKSPACE_M


def _coarse() -> PhysicsConfig:
    """Returns three steps of 16.7 ms with pyramidal cones per period of 20 Hz: the fastest that still holds a cube."""
    return PhysicsConfig(timestep_s=1.0 / 60.0, substeps=3)


@dataclass(frozen=True, kw_only=True)
class PlannerConfig(Checked):
    """physics: of the model that plans; one of its control periods is one of the policy's.

    rollouts: futures per hand and step; one of them is the last plan, unchanged. horizon_steps: control periods ahead.
    knots: joint targets of a plan, joined by straight lines. elites: the best, whose mean is the next plan.
    sigma_rad: least and largest standard deviation of a knot. ramp: by how much more the last knot varies than the
    first. max_step_rad: largest change of a target in one control period.
    """

    physics: PhysicsConfig = field(default_factory=_coarse)
    rollouts: Annotated[int, _COUNT] = 32
    horizon_steps: Annotated[int, _COUNT] = 20
    knots: Annotated[int, Range(2, 100, "a plan begins and ends somewhere")] = 4
    elites: Annotated[int, _COUNT] = 4
    sigma_rad: Annotated[tuple[float, float], _ANGLE] = (0.1, 0.5)
    ramp: Annotated[float, Range(1.0, 10.0, "1 = all alike")] = 2.0
    max_step_rad: Annotated[float, _ANGLE] = 0.25
    cost: CostWeights = field(default_factory=CostWeights)
    threads: Annotated[int, THREADS] = 1


class SamplingPlanner:
    """Plans for N hands at once; remembers the last plan of each. All randomness comes from `seed`."""

    def __init__(self, hand: HandSpec, object_name: str, config: PlannerConfig, *, count: int, seed: int) -> None:
        """count: N."""
        self._hand, self._config, self._rng = hand, config, np.random.default_rng(seed)
        scene = build_scene(hand, object_name, config.physics)
        self.physics = BatchPhysics(scene, [scene.model] * (count * config.rollouts), threads=config.threads)
        self._home, self._centre = np.array(hand.home_pos_rad), np.array(hand.grasp_centre_m)
        times = np.linspace(0.0, config.knots - 1.0, config.horizon_steps + 1)
        self._weights = _hats(times[1:], config.knots)  # from knots to control steps
        self._later = _hats(np.arange(config.knots) + times[1], config.knots)  # the same plan, one control step on
        self._mean = np.tile(self._home, (count, config.knots, 1))
        self._sigma = np.full((count, config.knots, len(self._home)), config.sigma_rad[1])

    def restart(self, target_rad: Floats) -> None:
        """Begins anew with plans that stay at these targets, (N, n) rad."""
        self._mean = np.repeat(target_rad[:, None], self._config.knots, axis=1)
        self._sigma[:] = self._config.sigma_rad[1]

    def plan(self, sim_state: Floats, target_rad: Floats, goal_quat_wxyz: Floats, which: NDArray[np.int64]) -> Floats:
        """Returns the next targets, (m, n) rad, of the hands `which` (m,).

        Args:
            sim_state: states of the planner's own physics, (m, nstate).
            target_rad: targets that act now, (m, n).
            goal_quat_wxyz: (m, 4).
            which: numbers of the hands, each below N.
        """
        config = self._config
        knots = self._drawn(which)
        targets = self._targets(knots, target_rad)
        cost = self._cost(sim_state, targets, goal_quat_wxyz)
        best = np.argsort(cost, axis=1)[:, : config.elites, None, None]
        elites = np.take_along_axis(knots, best, axis=1)
        mean = elites.mean(axis=1)
        self._mean[which] = np.einsum("jk,mkn->mjn", self._later, mean)
        self._sigma[which] = np.clip(elites.std(axis=1), *config.sigma_rad)
        return self._targets(mean[:, None], target_rad)[:, 0, 0]

    def close(self) -> None:
        """Stops the threads."""
        self.physics.close()

    def _drawn(self, which: NDArray[np.int64]) -> Floats:
        """Returns knots around the last plans, (m, rollouts, knots, n)."""
        config, mean = self._config, self._mean[which, None]
        shape = (len(which), config.rollouts, *mean.shape[2:])
        ramp = np.linspace(1.0, config.ramp, config.knots)[:, None]
        noise = self._rng.normal(size=shape) * (ramp * self._sigma[which, None])
        noise[:, 0] = 0.0
        return np.clip(mean + noise, self._hand.lower_rad, self._hand.upper_rad)

    def _targets(self, knots: Floats, now_rad: Floats) -> Floats:
        """Returns the targets of each control step, (m, r, horizon, n), none too far from the one before."""
        wanted: Floats = np.einsum("hk,mrkn->mrhn", self._weights, knots)
        last: Floats = now_rad[:, None]
        most = self._config.max_step_rad
        for step in range(wanted.shape[2]):
            last = np.minimum(np.maximum(wanted[:, :, step], last - most), last + most)
            wanted[:, :, step] = last
        return wanted

    def _cost(self, sim_state: Floats, targets: Floats, goal: Floats) -> Floats:
        """Returns what each future costs, (m, r)."""
        m, r, horizon, n = targets.shape
        substeps, weights = self._config.physics.substeps, self._config.cost
        begin = np.repeat(sim_state, r, axis=0)
        control = np.repeat(targets.reshape(m * r, horizon, n), substeps, axis=1)
        states, _ = self.physics.advance(begin, control, which=np.arange(m * r))
        states = states[:, substeps - 1 :: substeps].reshape(m, r, horizon, -1)
        angle = goal_error_rad(self.physics.object_quat(states), goal[:, None, None])
        away = np.sqrt(((self.physics.object_pos(states) - self._centre) ** 2).sum(axis=-1))
        speed = np.sqrt((self.physics.object_vel(states)[..., :3] ** 2).sum(axis=-1))
        posture = ((self.physics.joint_pos(states) - self._home) ** 2).mean(axis=-1)
        terms = (
            weights.angle * angle,
            weights.away * np.maximum(away - weights.free_m, 0.0),
            np.where(away > weights.lost_m, weights.lost, 0.0),
            weights.speed * speed,
            weights.posture * posture,
        )
        running: Floats = np.sum(np.stack(terms), axis=0)
        total: Floats = running.mean(axis=-1) + weights.last_angle * angle[..., -1]
        return np.nan_to_num(total, nan=np.inf)


def _hats(times: Floats, knots: int) -> Floats:
    """Returns the share of each knot, (len(times), knots), at times in units of their distance; the last one stays."""
    return np.stack([np.interp(times, np.arange(knots), row) for row in np.eye(knots)], axis=-1)
