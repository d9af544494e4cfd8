"""The page of measured figures, made from the JSON files that hold them.

`python -m dexterity_ros.reporting.measured docs/measured docs/measured.md`, or `make measured`.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import NAME, PATH, Checked, Length

OLDER = ", **older than the code**"
UNKNOWN = ", age unknown"
_BEGINNING = """# What was measured

Made by `make measured` from the files in [docs/measured](measured); change those, not this page.
Intervals are 95 %, bootstrap over episodes or trials. "code" is the commit that was measured. "older than the code":
the files that a figure speaks of have changed since, and it was not measured again.
"""


@dataclass(frozen=True, kw_only=True)
class Row(Checked):
    """One figure. commands: what repeats it. date: YYYY-MM-DD. code: commit. paths: the code that it speaks of."""

    name: Annotated[str, NAME]
    what: str
    figure: str
    commands: Annotated[tuple[str, ...], Length(1, 5, "every figure can be repeated")]
    date: str
    machine: str
    code: Annotated[str, NAME]
    paths: Annotated[tuple[Annotated[str, PATH], ...], Length(1, 30, "a figure speaks of some code")]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Subject(Checked):
    """A table of the page, one JSON file. about: what its rows have in common."""

    title: str
    rows: Annotated[tuple[Row, ...], Length(1, 100, "a table")]
    about: str = ""


def read_subjects(folder: Path) -> list[Subject]:
    """Returns the tables in the order of their file names. Raises ConfigError."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ConfigError(f"{folder} holds no *.json")
    subjects = [config.load(Subject, path) for path in files]
    names = [row.name for subject in subjects for row in subject.rows]
    if len(set(names)) != len(names):
        raise ConfigError(f"{folder} has rows of one name: {sorted({n for n in names if names.count(n) > 1})}")
    return subjects


def mark_of(row: Row, repository: Path) -> str:
    """Returns "" for a figure that is as new as its code, else OLDER, or UNKNOWN where git does not know the commit."""
    paths = [f":/{path}" for path in row.paths]  # from the top of the repository
    since = _git(repository, "log", "-1", "--format=%h", f"{row.code}..HEAD", "--", *paths)
    unsaved = _git(repository, "status", "--porcelain", "--", *paths)
    if since is None or unsaved is None:
        return UNKNOWN
    return OLDER if since + unsaved else ""


def _git(repository: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def page(subjects: list[Subject], mark: Callable[[Row], str]) -> str:
    """Returns the page as Markdown. mark: what is written behind a row's commit."""
    return "\n".join([_BEGINNING, *(_table(subject, mark) for subject in subjects)])


def _table(subject: Subject, mark: Callable[[Row], str]) -> str:
    lines = [f"## {subject.title}", ""]
    lines += [subject.about, ""] if subject.about else []
    lines += ["| what | figure | date, machine, code | repeat with |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_line(row, mark(row)) for row in subject.rows), ""])


def _line(row: Row, mark: str) -> str:
    what = f'<a id="{row.name}"></a>{row.what}' + (f" ({row.note})" if row.note else "")
    commands = "<br>".join(f"`{command}`" for command in row.commands)
    return f"| {what} | {row.figure} | {row.date}, {row.machine}, {row.code}{mark} | {commands} |"


def main(folder: Path, target: Path) -> None:
    """Writes the page. Raises ConfigError."""
    text = page(read_subjects(folder), lambda row: mark_of(row, folder))
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
