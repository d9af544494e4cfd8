"""dexterity bench reports"""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.markup import escape

from dexterity_ros.bench.planted.score import MISSED, Outcome, judged
from dexterity_ros.bench.planted.trouble import CLEAN, PLANTED
from dexterity_ros.cli.options.bench_reports import BenchReportsOptions
from dexterity_ros.cli.output import console, figures_table, write_json
from dexterity_ros.contracts.errors import ConfigError


def reports(options: BenchReportsOptions) -> int:
    """Prints what reports say of planted causes; status 1 below the bar."""
    known = {trouble.name: trouble for trouble in (*PLANTED, *CLEAN)}
    unknown = sorted(set(options.runs) - known.keys())
    if unknown:
        raise ConfigError(f"no run is called {unknown}; there are {sorted(known)}")
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as scratch, console.status("") as status:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for k, name in enumerate(options.runs or known):
            status.update(name)
            outcomes.append(judged(known[name], folder / name.replace(" ", "_"), options.seed + k))
            console.print(_line(outcomes[-1]), highlight=False)
    figures = _figures(outcomes)
    shown = {key: figures[key] for key in ("planted", "named", "clean", "accused")}
    console.print(figures_table("bench reports", shown))
    write_json(options.json, figures)
    return int(figures["named"] < figures["planted"] - MISSED or figures["accused"] > 0)


def _line(outcome: Outcome) -> str:
    mark = "[green]+[/green]" if outcome.right else "[red]-[/red]"
    return f"{mark} {outcome.name}: {escape(outcome.said[0] if outcome.said else 'nothing was found to be wrong')}"


def _figures(outcomes: list[Outcome]) -> dict[str, Any]:
    planted, clean = ([o for o in outcomes if o.planted is wanted] for wanted in (True, False))
    return {
        "planted": len(planted),
        "named": sum(o.right for o in planted),
        "clean": len(clean),
        "accused": sum(not o.right for o in clean),
        "each": [asdict(outcome) for outcome in outcomes],
    }
