"""The kinds of files that `dexterity bench damage` damages: one row each."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from dexterity_ros.bench.damage.bags import bag, bag_without_checksums
from dexterity_ros.bench.damage.configs import SUBJECTS, config_trials
from dexterity_ros.bench.damage.datasets import lerobot
from dexterity_ros.bench.damage.trial import Kind, Row, Runner, trials

# Files that whole commands read: {name: kind}, the commands are given to it.
KINDS: dict[str, Callable[[Runner], Kind]] = {
    "bag": bag,
    "bag without checksums": bag_without_checksums,
    "LeRobot dataset": lerobot,
}
Trial = Callable[[int, int, Runner, Path], Iterator[Row]]


def _of_kind(name: str, first: int, repeats: int, run: Runner, folder: Path) -> Iterator[Row]:
    return trials(KINDS[name](run), repeats, run, folder, first=first)


def _of_subject(name: str, first: int, repeats: int, _run: Runner, _folder: Path) -> Iterator[Row]:
    return config_trials(name, first, repeats)


# Everything that is damaged: {name: trials from one copy to another, runner, empty folder}.
TRIALS: dict[str, Trial] = {
    **{name: partial(_of_kind, name) for name in KINDS},
    **{name: partial(_of_subject, name) for name in SUBJECTS},
}
