"""dexterity bench damage"""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from rich.table import Table

from dexterity_ros.bench.damage.kinds import TRIALS
from dexterity_ros.bench.damage.trial import BAD, Outcome, Row, counts
from dexterity_ros.cli.main import dispatch
from dexterity_ros.cli.options.bench import BenchDamageOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.contracts.errors import ConfigError


def damage(options: BenchDamageOptions) -> int:
    """Prints what commands make of damaged copies of files; status 1 when something of it is bad."""
    unknown = sorted(set(options.files) - TRIALS.keys())
    if unknown:
        raise ConfigError(f"no kind of file is called {unknown}; there are {sorted(TRIALS)}")
    rows = _rows(options.files or tuple(TRIALS), options.repeats)
    console.print(_table(rows))
    bad = [row for row in rows if row.outcome in BAD and row.checksum]
    for row in bad:
        said = f"{row.outcome}: {row.file}, {row.damage} (seed {row.seed}), {row.command}: {row.said}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    write_json(options.json, {"rows": [asdict(row) for row in rows]})
    return int(bool(bad))


def _rows(files: Sequence[str], repeats: int) -> list[Row]:
    """Returns what every command made of every copy."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        for name in files:
            for row in TRIALS[name](repeats, dispatch, Path(folder) / name.replace(" ", "_")):
                status.update(f"{name}, copy {row.seed + 1} of {repeats}, {row.command}")
                rows.append(row)
    return rows


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
