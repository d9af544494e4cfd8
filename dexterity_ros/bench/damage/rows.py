"""Rows in a file: written while a trial runs, so that one that was interrupted can go on."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from dexterity_ros.bench.damage.trial import Outcome, Row
from dexterity_ros.contracts.errors import ConfigError


def kind_of(row: Row) -> str:
    """Returns the kind of file of a row, of which the row may name one of several files."""
    return row.file.partition(":")[0]


def counts(rows: Sequence[Row]) -> dict[str, Counter[str]]:
    """Returns {kind of file: {outcome: how often}}."""
    table: dict[str, Counter[str]] = {}
    for row in rows:
        table.setdefault(kind_of(row), Counter())[row.outcome] += 1
    return table


def copies_done(rows: Sequence[Row], kind: str) -> int:
    """Returns how many copies of a kind of file have their rows: the seeds are taken in order."""
    return max((row.seed + 1 for row in rows if kind_of(row) == kind), default=0)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Writes rows in place of those that `path` holds, all or none. Raises ConfigError when that is not possible."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) + "\n")
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def read_rows(path: Path) -> list[Row]:
    """Returns the rows that a trial wrote. Raises ConfigError when the file is no such file."""
    try:
        rows = [Row(**row) for row in json.loads(path.read_text())["rows"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path} is no file of rows that bench damage wrote ({type(error).__name__})") from error
    for row in rows:
        if row.outcome not in get_args(Outcome) or not isinstance(row.seed, int):
            raise ConfigError(f"{path} has the outcome {row.outcome!r}; there are {list(get_args(Outcome))}")
    return rows
