"""Who watches the hand and answers: a person at a terminal, or a scripted one for tests and benches."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from dexterity_ros.contracts.arrays import Floats

YES, NO = "yes", "no"
NOTHING, SEVERAL = "nothing", "several"
AS_PICTURED, OTHER_WAY = "as pictured", "the other way"
_SEEN_RAD = 0.05  # a joint that moves less is not seen to move
_ALIKE_RAD = 0.3  # a pose in which no joint differs by more looks the same


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. about: what kind it is, for those who answer by looking. joint: the one in question, or empty.

    choices: the answers that there are. expected: the one of a hand that is as its files say. picture: a file to look
    at first. pose_rad: what the picture shows, (n,), where it shows how the hand should stand.
    """

    about: str
    text: str
    choices: tuple[str, ...]
    expected: str
    joint: str = ""
    picture: Path | None = None
    pose_rad: tuple[float, ...] | None = None


WHICH_MOVED, WHICH_WAY, IS_IT_SO = "which moved", "which way", "is it so"  # the kinds of questions


class Person(Protocol):
    """Somebody beside the hand."""

    def watch(self) -> None:
        """Asks for attention: the next question is about what moves between now and then."""
        ...

    def ask(self, question: Question) -> str:
        """Returns one of the question's choices. Raises HandError when nobody can answer."""
        ...


class AgreeingPerson:
    """Answers what a hand that is as its files say would show; for tests without anybody beside the hand."""

    def watch(self) -> None:
        """Does not look."""

    def ask(self, question: Question) -> str:
        """Returns what is expected."""
        return question.expected


class ErringPerson:
    """Answers what it sees; a share of the answers is wrong, at random."""

    def __init__(self, see: Callable[[Question], str], *, wrong_share: float, seed: int) -> None:
        """see: returns the right answer of a question."""
        self._see, self._wrong_share = see, wrong_share
        self._rng = np.random.default_rng([seed, 22])
        self.asked = self.erred = 0

    def watch(self) -> None:
        """Looks all the time."""

    def ask(self, question: Question) -> str:
        """Returns what was seen, or now and then something else."""
        self.asked += 1
        right = self._see(question)
        wrong = [choice for choice in question.choices if choice != right]
        if wrong and self._rng.random() < self._wrong_share:
            self.erred += 1
            return str(self._rng.choice(wrong))
        return right


class ScriptedPerson(ErringPerson):
    """Answers by looking at the links of an emulated hand; a share of the answers is wrong, at random."""

    def __init__(
        self, joint_names: tuple[str, ...], look: Callable[[], Floats], *, wrong_share: float = 0.03, seed: int = 0
    ) -> None:
        """look: returns how the links stand, (n,) rad."""
        super().__init__(self._seen, wrong_share=wrong_share, seed=seed)
        self._names, self._look = joint_names, look
        self._before = look()

    def watch(self) -> None:
        """Remembers how the hand stands."""
        self._before = self._look()

    def _seen(self, question: Question) -> str:
        moved = self._look() - self._before
        if question.about == WHICH_WAY:
            return AS_PICTURED if moved[self._names.index(question.joint)] >= 0.0 else OTHER_WAY
        if question.about == WHICH_MOVED:
            most = int(np.argmax(np.abs(moved)))
            return self._names[most] if abs(moved[most]) >= _SEEN_RAD else NOTHING
        if question.pose_rad is not None and np.abs(self._look() - np.array(question.pose_rad)).max() > _ALIKE_RAD:
            return NO
        return YES
