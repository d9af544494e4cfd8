"""Behaviour cloning: the expert acts, with noise or without; the student learns what it did where the expert went."""

import numpy as np

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.training.imitation.collect import Batch, Expert, Outcome, Task, always_expert
from dexterity_ros.training.imitation.rounds import RoundsConfig, Said, learn_in_rounds, silent
from dexterity_ros.training.networks import Actor


class Shaken:
    """A task whose actions are disturbed on their way."""

    def __init__(self, task: Task, noise: float, seed: int) -> None:
        """noise: standard deviation, where actions go from -1 to 1."""
        self._task, self._noise, self._rng = task, noise, np.random.default_rng(seed)
        self.restart = task.restart

    def step(self, action: Singles) -> Outcome:
        """Takes one step with another action than the one given."""
        shaken = action + self._noise * self._rng.normal(size=action.shape)
        return self._task.step(np.clip(shaken, -1.0, 1.0).astype(np.float32))


def clone(
    task: Task,
    expert: Expert,
    student: Actor,
    config: RoundsConfig,
    *,
    noise: float = 0.0,
    seed: int = 0,
    said: Said = silent,
) -> list[Batch]:
    """Trains the student. Returns the data it learned from.

    noise: added to what the expert does, never to its labels.
    Source: Laskey et al., DART: Noise Injection for Robust Imitation Learning, arXiv 1703.09327.
    """
    where: Task = Shaken(task, noise, seed) if noise > 0.0 else task
    return learn_in_rounds(where, expert, student, config, lambda _: always_expert, seed=seed, said=said)
