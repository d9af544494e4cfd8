"""Damages copies of files, hands them to commands, and judges by program what came of it."""

import contextlib
import io
import re
import shutil
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import numpy as np

from dexterity_ros.contracts.errors import DexterityError

# legal_change: something else is read, within its ranges, of a file of which no checksum says what was meant.
Outcome = Literal["refused", "right", "partial_said", "legal_change", "traceback", "hang", "silently_wrong"]
BAD: tuple[Outcome, ...] = ("traceback", "hang", "silently_wrong")
Runner = Callable[[list[str]], int]

_TIMERS = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
_SAID = re.compile(r"^damaged: .+$", re.MULTILINE)  # the line in which a command names damage
_NOTED = re.compile(r"^note: .+$", re.MULTILINE)
_MOST_SAID = 300  # characters kept of what was said


class TooLongError(BaseException):
    """Not an Exception, so that no handler of the command takes it for a broken file."""


@dataclass(kw_only=True)
class Facts:
    """What a command gave, in a form in which two can be compared.

    items: single data, each of which has to be true. derived: what is made of all of them, and differs when one is
    missing. claims: what only an undamaged file may be said to be.
    """

    items: Counter[Any] = field(default_factory=Counter)
    derived: Any = None
    claims: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command and how what it gives is read. arguments: {file} stands for the file, {out} for a new folder."""

    name: str
    arguments: tuple[str, ...]
    facts: Callable[[Path], Facts]


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One way to damage a file or folder in place. checksum: whether one of the file's checksums covers it."""

    name: str
    apply: Callable[[Path, np.random.Generator], None]
    checksum: bool = True


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of file: how it is made in an empty folder (returns its path), what happens to it, and who reads it."""

    name: str
    make: Callable[[Path], Path]
    damages: tuple[Damage, ...]
    commands: tuple[Command, ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One command on one damaged copy. said: the line that it ended with."""

    file: str
    damage: str
    command: str
    outcome: Outcome
    checksum: bool
    seed: int
    said: str


def trials(
    kind: Kind, repeats: int, run: Runner, folder: Path, *, first: int = 0, limit_s: float = 60.0
) -> Iterator[Row]:
    """Yields a row for each command on each of `repeats` damaged copies; the kinds of damage take turns.

    first: how many copies are left out, for their rows are there already. run: calls a command with its arguments and
    returns its status. Raises ValueError when the undamaged file already comes out with another status than 0, since
    then there is nothing to compare with.
    """
    folder.mkdir(parents=True)
    with contextlib.redirect_stdout(io.StringIO()):
        whole = kind.make(folder)
    truth = {command.name: _truth(command, whole, run, folder) for command in kind.commands}
    for seed in range(first, repeats):
        damage = kind.damages[seed % len(kind.damages)]
        room = folder / f"copy_{seed}"
        room.mkdir()
        copy = room / whole.name  # of the same name: a page or a card may tell it
        (shutil.copytree if whole.is_dir() else shutil.copy2)(whole, copy)
        damage.apply(copy, np.random.default_rng([seed, *kind.name.encode()]))
        for command in kind.commands:
            ended = _ended(command, copy, run, room / "out", limit_s)
            outcome, said = _judged(command, ended, room / "out", truth[command.name])
            shutil.rmtree(room / "out", ignore_errors=True)
            yield Row(
                file=kind.name,
                damage=damage.name,
                command=command.name,
                outcome=outcome,
                checksum=damage.checksum,
                seed=seed,
                said=said[:_MOST_SAID],
            )
        shutil.rmtree(room)


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """How a command ended. status: None when it did not return. error: what it raised. text: what it printed."""

    status: int | None
    error: BaseException | None
    text: str


def _truth(command: Command, whole: Path, run: Runner, folder: Path) -> Facts:
    out = folder / "truth"
    ended = _ended(command, whole, run, out, 300.0)
    if ended.status != 0:
        raise ValueError(f"{command.name} of an undamaged file: {ended.error or ended.text}") from ended.error
    facts = command.facts(out)
    shutil.rmtree(out, ignore_errors=True)
    return facts


def _ended(command: Command, file: Path, run: Runner, out: Path, limit_s: float) -> _Ended:
    out.mkdir()
    text = io.StringIO()
    arguments = [argument.format(file=file, out=out) for argument in command.arguments]
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            with within(limit_s):
                return _Ended(status=run(arguments), error=None, text=text.getvalue())
        except (Exception, SystemExit, TooLongError) as error:  # noqa: BLE001 - any end is a result
            return _Ended(status=None, error=error, text=text.getvalue())


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TooLongError after so much CPU time, or ten times as long; of the main thread alone."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise TooLongError(f"longer than {seconds} s")

    before = {number: signal.signal(number, end) for number in _TIMERS}
    for number, timer in _TIMERS.items():
        signal.setitimer(timer, seconds * (1.0 if number == signal.SIGPROF else 10.0))
    try:
        yield
    finally:
        for number, timer in _TIMERS.items():
            signal.setitimer(timer, 0.0)
            signal.signal(number, before[number])


def _judged(command: Command, ended: _Ended, out: Path, truth: Facts) -> tuple[Outcome, str]:
    """Returns the outcome and the line that shows it."""
    if ended.error is not None:
        return _judged_error(ended.error)
    try:
        facts = command.facts(out)
    except (OSError, ValueError, KeyError) as error:
        return "silently_wrong", f"what it gave cannot be read: {error}"
    named = _SAID.search(ended.text)
    if ended.status == 0:
        return ("right" if facts == truth else "silently_wrong"), _last_said(ended.text)
    if named and facts.items <= truth.items and not facts.claims:
        return "partial_said", named.group()
    return "silently_wrong", f"status {ended.status}, {_last_said(ended.text)}"


def _judged_error(error: BaseException) -> tuple[Outcome, str]:
    if isinstance(error, TooLongError):
        return "hang", str(error)
    if isinstance(error, DexterityError):
        said = str(error)
        return ("traceback" if "\n" in said or not said else "refused"), said
    return "traceback", _where(error)


def _last_said(text: str) -> str:
    """Returns the line that names damage, or else that it cannot be excluded."""
    found = _SAID.findall(text) or _NOTED.findall(text)
    return found[-1] if found else "nothing said"


def _where(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
