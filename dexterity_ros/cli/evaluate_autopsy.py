"""dexterity evaluate --autopsy: why goals failed, and what would have helped."""

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from dexterity_ros.cli.output import console, outcome_table
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.evaluation.autopsy import Autopsy
from dexterity_ros.evaluation.controllers import PolicyController
from dexterity_ros.evaluation.failure_kinds import DROP_KINDS, LATE_KINDS
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.simulate import Course, run_trials
from dexterity_ros.reporting.autopsy_page import autopsy_page
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline


def perform_autopsy(pipeline: PolicyPipeline, course: Course, folder: Path) -> dict[str, Any]:
    """Judges a policy, writes autopsy.json and index.html into a folder, and returns the summary of its trials."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from error
    watcher = Autopsy(course, pipeline)
    with console.status(f"{course.episodes} episodes of {course.task.name}") as status:
        row = summary(run_trials(PolicyController(pipeline), course, watcher))
        status.update(f"{len(watcher.stuck)} stuck hands, each remedy on 16 copies of each")
        report = watcher.report() | {"kinds": {"late": LATE_KINDS, "dropped": DROP_KINDS}}
    name = pipeline.manifest.name
    console.print(outcome_table(f"{name}: {course.task.name}", {"policy": row}))
    _print(report)
    (folder / "autopsy.json").write_text(json.dumps({"policy": name, "summary": row} | report, indent=1) + "\n")
    autopsy_page(f"Autopsy of {name}", report, row, course.task.success_rad).write(folder / "index.html")
    console.print(f"wrote {folder / 'index.html'} and autopsy.json", highlight=False)
    return row


def _print(report: dict[str, Any]) -> None:
    for how, found in report["counts"].items():
        told = ", ".join(f"{kind} {count}" for kind, count in found.items()) or "none"
        console.print(f"{how}: {told}", highlight=False)
    if report["forks"]:
        console.print(_fork_table(report["forks"]))


def _fork_table(forks: dict[str, Any]) -> Table:
    table = Table(title="stuck hands: what frees them in 10 s", title_justify="left")
    for column in ("remedy", "copies", "escaped", "95 %", "dropped", "95 %"):
        table.add_column(column, justify="left" if column == "remedy" else "right")
    for name, row in forks.items():
        cells = []
        for what in ("escaped", "dropped"):
            low, high = row[f"{what}_ci95"]
            cells += [f"{100 * row[f'{what}_share']:.0f} %", f"{100 * low:.0f}-{100 * high:.0f}"]
        table.add_row(name, str(row["copies"]), *cells)
    return table
