"""Rows of a trial in a file: written while it runs, so that one that was interrupted can go on."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.contracts.errors import ConfigError

_WRITE_S = 5.0  # what an interrupted trial loses at most

Row = Mapping[str, Any]


def write_rows(path: Path, rows: Sequence[Row], figures: Row | None = None) -> None:
    """Writes rows in place of those that `path` holds, all or none, beside figures of them all.

    Raises ConfigError when that is not possible.
    """
    try:
        with drafted(path) as draft:
            draft.write_text(json.dumps({**(figures or {}), "rows": list(rows)}, indent=1) + "\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def read_rows(path: Path, make: Callable[[dict[str, Any]], Any], command: str) -> list[Any]:
    """Returns what `make` makes of each row of a trial. Raises ConfigError when `command` wrote no such file."""
    try:
        return [make(row) for row in json.loads(path.read_text())["rows"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path} is no file of rows that {command} wrote ({type(error).__name__})") from error


def rows_to_resume(path: Path | None, resume: bool, make: Callable[[dict[str, Any]], Any], command: str) -> list[Any]:
    """Returns the rows that a trial goes on from; none where it begins.

    Raises:
        ConfigError: nobody says which file to go on from, or it is none.
    """
    if resume and path is None:
        raise ConfigError("--resume goes on from the rows of a file: name it with --json")
    return read_rows(path, make, command) if resume and path is not None and path.exists() else []


@contextlib.contextmanager
def kept(
    path: Path | None, rows: Callable[[], Sequence[Row]], figures: Callable[[], Row] = dict
) -> Iterator[Callable[[], None]]:
    """Gives what is to be called after every row: it writes them now and then, and all of them at the end.

    Args:
        path: where to; None: nowhere.
        rows: returns those that there are.
        figures: returns what is written beside them.
    """
    written = time.monotonic()

    def keep() -> None:
        nonlocal written
        if path is not None and time.monotonic() - written > _WRITE_S:
            write_rows(path, rows(), figures())
            written = time.monotonic()

    try:
        yield keep
    finally:
        if path is not None:
            write_rows(path, rows(), figures())
