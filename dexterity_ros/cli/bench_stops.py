"""dexterity bench stops"""

from collections.abc import Iterator
from dataclasses import asdict

from rich.table import Table

from dexterity_ros.bench.stops import virtual
from dexterity_ros.bench.stops.rows import StopRow, shortcomings, worst
from dexterity_ros.cli.options.bench import BenchStopsOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.contracts.robot_hand import load_robot_hand

_Judged = tuple[StopRow, list[str]]


def stops(options: BenchStopsOptions) -> int:
    """Prints how long every kind of stop takes, and what moved or had torque after it; status 1 when one was none."""
    judged: list[_Judged] = []
    try:
        for row, wrong in _all(options):
            judged.append((row, wrong))
            if wrong:
                what = f"{row.kind}, {row.bus_fault}, {row.time} time"
                console.print(f"[red]{what}[/red]: {'; '.join(wrong)}", highlight=False)
    finally:  # also of a run that somebody ends
        console.print(_table(judged))
        write_json(options.json, _figures(judged))
    return int(any(wrong for _, wrong in judged))


def _all(options: BenchStopsOptions) -> Iterator[_Judged]:
    yield from _virtual(options.repeats)
    if options.real_repeats:
        yield from _real(options.real_repeats)


def _virtual(repeats: int) -> Iterator[_Judged]:
    hand = load_robot_hand("leap")
    with console.status("") as status:
        for kind, stop in virtual.KINDS.items():
            status.update(f"{kind}, virtual time")
            for fault in virtual.BUS_FAULTS:
                for repeat in range(repeats):
                    row = virtual.run_stop(hand, kind, fault, repeat)
                    yield row, shortcomings(row, stop.allowed_ms, reachable=fault not in virtual.UNREACHABLE)


def _real(repeats: int) -> Iterator[_Judged]:
    from dexterity_ros.bench.stops import real
    from dexterity_ros.bench.stops.standing import standing_system

    with standing_system() as system, console.status("") as status:
        for repeat in range(repeats):
            for fault in real.BUS_FAULTS:
                for kind, stop in real.KINDS.items():
                    status.update(f"{kind}, {fault}, real time, repeat {repeat + 1}")
                    row = real.run_real_stop(system, kind, fault, repeat)
                    yield row, shortcomings(row, stop.allowed_ms, reachable=fault != "cable out")


def _figures(judged: list[_Judged]) -> dict[str, object]:
    return {"rows": [asdict(row) | {"shortcomings": wrong} for row, wrong in judged]}


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
