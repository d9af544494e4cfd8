"""Every method of imitation by its name, on what all of them share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from dexterity_ros.training.imitation.behaviour_cloning import clone
from dexterity_ros.training.imitation.collect import Batch
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.gated import gated_dagger
from dexterity_ros.training.imitation.human_gated import human_gated_dagger
from dexterity_ros.training.imitation.rma import rma
from dexterity_ros.training.imitation.rounds import Lesson, OnRound, Round, RoundsConfig

Method = Literal["dagger", "clone", "clone, shaken", "gated", "human-gated", "rma", "reinforced"]


def learn(
    method: Method,
    lesson: Lesson,
    config: RoundsConfig,
    *,
    seed: int,
    begun: int,
    demonstrations: Sequence[Batch],
    on_round: OnRound,
) -> None:
    """Goes on after `begun` rounds by a method other than reinforcement.

    demonstrations: what else DAgger learns from.
    """
    rounds, seed = replace(config, rounds=max(config.rounds - begun, 0)), seed + begun
    if method == "dagger":
        beta = 0.0 if begun or demonstrations else 1.0
        dagger(lesson, rounds, beta=beta, demonstrations=demonstrations, seed=seed, on_round=on_round)
    elif method == "clone":
        clone(lesson, rounds, seed=seed, on_round=on_round)
    elif method == "clone, shaken":
        clone(lesson, rounds, noise=0.3, seed=seed, on_round=on_round)
    elif method == "gated":
        gated_dagger(lesson, rounds, seed=seed, on_round=on_round)
    elif method == "rma":
        rma(lesson, rounds, seed=seed, on_round=on_round)
    else:
        _clone_then_let_a_person_watch(lesson, rounds, seed, on_round)


def _clone_then_let_a_person_watch(lesson: Lesson, rounds: RoundsConfig, seed: int, on_round: OnRound) -> None:
    """Spends a quarter of the rounds on demonstrations: nobody watches a hand that knows nothing."""
    first, labels = rounds.rounds // 4, 0

    def count(after: Round) -> None:
        nonlocal labels
        labels = after.labels
        on_round(after)

    demonstrations = clone(lesson, replace(rounds, rounds=first), seed=seed, on_round=count)
    rest = replace(rounds, rounds=rounds.rounds - first)
    human_gated_dagger(
        lesson, rest, demonstrations=demonstrations, seed=seed,
        on_round=lambda after: on_round(replace(after, number=first + after.number, labels=labels + after.labels)),
    )  # fmt: skip
