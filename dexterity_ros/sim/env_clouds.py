"""Clouds beside the other samples of many simulated hands, where a policy sees points."""

from dataclasses import replace

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.sources import GOAL_CLOUD, JOINTS, OBJECT_CLOUD, ObservationInputs
from dexterity_ros.contracts.spec import ObservationSpec
from dexterity_ros.observation.builder import needed_sources
from dexterity_ros.sim.object_set import ObjectSet
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.snapshot import Snapshot
from dexterity_ros.sim.synthetic_clouds import CloudNoise, Seen, SyntheticClouds


class EnvClouds(SyntheticClouds):
    """Synthetic clouds of the states of a simulation."""

    def __init__(
        self,
        hand: HandSpec,
        specs: tuple[ObjectSpec, ...],
        noise: CloudNoise,
        kind: Ints,
        *,
        timestep_s: float,
        seed: int,
    ) -> None:
        """kind: which of the objects each hand has, (N,). timestep_s: of physics."""
        super().__init__(hand, specs, noise, len(kind), seed)
        self._kind, self._timestep_ns = kind, round(timestep_s * 1e9)

    def seen_too(
        self, inputs: ObservationInputs, physics: BatchPhysics, recent: Floats, goal_quat_wxyz: Floats
    ) -> ObservationInputs:
        """Returns inputs with the clouds of object and goal. recent: states after each substep, (N, substeps, s)."""
        n, stamp_ns = len(recent), inputs[JOINTS].stamp_ns
        delay = self._rng.integers(0, min(self.noise.delay_substeps, recent.shape[1] - 1) + 1, size=n)
        then = recent[np.arange(n), -1 - delay]
        seen = Seen(
            stamp_ns=stamp_ns - delay * self._timestep_ns,
            kind=self._kind,
            pos_m=physics.object_pos(then),
            quat_wxyz=physics.object_quat(then),
            joints_rad=physics.joint_pos(then),
        )
        goal = self.goal_cloud(stamp_ns, self._kind, goal_quat_wxyz)
        return inputs.having(OBJECT_CLOUD, self.object_cloud(seen)).having(GOAL_CLOUD, goal)


class NoClouds:
    """Nothing, for a policy that sees no points."""

    def restart(self, _mask: Bools) -> None:
        """Draws nothing."""

    def seen_too(
        self, inputs: ObservationInputs, _physics: BatchPhysics, _recent: Floats, _goal_quat_wxyz: Floats
    ) -> ObservationInputs:
        """Returns the inputs."""
        return inputs

    def snapshot(self) -> Snapshot:
        """Returns nothing."""
        return {}

    def restore(self, _values: Snapshot) -> None:
        """Takes nothing."""


def env_clouds(
    hand: HandSpec,
    observation: ObservationSpec,
    objects: ObjectSet,
    noise: CloudNoise | None,
    *,
    timestep_s: float,
    seed: int,
) -> EnvClouds | NoClouds:
    """Returns the clouds that a policy needs, if any. Raises ConfigError."""
    if not {OBJECT_CLOUD, GOAL_CLOUD} & set(needed_sources(observation)):
        return NoClouds()
    if noise is None or not objects.many:
        raise ConfigError("the policy sees points: it needs clouds (sim/synthetic_clouds.py) and objects family:...")
    most = max(term.shape[0] for term in observation.terms if term.shape)
    noise = replace(noise, points=max(noise.points, most))
    return EnvClouds(hand, objects.specs, noise, objects.kind, timestep_s=timestep_s, seed=seed)
