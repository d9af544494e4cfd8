"""dexterity bench stops"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table

from dexterity_ros.bench.row_file import kept, rows_to_resume
from dexterity_ros.bench.stops import virtual
from dexterity_ros.bench.stops.rows import StopRow, shortcomings, worst
from dexterity_ros.cli.options.bench import BenchStopsOptions
from dexterity_ros.cli.output import console, say_written
from dexterity_ros.contracts.robot_hand import load_robot_hand

_Judged = tuple[StopRow, list[str]]
_Name = tuple[str, str, str, int]  # time, kind, bus fault, repeat


def stops(options: BenchStopsOptions) -> int:
    """Prints how long every kind of stop takes, and what moved or had torque after it; status 1 when one was none."""
    judged: list[_Judged] = rows_to_resume(options.json, options.resume, _judged, "bench stops")
    done = {_name(row) for row, _ in judged}
    try:
        with kept(options.json, lambda: [asdict(row) | {"shortcomings": wrong} for row, wrong in judged]) as keep:
            for row, wrong in _all(options, done):
                judged.append((row, wrong))
                keep()
                if wrong:
                    what = f"{row.kind}, {row.bus_fault}, {row.time} time"
                    console.print(f"[red]{what}[/red]: {'; '.join(wrong)}", highlight=False)
    finally:  # also of a run that somebody ends
        console.print(_table(judged))
        say_written(options.json)
    return int(any(wrong for _, wrong in judged))


def _judged(content: dict[str, Any]) -> _Judged:
    wrong = content.pop("shortcomings")
    return StopRow(**content), wrong


def _name(row: StopRow) -> _Name:
    return row.time, row.kind, row.bus_fault, row.repeat


def _all(options: BenchStopsOptions, done: set[_Name]) -> Iterator[_Judged]:
    yield from _virtual(options.repeats, done)
    if options.real_repeats:
        yield from _real(options.real_repeats, done)


def _virtual(repeats: int, done: set[_Name]) -> Iterator[_Judged]:
    hand = load_robot_hand("leap")
    with console.status("") as status:
        for kind, stop in virtual.KINDS.items():
            status.update(f"{kind}, virtual time")
            for fault in virtual.BUS_FAULTS:
                for repeat in range(repeats):
                    if ("virtual", kind, fault, repeat) in done:
                        continue
                    row = virtual.run_stop(hand, kind, fault, repeat)
                    yield row, shortcomings(row, stop.allowed_ms, reachable=fault not in virtual.UNREACHABLE)


def _real(repeats: int, done: set[_Name]) -> Iterator[_Judged]:
    from dexterity_ros.bench.stops import real
    from dexterity_ros.bench.stops.standing import standing_system

    with standing_system() as system, console.status("") as status:
        for repeat in range(repeats):
            for fault in real.BUS_FAULTS:
                for kind, stop in real.KINDS.items():
                    if ("real", kind, fault, repeat) in done:
                        continue
                    status.update(f"{kind}, {fault}, real time, repeat {repeat + 1}")
                    row = real.run_real_stop(system, kind, fault, repeat)
                    yield row, shortcomings(row, stop.allowed_ms, reachable=fault != "cable out")


def _table(judged: list[_Judged]) -> Table:
    table = Table(title="stops")
    for column in ("kind", "time", "stops", "first torque off, ms", "still, ms", "torque on after", "wrong"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, time in dict.fromkeys((row.kind, row.time) for row, _ in judged):
        some = [(row, wrong) for row, wrong in judged if (row.kind, row.time) == (kind, time)]
        rows = [row for row, _ in some]
        off = worst(row.torque_off_ms for row in rows if row.bus_fault == "none" and row.reaction == "stop")
        table.add_row(
            kind,
            time,
            str(len(rows)),
            "-" if off is None else f"{off:.0f}",
            f"{max(row.still_ms for row in rows):.0f}",
            str(sum(row.torque_commands_after for row in rows)),
            str(sum(bool(wrong) for _, wrong in some)),
        )
    return table
