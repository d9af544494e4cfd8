"""dexterity bench damage"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import get_args

from rich.table import Table

from dexterity_ros.bench.damage.kinds import TRIALS
from dexterity_ros.bench.damage.rows import copies_done, counts, damage_row, kind_of
from dexterity_ros.bench.damage.trial import BAD, Outcome, Row
from dexterity_ros.bench.row_file import kept, rows_to_resume
from dexterity_ros.cli.main import dispatch
from dexterity_ros.cli.options.bench import BenchDamageOptions
from dexterity_ros.cli.output import console, say_written
from dexterity_ros.contracts.errors import ConfigError

_SAY_S = 30.0


def damage(options: BenchDamageOptions) -> int:
    """Prints what commands make of damaged copies of files; status 1 when something of it is bad."""
    unknown = sorted(set(options.files) - TRIALS.keys())
    if unknown:
        raise ConfigError(f"no kind of file is called {unknown}; there are {sorted(TRIALS)}")
    if options.repeats < 1:
        raise ConfigError(f"--repeats is {options.repeats}, expected 1 or more")
    rows: list[Row] = rows_to_resume(options.json, options.resume, damage_row, "bench damage")
    try:
        _run(options, rows)
    finally:  # also of a run that somebody ends
        say_written(options.json)
    console.print(_table(rows))
    bad = _bad(rows)
    for row in bad:
        said = f"{row.outcome}: {row.file}, {row.damage} (seed {row.seed}), {row.command}: {row.said}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    return int(bool(bad))


def _run(options: BenchDamageOptions, rows: list[Row]) -> None:
    """Adds to `rows` what every command made of every copy, and keeps them in the file that was asked for."""
    said = time.monotonic()
    with kept(options.json, lambda: [asdict(row) for row in rows]) as keep:
        for new in _copies(options, rows):
            rows += new
            keep()
            if time.monotonic() - said > _SAY_S:
                place = f"{kind_of(new[0])}: copy {new[0].seed + 1} of {options.repeats}"
                console.print(f"{place}; {len(rows)} rows, {len(_bad(rows))} bad", highlight=False)
                said = time.monotonic()


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
