"""Settled grasps to start episodes from."""

from collections.abc import Sequence

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ranges import Range
from dexterity_ros.sim.first_grasps import NEAR_M, first_grasps, settle
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import Scene

RESET_POOL = Range(1, 1_000_000, "each is a state in memory")


class ResetPool:
    """States in which the object lies still in the hand, in a random rotation."""

    def __init__(self, hand: HandSpec, scene: Scene, *, size: int, threads: int, rng: np.random.Generator) -> None:
        """Drops objects into the hand until `size` of them rest near the grasp centre.

        Raises:
            ConfigError: none does, or they rest inside the hand, or fly out of it.
        """
        physics = BatchPhysics(scene, [scene.model] * size, threads=threads)
        states: list[Floats] = []
        found = 0
        for k in range(20):
            state, good, flung = settle(hand, scene, physics, rng)
            if k == 0:
                self.first = first_grasps(scene, state, good, flung)
            states.append(state[good])
            found += int(good.sum())
            if found >= size:
                break
        physics.close()
        if found == 0:
            raise ConfigError(
                f"no object came to rest within {NEAR_M} m of {hand.grasp_centre_m} in the hand {hand.name}"
                f"{self.first.flung_text}"
            )
        self.first.check(hand.name)
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
