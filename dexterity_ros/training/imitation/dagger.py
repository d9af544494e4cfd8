"""DAgger: the student acts, the expert says what it would have done there; all rounds together are learned from.

Source: Ross, Gordon and Bagnell, A Reduction of Imitation Learning and Structured Prediction to No-Regret Online
Learning, AISTATS 2011, algorithm 3.1.
"""

from collections.abc import Sequence

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Singles
from dexterity_ros.training.imitation.collect import Batch, Choose
from dexterity_ros.training.imitation.rounds import Lesson, OnRound, RoundsConfig, learn_in_rounds, silent


def dagger(
    lesson: Lesson,
    config: RoundsConfig,
    *,
    beta: float = 1.0,
    beta_decay: float = 0.0,
    demonstrations: Sequence[Batch] = (),
    seed: int = 0,
    on_round: OnRound = silent,
) -> list[Batch]:
    """Trains the student; it ends as the best of its iterates. Returns the data it learned from.

    beta: chance that the expert acts, step by step, in the first round. beta_decay: factor per round; with 0 the
    expert acts in the first round only. demonstrations: what else it learns from, in every round.
    """
    rng = np.random.default_rng(seed)

    def choose_in(number: int) -> Choose:
        chance = beta * beta_decay**number

        def choose(_step: int, own: Singles, _expert: Singles) -> Bools:
            chosen: Bools = rng.uniform(size=len(own)) >= chance
            return chosen

        return choose

    return learn_in_rounds(lesson, config, choose_in, demonstrations=demonstrations, seed=seed, on_round=on_round)
