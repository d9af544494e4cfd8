"""The simulated hands as a world for rollouts."""

from collections.abc import Callable

import numpy as np

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.sim.snapshot import Snapshot
from dexterity_ros.training.transition import Transition


class EnvWorld:
    """A `World`; the critic sees the environment's privileged state, and so may the actor."""

    def __init__(self, env: ReorientEnv, watch: Callable[[EnvStep], None], *, privileged_actor: bool = False) -> None:
        """watch: called with every step. privileged_actor: it sees the privileged state in place of the observation."""
        self._env, self._watch, self._privileged_actor = env, watch, privileged_actor

    def restart(self) -> tuple[Singles, Singles]:
        """Begins all episodes anew. Returns (observation, privileged)."""
        observation, privileged = self._env.reset()
        return privileged if self._privileged_actor else observation, privileged

    def step(self, action: Singles) -> Transition:
        """Takes one control step by raw actions, (N, n)."""
        step = self._env.step(action)
        self._watch(step)
        return Transition(
            observation=step.privileged if self._privileged_actor else step.observation,
            privileged=step.privileged,
            final_privileged=step.final_privileged,
            reward=step.reward.astype(np.float32),
            terminated=step.terminated,
            truncated=step.truncated,
            restarted=step.restarted,
            reached=step.reached,
            failed=step.failed,
        )

    def snapshot(self) -> Snapshot:
        """Returns where all hands stand."""
        return self._env.snapshot()

    def restore(self, values: Snapshot) -> None:
        """Goes on from there."""
        self._env.restore(values)
