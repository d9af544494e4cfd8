"""Behaviour cloning: the expert acts, with noise or without; the student learns what it did where the expert went."""

from dataclasses import replace

import numpy as np

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.training.imitation.collect import Batch, always_expert
from dexterity_ros.training.imitation.rounds import Lesson, OnRound, RoundsConfig, learn_in_rounds, silent
from dexterity_ros.training.transition import Task, Transition


class Shaken:
    """A task whose actions are disturbed on their way."""

    def __init__(self, task: Task, noise: float, seed: int) -> None:
        """noise: standard deviation, where actions go from -1 to 1."""
        self._task, self._noise, self._rng = task, noise, np.random.default_rng(seed)
        self.restart = task.restart

    def step(self, action: Singles) -> Transition:
        """Takes one step with another action than the one given."""
        shaken = action + self._noise * self._rng.normal(size=action.shape)
        return self._task.step(np.clip(shaken, -1.0, 1.0).astype(np.float32))


def clone(
    lesson: Lesson,
    config: RoundsConfig,
    *,
    noise: float = 0.0,
    seed: int = 0,
    on_round: OnRound = silent,
) -> list[Batch]:
    """Trains the student. Returns the data it learned from.

    noise: added to what the expert does, never to its labels.
    Source: Laskey et al., DART: Noise Injection for Robust Imitation Learning, arXiv 1703.09327.
    """
    if noise > 0.0:
        lesson = replace(lesson, task=Shaken(lesson.task, noise, seed))
    return learn_in_rounds(lesson, config, lambda _: always_expert, seed=seed, on_round=on_round)
