"""Records every planted cause and reads what the report says first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.bench.planted.trouble import Trouble
from dexterity_ros.bench.planted.virtual_system import VirtualSystem
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.run_page import RunPage

SECONDS = 16.0  # a goal that is wanted when a policy gets stuck after 6 s has 8 s
MISSED = 1  # of the planted causes that may go unnamed


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a report said of one run, sentence by sentence. right: it named the cause, or nothing where there is none.

    planted: whether anything was.
    """

    name: str
    planted: bool
    right: bool
    said: tuple[str, ...]


def judged(trouble: Trouble, folder: Path, seed: int) -> Outcome:
    """Returns what the report of a new recording in `folder` says. Raises DexterityError."""
    VirtualSystem(trouble, folder, seed).run(SECONDS)
    said = RunPage(RunRecord(Bag(folder))).alarms
    return Outcome(name=trouble.name, planted=bool(trouble.says), right=_right(trouble, said), said=said)


def _right(trouble: Trouble, said: Sequence[str]) -> bool:
    if not trouble.says:
        return not said
    return bool(said) and re.search(trouble.says, first_sentence(said[0])) is not None


def first_sentence(text: str) -> str:
    """Returns what stands before the first full stop that ends a sentence."""
    return text.partition(". ")[0]
