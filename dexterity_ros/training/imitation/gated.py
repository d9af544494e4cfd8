"""Gated DAgger: the student acts only as long as it stays close to its expert, so that data stays near the task.

Source: Kaufmann et al., Deep Drone Acrobatics, arXiv 2006.05768, section IV-C: the expert takes over where the two
differ by more than a threshold, which grows as the student learns; now and then random actions are mixed in.
"""

from dataclasses import replace

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Singles
from dexterity_ros.training.imitation.behaviour_cloning import Shaken
from dexterity_ros.training.imitation.collect import Batch, Choose
from dexterity_ros.training.imitation.rounds import Lesson, OnRound, RoundsConfig, learn_in_rounds, silent


def gated_dagger(
    lesson: Lesson,
    config: RoundsConfig,
    *,
    threshold: float = 0.3,
    growth: float = 1.2,
    noise: float = 0.1,
    seed: int = 0,
    on_round: OnRound = silent,
) -> list[Batch]:
    """Trains the student. Returns the data it learned from.

    threshold: root mean square difference of the actions, at first; it grows by the factor `growth` every round.
    noise: standard deviation of what is added to the actions.
    """

    def choose_in(number: int) -> Choose:
        return close_to_expert(threshold * growth**number)

    shaken = replace(lesson, task=Shaken(lesson.task, noise, seed))
    return learn_in_rounds(shaken, config, choose_in, seed=seed, on_round=on_round)


def close_to_expert(threshold: float) -> Choose:
    """Returns who acts: the student where its action is within `threshold` of the expert's; in the root mean square."""

    def choose(_step: int, own: Singles, expert: Singles) -> Bools:
        close: Bools = np.sqrt(((own - expert) ** 2).mean(axis=1)) < threshold
        return close

    return choose
