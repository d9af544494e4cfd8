"""Behaviour cloning: the expert acts, with noise or without; the student learns what it did where the expert went."""

from dataclasses import dataclass

import numpy as np

from dexterity_ros.training.imitation.collect import Batch, Expert, Floats, Task, always_expert, collect, fit
from dexterity_ros.training.networks import Actor


@dataclass(frozen=True, kw_only=True)
class CloningConfig:
    """rounds of `steps` steps each; noise: standard deviation added to what the expert does, never to its labels.

    Source: Laskey et al., DART: Noise Injection for Robust Imitation Learning, arXiv 1703.09327.
    """

    rounds: int
    steps: int
    noise: float
    epochs: int
    minibatch: int
    learning_rate: float


class _Shaken:
    """A task whose actions are disturbed on their way."""

    def __init__(self, task: Task, noise: float, seed: int) -> None:
        self._task, self._noise, self._rng = task, noise, np.random.default_rng(seed)
        self.restart = task.restart

    def step(self, action: Floats) -> object:
        shaken = action + self._noise * self._rng.normal(size=action.shape)
        return self._task.step(np.clip(shaken, -1.0, 1.0).astype(np.float32))


def clone(task: Task, expert: Expert, student: Actor, config: CloningConfig, seed: int = 0) -> list[Batch]:
    """Trains the student. Returns the data it learned from."""
    shaken = _Shaken(task, config.noise, seed) if config.noise > 0.0 else task
    batches = [collect(shaken, expert, student, config.steps, always_expert) for _ in range(config.rounds)]  # type: ignore[arg-type]
    fit(
        student,
        batches,
        epochs=config.epochs,
        minibatch=config.minibatch,
        learning_rate=config.learning_rate,
        seed=seed,
    )
    return batches
