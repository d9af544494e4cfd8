"""Records every planted cause and reads what the report says first."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.bench.planted.trouble import Trouble
from dexterity_ros.bench.planted.virtual_system import VirtualSystem
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.run_page import RunPage

SECONDS = 16.0  # a goal that is wanted when a policy gets stuck after 6 s has 8 s
CLEAN_SECONDS, _TRIES = 10.0, 20
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
    if trouble.says:
        VirtualSystem(trouble, folder, seed).run(SECONDS)
    else:
        record_clean(trouble, folder, seed)
    said = RunPage(RunRecord(Bag(folder))).alarms
    return Outcome(name=trouble.name, planted=bool(trouble.says), right=_right(trouble, said), said=said)


def record_clean(trouble: Trouble, folder: Path, seed: int) -> None:
    """Records a run in which the policy reaches every goal in time; one in which it does not is no clean run.

    Raises ConfigError when there is none among many seeds.
    """
    for k in range(_TRIES):
        system = VirtualSystem(trouble, folder, seed + 100 * k)
        system.run(CLEAN_SECONDS)
        if not system.failed:
            return
        shutil.rmtree(folder)
    raise ConfigError(f"the policy missed a goal in each of {_TRIES} runs from seed {seed} on: none of them is clean")


def names(trouble: Trouble, sentence: str) -> bool:
    """Returns whether a sentence says what was planted."""
    return re.search(trouble.says, sentence, re.IGNORECASE) is not None


def _right(trouble: Trouble, said: Sequence[str]) -> bool:
    if not trouble.says:
        return not said
    return bool(said) and names(trouble, first_sentence(said[0]))


def first_sentence(text: str) -> str:
    """Returns what stands before the first full stop that ends a sentence."""
    return text.partition(". ")[0]
