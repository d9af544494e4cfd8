"""DAgger: the student acts, the expert says what it would have done there; all rounds together are learned from.

Source: Ross, Gordon and Bagnell, A Reduction of Imitation Learning and Structured Prediction to No-Regret Online
Learning, AISTATS 2011, algorithm 3.1.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dexterity_ros.training.imitation.collect import Batch, Bools, Expert, Floats, Task, collect, fit, success_rate
from dexterity_ros.training.networks import Actor


@dataclass(frozen=True, kw_only=True)
class DaggerConfig:
    """beta: chance that the expert acts in the first round; beta_decay: factor per round (0: only the first is mixed).

    validation_episodes: by which the best of the iterates is chosen.
    """

    rounds: int
    steps: int
    beta: float
    beta_decay: float
    epochs: int
    minibatch: int
    learning_rate: float
    validation_episodes: int


def dagger(
    task: Task,
    expert: Expert,
    student: Actor,
    config: DaggerConfig,
    seed: int = 0,
    said: Callable[[int, float, int], None] = lambda _round, _rate, _labels: None,
) -> list[Batch]:
    """Trains the student; it ends as the best of its iterates. Returns the aggregated data.

    said: called after each round with (round, success rate on validation, labels so far).
    """
    rng = np.random.default_rng(seed)
    batches: list[Batch] = []
    best, best_rate = copy.deepcopy(student.state_dict()), -1.0
    beta = config.beta
    for number in range(config.rounds):

        def choose(_step: int, own: Floats, _expert: Floats, beta: float = beta) -> Bools:
            chosen: Bools = rng.uniform(size=len(own)) >= beta
            return chosen

        batches.append(collect(task, expert, student, config.steps, choose))
        fit(
            student,
            batches,
            epochs=config.epochs,
            minibatch=config.minibatch,
            learning_rate=config.learning_rate,
            seed=seed + number,
        )
        won, played = success_rate(task, student, config.validation_episodes, config.steps)
        said(number, won / played, sum(batch.labels for batch in batches))
        if won / played > best_rate:
            best, best_rate = copy.deepcopy(student.state_dict()), won / played
        beta *= config.beta_decay
    student.load_state_dict(best)
    return batches
