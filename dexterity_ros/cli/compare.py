"""dexterity compare"""

from typing import Any

from rich.markup import escape

from dexterity_ros.cli.options.replay import CompareOptions
from dexterity_ros.cli.output import console, figures_table, say_damage, write_json
from dexterity_ros.cli.replay import read_run
from dexterity_ros.replay.compare import Comparison
from dexterity_ros.replay.compare import compare as compare_run


def compare(options: CompareOptions) -> int:
    """Prints what is wrong with a recording; status 1 when something is."""
    run = read_run(options.bag, options.hand)
    with console.status(f"looking through {run.bag.duration_s:.0f} s of recording"):
        result = compare_run(run, run.manifest())
    _print_figures(result)
    for finding in result.findings:
        console.print(f"[red]{finding.kind}[/red]: {escape(finding.says)}", highlight=False)
    if not result.findings:
        console.print("[green]nothing found[/green]")
    write_json(options.json, result.as_dict())
    say_damage(run.bag.damage, run.bag.doubts)
    return int(bool(result.findings))


def _print_figures(result: Comparison) -> None:
    console.print(figures_table("timing", result.timing))
    outside = {name: _range_said(row) for name, row in result.ranges.items() if row["share"] > 0.0}
    console.print(figures_table("outside the range of training", outside))
    if result.diagnosis is not None:
        rms = result.diagnosis["prediction_rms_rad"]
        console.print(figures_table("joints mispredicted by, rad in 150 ms", rms))
    if result.skipped:
        console.print(f"[yellow]no diagnosis[/yellow]: {escape(result.skipped)}", highlight=False)


def _range_said(row: dict[str, Any]) -> str:
    worst = f"worst {row['recorded']} for {row['trained']}, number {row['worst_index']}"
    return f"{100 * row['share']:.1f} % of ticks, from {row['first_s']} s; {worst}"
