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
from dexterity_ros.training.imitation.rounds import Lesson, Round, RoundsConfig, Said

Method = Literal["dagger", "clone", "clone, shaken", "gated", "human-gated", "rma", "reinforced"]


def learn(
    method: Method,
    lesson: Lesson,
    config: RoundsConfig,
    *,
    seed: int,
    begun: int,
    shown: Sequence[Batch],
    said: Said,
) -> None:
    """Goes on after `begun` rounds by a method other than reinforcement. shown: what else DAgger learns from."""
    rounds, seed = replace(config, rounds=max(config.rounds - begun, 0)), seed + begun
    if method == "dagger":
        dagger(lesson, rounds, beta=0.0 if begun or shown else 1.0, shown=shown, seed=seed, said=said)
    elif method == "clone":
        clone(lesson, rounds, seed=seed, said=said)
    elif method == "clone, shaken":
        clone(lesson, rounds, noise=0.3, seed=seed, said=said)
    elif method == "gated":
        gated_dagger(lesson, rounds, seed=seed, said=said)
    elif method == "rma":
        rma(lesson, rounds, seed=seed, said=said)
    else:
        _clone_then_let_a_person_watch(lesson, rounds, seed, said)


def _clone_then_let_a_person_watch(lesson: Lesson, rounds: RoundsConfig, seed: int, said: Said) -> None:
    """Spends a quarter of the rounds on demonstrations: nobody watches a hand that knows nothing."""
    first, labels = rounds.rounds // 4, 0

    def count(after: Round) -> None:
        nonlocal labels
        labels = after.labels
        said(after)

    shown = clone(lesson, replace(rounds, rounds=first), seed=seed, said=count)
    rest = replace(rounds, rounds=rounds.rounds - first)
    human_gated_dagger(
        lesson, rest, shown=shown, seed=seed,
        said=lambda after: said(replace(after, number=first + after.number, labels=labels + after.labels)),
    )  # fmt: skip
