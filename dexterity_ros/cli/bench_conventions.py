"""dexterity bench conventions"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from dexterity_ros.bench.conventions import Row, clean, judge_plant, planted
from dexterity_ros.bench.row_file import kept, rows_to_resume
from dexterity_ros.cli.options.bench_conventions import BenchConventionsOptions
from dexterity_ros.cli.output import console, figures_table, say, say_written
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand

_LEAST_NAMED, _MOST_ACCUSED = 0.9, 0.05
_CLEAN_SEED = 100_000  # of clean bundles, which otherwise would meet the grasps and goals of the others


def conventions(options: BenchConventionsOptions) -> int:
    """Prints what the probe names of what is planted; status 1 below the bar."""
    if options.plants < 0 or options.clean < 0 or options.episodes < 2:
        raise ConfigError(f"{options.plants} plants, {options.clean} clean, {options.episodes} episodes: too few")
    rows: list[Row] = rows_to_resume(options.json, options.resume, _row, "bench conventions")
    try:
        with kept(options.json, lambda: [asdict(row) for row in rows]) as keep:
            for row in _others(options, {(bool(row.family), row.number) for row in rows}):
                rows.append(row)
                keep()
                say(_line(row))
    finally:  # also of a run that somebody ends
        figures = _figures(rows)
        console.print(figures_table("bench conventions", figures))
        say_written(options.json)
    enough = figures["named"] >= _LEAST_NAMED * figures["planted"]
    return 0 if enough and figures["accused"] <= _MOST_ACCUSED * figures["clean"] else 1


def _others(options: BenchConventionsOptions, done: set[tuple[bool, int]]) -> Iterator[Row]:
    """Yields what is not done yet."""
    hand, seed = load_hand("leap"), options.seed
    for k in range(options.plants):
        if (True, k) not in done:
            yield judge_plant(k, planted(k, hand, seed), hand, episodes=options.episodes, seed=seed + k)
    for k in range(options.clean):
        if (False, k) not in done:
            yield judge_plant(k, clean(k, hand), hand, episodes=options.episodes, seed=seed + _CLEAN_SEED + k)


def _row(content: dict[str, Any]) -> Row:
    return Row(**content)


def _line(row: Row) -> str:
    right = "named" if row.named else row.verdict
    other = "" if row.other_score is None else f", best other {row.other_score:.2f} ({row.other})"
    return f"{row.policy}, planted {row.planted}: {right}; as said {row.score:.2f}{other}"


def _figures(rows: list[Row]) -> dict[str, int]:
    wrong, sound = [row for row in rows if row.family], [row for row in rows if not row.family]
    return {
        "planted": len(wrong),
        "named": sum(row.named for row in wrong),
        "clean": len(sound),
        "accused": sum(row.verdict == "other" for row in sound),
        "cannot tell": sum(row.verdict == "cannot_tell" for row in rows),
    }
