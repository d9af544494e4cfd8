"""Human-gated DAgger: an operator watches, takes over when it goes wrong, and only what they then do is learned from.

Source: Kelly et al., HG-DAgger: Interactive Imitation Learning with Human Experts, arXiv 1810.02890. Here is the
model of such a person, for training and tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Singles
from dexterity_ros.training.imitation.collect import Batch
from dexterity_ros.training.imitation.rounds import Lesson, OnRound, RoundsConfig, learn_in_rounds, silent


@dataclass(frozen=True, kw_only=True)
class OperatorConfig:
    """How a person takes over, in control steps of period_s.

    reaction_s: from when it goes wrong until they act. missed: share of occasions that they do not notice.
    wrong: smoothed root mean square difference to what they would do that looks wrong to them. stays_s: how long they
    go on at least.
    """

    reaction_s: tuple[float, float] = (0.3, 0.8)
    missed: float = 0.2
    wrong: float = 0.4
    stays_s: float = 1.0
    period_s: float = 0.05


class Operator:
    """One person per hand."""

    def __init__(self, count: int, config: OperatorConfig, seed: int) -> None:
        self._config, self._rng = config, np.random.default_rng(seed)
        self._difference = np.zeros(count)
        self._wait = np.full(count, -1)  # steps until they act; -1: nothing noticed
        self._stay = np.zeros(count, dtype=np.int64)
        self._blind = np.zeros(count, dtype=bool)  # to this occasion

    def choose(self, _step: int, own: Singles, expert: Singles) -> Bools:
        """Returns where the student acts, (N,)."""
        config, rng, count = self._config, self._rng, len(own)
        self._difference += 0.3 * (np.sqrt(((own - expert) ** 2).mean(axis=1)) - self._difference)
        wrong = self._difference > config.wrong
        self._blind &= wrong
        begins = wrong & (self._wait < 0) & (self._stay <= 0) & ~self._blind
        misses = begins & (rng.uniform(size=count) < config.missed)
        self._blind |= misses
        reaction = np.rint(rng.uniform(*config.reaction_s, size=count) / config.period_s).astype(np.int64)
        self._wait = np.where(begins & ~misses, reaction, self._wait - (self._wait >= 0))
        acts = self._wait == 0
        self._stay = np.where(acts, round(config.stays_s / config.period_s), np.maximum(self._stay - ~wrong, 0))
        student: Bools = self._stay <= 0
        return student


def human_gated_dagger(
    lesson: Lesson,
    config: RoundsConfig,
    *,
    operator: OperatorConfig | None = None,
    demonstrations: Sequence[Batch] = (),
    seed: int = 0,
    on_round: OnRound = silent,
) -> list[Batch]:
    """Trains the student, which should know something already. Returns the interventions it learned from.

    demonstrations: earlier ones, to go on learning from.
    """
    person = operator or OperatorConfig()
    count = len(lesson.task.restart()[0])
    operators = [Operator(count, person, seed * 1000 + number) for number in range(config.rounds)]
    return learn_in_rounds(
        lesson, config, lambda number: operators[number].choose,
        interventions_only=True, demonstrations=demonstrations, seed=seed, on_round=on_round,
    )  # fmt: skip
