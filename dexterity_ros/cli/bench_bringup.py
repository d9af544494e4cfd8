"""dexterity bench bringup"""

from typing import Any

from rich.table import Table

from dexterity_ros.bench.bringup.scores import WalkRow, Watchers, summary
from dexterity_ros.bench.bringup.walks import walks
from dexterity_ros.bench.row_file import kept, rows_to_resume
from dexterity_ros.cli.options.bench_bringup import BenchBringupOptions
from dexterity_ros.cli.output import console, say_written
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.runtime.ending import interrupt_once


def bringup(options: BenchBringupOptions) -> int:
    """Prints how far the walks came; status 1 when a sign was wrong or torque was left on."""
    if options.robots < 1:
        raise ConfigError(f"--robots is {options.robots}, expected 1 or more")
    interrupt_once()
    rows: list[WalkRow] = rows_to_resume(options.json, options.resume, _row, "bench bringup")
    watchers = Watchers(wrong_share=options.wrong_percent * 0.01, eyes=options.eyes)
    todo = _todo(options, watchers, rows)
    try:
        with (
            kept(options.json, lambda: [config.to_mapping(row) for row in rows], lambda: _figures(rows)) as keep,
            console.status("") as status,
        ):
            for row in walks(options.hand, todo, watchers):
                rows.append(row)
                keep()
                status.update(f"{len(rows)} of {options.robots} walks; last: {row.said or 'finished'}")
    finally:  # also of a run that somebody ends
        if rows:
            _print(rows)
        say_written(options.json)
    figures = _figures(rows)
    return int(figures["signs_right"] < len(rows) or figures["motors_with_torque"] > 0)


def _row(content: dict[str, Any]) -> WalkRow:
    return config.from_mapping(WalkRow, content, where="rows")


def _figures(rows: list[WalkRow]) -> dict[str, Any]:
    return summary(rows) if rows else {}


def _todo(options: BenchBringupOptions, watchers: Watchers, done: list[WalkRow]) -> list[int]:
    """Returns the individuals that are still to be walked on. Raises ConfigError when the walks so far were others."""
    hand = load_hand(options.hand).name
    for row in done:
        if (row.watchers, row.hidden.hand) != (watchers, hand):
            held = f"{row.hidden.hand}, {100.0 * row.watchers.wrong_share:g} % wrong answers, eyes {row.watchers.eyes}"
            raise ConfigError(
                f"{options.json} holds walks of {held}: expected those of --hand, --wrong-percent, --eyes"
            )
    seeds = range(options.first_seed, options.first_seed + options.robots)
    return [seed for seed in seeds if seed not in {row.seed for row in done}]


def _print(rows: list[WalkRow]) -> None:
    table = Table(title=f"{len(rows)} hidden individuals", title_justify="left")
    for column in ("", "seen"):
        table.add_column(column)
    for name, value in _figures(rows).items():
        if name != "walks":
            table.add_row(name, str(value))
    console.print(table)
    for row in rows:
        if row.said:
            console.print(f"individual {row.seed}: {row.said}", highlight=False, markup=False)
