"""dexterity bench accept"""

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.table import Table

from dexterity_ros.bench.bringup.accepted import KINDS, RIGHT, FileRow, acceptances
from dexterity_ros.bench.row_file import kept, rows_to_resume
from dexterity_ros.cli.options.bench_bringup import BenchAcceptOptions
from dexterity_ros.cli.output import console, say_written
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.runtime.ending import interrupt_once


def accept(options: BenchAcceptOptions) -> int:
    """Prints which files were refused; status 1 when one with a mistake was not, or one without was."""
    if options.files < 1:
        raise ConfigError(f"--files is {options.files}, expected 1 or more")
    interrupt_once()
    rows: list[FileRow] = rows_to_resume(options.json, options.resume, _row, "bench accept")
    done = {row.seed for row in rows}
    todo = [seed for seed in range(options.first_seed, options.first_seed + options.files) if seed not in done]
    try:
        with (
            kept(options.json, lambda: [asdict(row) for row in rows], lambda: figures(rows)) as keep,
            console.status("") as status,
        ):
            for row in acceptances(options.hand, todo, 0.01 * options.wrong_percent):
                rows.append(row)
                keep()
                status.update(f"{len(rows)} of {options.files} files; last: {_told(row)}")
    finally:  # also of a run that somebody ends
        _print(rows)
        say_written(options.json)
    return int(any(_wrong(row) for row in rows))


def figures(rows: list[FileRow]) -> dict[str, Any]:
    """Returns how many files of each kind there were and were refused, and by which steps."""
    return {
        "files": dict(Counter(row.kind for row in rows)),
        "refused": dict(Counter(row.kind for row in rows if row.refused)),
        "refused_by": dict(Counter(row.refused for row in rows if row.refused)),
        "answers_wrong": f"{sum(row.erred for row in rows)} of {sum(row.asked for row in rows)}",
        "most_rad_s": max((row.most_rad_s for row in rows), default=0.0),
    }


def _row(content: dict[str, Any]) -> FileRow:
    return FileRow(**content)


def _wrong(row: FileRow) -> bool:
    return bool(row.refused) == (row.kind == RIGHT)


def _told(row: FileRow) -> str:
    return f"{row.mistake or row.kind}: {f'refused by {row.refused}' if row.refused else 'accepted'}"


def _print(rows: list[FileRow]) -> None:
    found = figures(rows)
    table = Table(title=f"{len(rows)} files of hands", title_justify="left")
    for column in ("mistake", "files", "refused"):
        table.add_column(column)
    for kind in KINDS:
        table.add_row(kind, str(found["files"].get(kind, 0)), str(found["refused"].get(kind, 0)))
    console.print(table)
    for row in rows:
        if _wrong(row):
            console.print(f"individual {row.seed}, {_told(row)}: {row.said}", highlight=False, markup=False)
