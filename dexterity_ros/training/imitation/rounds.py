"""What all methods share: rounds of collecting, learning from everything collected so far, and keeping the best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.training.best import Best
from dexterity_ros.training.imitation.collect import Batch, Choose, Expert, Learner, collect, success_rate
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.ranges import EPOCHS, LEARNING_RATE, MINIBATCH
from dexterity_ros.training.transition import Task


@dataclass(frozen=True, kw_only=True)
class RoundsConfig(Checked):
    """rounds of `steps` steps each; after each, `epochs` over the last `keep` rounds, of at most `updates` minibatches.

    updates, keep: 0 = all. minibatch: episodes at a time for a student with memory, steps for one without.
    validation_attempts: by the student alone, after every `validate_every` rounds, by which the best of the iterates is
    kept; 0 = the last is. imagine: ask the expert about goals that nobody pursues, too.
    """

    rounds: Annotated[int, Range(0, 1_000_000, "0 = none are left after a resume")]
    steps: Annotated[int, Range(1, 1_000_000, "steps kept in memory")]
    epochs: Annotated[int, EPOCHS]
    minibatch: Annotated[int, MINIBATCH]
    learning_rate: Annotated[float, LEARNING_RATE]
    updates: Annotated[int, Range(0, 10_000_000, "0 = all")] = 0
    keep: Annotated[int, Range(0, 1_000_000, "0 = all")] = 0
    validation_attempts: Annotated[int, Range(0, 1_000_000, "0 = no validation")] = 0
    validate_every: Annotated[int, Range(1, 1_000_000, "every round or less often")] = 1
    imagine: bool = False


@dataclass(frozen=True, kw_only=True)
class Round:
    """What became of a round. rate: of success, while collecting. labels: so far. batch: what was collected.

    alone: rate of success on validation, of the student alone; None = this round was not followed by one.

    unexplained: share of the variance of the expert's actions that the student missed in it, before it learned from it;
    None = it was not asked what to do.
    """

    number: int
    rate: float
    labels: int
    unexplained: float | None
    batch: Batch
    alone: float | None = None


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Who learns what, and from whom."""

    task: Task
    expert: Expert
    student: Actor


OnRound = Callable[[Round], None]


def silent(_round: Round) -> None:
    """Says nothing."""


def learn_in_rounds(
    lesson: Lesson,
    config: RoundsConfig,
    choose_in: Callable[[int], Choose],
    *,
    interventions_only: bool = False,
    demonstrations: Sequence[Batch] = (),
    seed: int = 0,
    on_round: OnRound = silent,
) -> list[Batch]:
    """Trains the student. Returns the last data.

    choose_in: round to who acts. demonstrations: what else it learns from.
    """
    student = lesson.student
    learner = Learner(student, config.learning_rate, config.keep, seed, demonstrations)
    best, labels = Best(), 0
    for number in range(config.rounds):
        batch = collect(
            lesson.task, lesson.expert, student, config.steps, choose_in(number),
            interventions_only=interventions_only, imagine=config.imagine,
        )  # fmt: skip
        labels += batch.labels
        learner.add(batch)
        learner.fit(epochs=config.epochs, minibatch=config.minibatch, updates=config.updates)
        alone = validate(lesson.task, student, config, number)
        best.offer(student, alone, labels)
        on_round(
            Round(
                number=number, rate=batch.rate, labels=labels, unexplained=batch.unexplained, batch=batch, alone=alone
            )
        )  # fmt: skip
    best.put_back(student)
    return learner.everything()


def validate(task: Task, student: Actor, config: RoundsConfig, number: int) -> float | None:
    """Returns how often the student alone succeeds; None where round `number` is not followed by a validation."""
    if config.validation_attempts == 0 or (number + 1) % config.validate_every:
        return None
    won, attempts = success_rate(task, student, config.validation_attempts, config.steps)
    return won / attempts
