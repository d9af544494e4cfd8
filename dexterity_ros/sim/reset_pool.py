"""Settled grasps to start episodes from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ranges import Range
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import Scene

RESET_POOL = Range(1, 1_000_000, "each is a state in memory")
_SETTLE_S = 1.5
_DROP_HEIGHT_M = 0.035
_JOINT_SPREAD_RAD = 0.1
_STILL_M_S = 0.05
_NEAR_M = 0.05


class ResetPool:
    """States in which the object lies still in the hand, in a random rotation."""

    def __init__(self, hand: HandSpec, scene: Scene, *, size: int, threads: int, rng: np.random.Generator) -> None:
        """Drops objects into the hand until `size` of them rest near the grasp centre."""
        physics = BatchPhysics(scene, [scene.model] * size, threads=threads)
        states: list[Floats] = []
        found = 0
        for _ in range(20):
            state, good = _settle(hand, scene, physics, rng)
            states.append(state[good])
            found += int(good.sum())
            if found >= size:
                break
        physics.close()
        if found == 0:
            raise ConfigError(
                f"no object came to rest within {_NEAR_M} m of {hand.grasp_centre_m} in the hand {hand.name}"
            )
        self._states = np.concatenate(states)[:size]

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Returns the states of `count` random grasps, (count, nstate)."""
        return self._states[rng.integers(0, len(self._states), size=count)]


class ResetPools:
    """A pool for each of several objects."""

    def __init__(
        self, hand: HandSpec, scenes: Sequence[Scene], *, size: int, threads: int, rng: np.random.Generator
    ) -> None:
        """size: of all pools together."""
        each = -(-size // len(scenes))
        self._pools = [ResetPool(hand, scene, size=each, threads=threads, rng=rng) for scene in scenes]

    def draw(self, kind: Ints, rng: np.random.Generator) -> Floats:
        """Returns a random grasp of each of these objects, (n, nstate). kind: places in the list of scenes, (n,)."""
        if len(self._pools) == 1:
            return self._pools[0].draw(len(kind), rng)
        return np.concatenate([self._pools[k].draw(1, rng) for k in kind])


def _settle(
    hand: HandSpec, scene: Scene, physics: BatchPhysics, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    n = physics.count
    home = np.array(hand.home_pos_rad)
    target = home + rng.uniform(-_JOINT_SPREAD_RAD, _JOINT_SPREAD_RAD, size=(n, len(home)))
    target = np.clip(target, hand.lower_rad, hand.upper_rad)
    centre = np.array(hand.grasp_centre_m)
    position = centre + np.array([-0.015, 0.0, _DROP_HEIGHT_M]) + rng.uniform(-0.01, 0.01, size=(n, 3))
    quat = rng.normal(size=(n, 4))
    quat /= np.sqrt((quat**2).sum(axis=-1, keepdims=True))
    state = physics.compose(joint_pos_rad=target, object_pos_m=position, object_quat_wxyz=quat)
    steps = round(_SETTLE_S / scene.model.opt.timestep)
    states, _ = physics.advance(state, np.repeat(target[:, None], steps, axis=1))
    final = states[:, -1].copy()
    final[:, 0] = 0.0
    speed = np.abs(physics.object_vel(final)[:, :3]).max(axis=-1)
    distance = np.sqrt(((physics.object_pos(final) - centre) ** 2).sum(axis=-1))
    return final, (speed < _STILL_M_S) & (distance < _NEAR_M)
