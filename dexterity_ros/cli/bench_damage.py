"""dexterity bench damage"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import get_args

from rich.table import Table

from dexterity_ros.bench.damage.kinds import TRIALS
from dexterity_ros.bench.damage.rows import copies_done, counts, kind_of, read_rows, write_rows
from dexterity_ros.bench.damage.trial import BAD, Outcome, Row
from dexterity_ros.cli.main import dispatch
from dexterity_ros.cli.options.bench import BenchDamageOptions
from dexterity_ros.cli.output import console, say
from dexterity_ros.contracts.errors import ConfigError

_WRITE_S = 5.0  # what an interrupted trial loses at most
_SAY_S = 30.0


def damage(options: BenchDamageOptions) -> int:
    """Prints what commands make of damaged copies of files; status 1 when something of it is bad."""
    unknown = sorted(set(options.files) - TRIALS.keys())
    if unknown:
        raise ConfigError(f"no kind of file is called {unknown}; there are {sorted(TRIALS)}")
    if options.repeats < 1:
        raise ConfigError(f"--repeats is {options.repeats}, expected 1 or more")
    if options.resume and options.json is None:
        raise ConfigError("--resume goes on from the rows of a file: name it with --json")
    there = options.resume and options.json is not None and options.json.exists()
    rows = read_rows(options.json) if there and options.json is not None else []
    _run(options, rows)
    console.print(_table(rows))
    bad = _bad(rows)
    for row in bad:
        said = f"{row.outcome}: {row.file}, {row.damage} (seed {row.seed}), {row.command}: {row.said}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    return int(bool(bad))


def _run(options: BenchDamageOptions, rows: list[Row]) -> None:
    """Adds to `rows` what every command made of every copy, and keeps them in the file that was asked for."""
    written = said = time.monotonic()
    try:
        for new in _copies(options, rows):
            rows += new
            now = time.monotonic()
            if options.json is not None and now - written > _WRITE_S:
                write_rows(options.json, rows)
                written = time.monotonic()
            if now - said > _SAY_S:
                place = f"{kind_of(new[0])}: copy {new[0].seed + 1} of {options.repeats}"
                console.print(f"{place}; {len(rows)} rows, {len(_bad(rows))} bad", highlight=False)
                said = now
    finally:
        if options.json is not None:
            write_rows(options.json, rows)
            say(f"wrote {options.json}")


def _copies(options: BenchDamageOptions, rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yields the rows of one copy after the other, but for those that are done."""
    todo = {name: copies_done(rows, name) for name in options.files or TRIALS}
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        for name, first in todo.items():
            if first >= options.repeats:
                continue
            found = TRIALS[name](first, options.repeats, dispatch, Path(folder) / name.replace(" ", "_"))
            for seed, copy in groupby(found, key=lambda row: row.seed):
                status.update(f"{name}, copy {seed + 1} of {options.repeats}")
                yield list(copy)


def _bad(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.outcome in BAD and row.checksum]


def _table(rows: Sequence[Row]) -> Table:
    """Returns a table with one row per kind of file: how often each outcome was seen; what is bad is red."""
    table = Table(title="commands on damaged files", title_justify="left")
    outcomes = get_args(Outcome)
    for column in ("file", *(outcome.replace("_", " ") for outcome in outcomes)):
        table.add_column(column, justify="left" if column == "file" else "right")
    for file, found in counts(rows).items():
        cells = (f"[red]{found[name]}[/red]" if name in BAD and found[name] else str(found[name]) for name in outcomes)
        table.add_row(file, *cells)
    return table
