"""dexterity bench bringup"""

from rich.table import Table

from dexterity_ros.bench.bringup.scores import summary
from dexterity_ros.bench.bringup.walks import Watchers, walks
from dexterity_ros.cli.options.bench import BenchBringupOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.runtime.ending import interrupt_once


def bringup(options: BenchBringupOptions) -> int:
    """Prints how far the walks came; status 1 when a sign was wrong or torque was left on."""
    interrupt_once()
    rows = []
    watchers = Watchers(wrong_share=options.wrong_percent * 0.01, eyes=options.eyes)
    with console.status("") as status:
        for row in walks(options.hand, options.robots, options.first_seed, watchers):
            rows.append(row)
            status.update(f"{len(rows)} of {options.robots} walks; last: {row.said or 'finished'}")
    figures = summary(rows)
    table = Table(title=f"{options.robots} hidden individuals", title_justify="left")
    for column in ("", "seen"):
        table.add_column(column)
    for name, value in figures.items():
        if name != "walks":
            table.add_row(name, str(value))
    console.print(table)
    for row in rows:
        if row.said:
            console.print(f"individual {row.seed}: {row.said}", highlight=False, markup=False)
    write_json(options.json, figures)
    return int(figures["signs_right"] < options.robots or figures["motors_with_torque"] > 0)
