"""A training run as a page: is it learning, what is it rewarded for, how far has its curriculum come."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.config import to_mapping
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.training_run import LOG_FILE, RUN_FILE, read_run
from dexterity_ros.reporting.chart import Chart, Line, Panel
from dexterity_ros.reporting.drawing import COLOURS, thinned
from dexterity_ros.reporting.page import Page, Section, preformatted
from dexterity_ros.reporting.training_findings import column, student_findings, teacher_findings

_HEIGHT_PX = 200


def training_page(folder: Path) -> Page:
    """Returns the page of a run directory. Raises ConfigError when it holds no log, or one of something else."""
    try:
        rows = read_log(folder)
        kind = read_run(folder).kind
        if kind == "learner":
            raise ConfigError(f"{folder} is a run of kind learner; pages are of teachers and students")
        return _student_page(folder, rows) if kind != "teacher" else _teacher_page(folder, rows)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        found = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise ConfigError(f"{folder / LOG_FILE} is not the log of a training run ({found})") from error


def _teacher_page(folder: Path, rows: list[dict[str, Any]]) -> Page:
    steps = column(rows, "steps") / 1e6
    last = rows[-1]
    hours = last["seconds"] / 3600.0
    rate = last["steps"] / max(last["seconds"], 1e-9)
    tiles = (
        ("million steps", f"{steps[-1]:.1f}", "plain"),
        ("hours", f"{hours:.2f}", "plain"),
        ("steps per second", f"{rate:.0f}", "plain"),
        ("goals reached lately", f"{100 * last['goal_fraction']:.0f} %", "plain"),
        ("goals up to", f"{last['goal_max_rad']:.1f} rad", "plain"),
        ("width of the ranges", f"{100 * last.get('width', 0.0):.0f} %", "plain"),
    )
    terms = tuple(key for key in last if key.startswith("reward_"))
    rates = _panel(rows, "learning", (("goal_fraction",), ("goal_max_rad",)), ("share of goals", "rad"), smooth=True)
    losses = (("kl", "learning_rate"), ("value_loss", "policy_loss"), ("entropy",))
    sections = (
        Section(title="Learning", figures=(rates,)),
        Section(title="Randomisation", figures=(_widths(rows),) if last.get("widths") else (), body=_no_widths(last)),
        Section(title="Reward", figures=(_panel(rows, "reward", (terms,), ("mean per step",), smooth=True),)),
        Section(title="Update", figures=(_panel(rows, "update", losses, ("", "loss", "nats"), smooth=True),)),
        Section(title="What was trained", details=_files(folder)),
    )
    return Page(
        title=f"Training {folder.name}",
        subtitle=f"{last['updates']} updates",
        tiles=tiles,
        alarms=teacher_findings(rows),
        sections=sections,
    )


def _student_page(folder: Path, rows: list[dict[str, Any]]) -> Page:
    last, alone, missed = rows[-1], column(rows, "alone"), _last_of(column(rows, "unexplained"))
    tiles = (
        ("rounds", f"{last['rounds']}", "plain"),
        ("million labels", f"{last['labels'] / 1e6:.2f}", "plain"),
        ("goals reached, last round", f"{100 * last['rate']:.0f} %", "plain"),
        ("reached alone, last tried", _last_of(alone), "plain"),
        ("of the teacher's actions unexplained", missed, "plain"),
    )
    columns = {key: column(rows, key) for key in ("labels", "rate", "alone", "unexplained")}
    labels = columns["labels"] / 1e6
    lines = (
        Line(label="goals reached, while collecting", values=columns["rate"]),
        Line(label="goals reached, alone", values=alone, colour=1, dots=True),
        Line(label="unexplained", values=columns["unexplained"], colour=2),
    )
    figure = Panel(
        name="learning",
        note="Unexplained: of the variance of the teacher's actions, what the student missed.",
        charts=(Chart(x=labels, lines=lines, unit="share", height=_HEIGHT_PX),),
        span=_span(labels),
        columns=columns,
        x_label="million labels",
    )
    return Page(
        title=f"Student {folder.name}",
        subtitle=f"{last['rounds']} rounds",
        tiles=tiles,
        alarms=student_findings(rows),
        sections=(
            Section(title="Learning", figures=(figure,)),
            Section(title="What was trained", details=_files(folder)),
        ),
    )


def _last_of(shares: Any) -> str:
    known = shares[~np.isnan(shares)]
    return f"{100 * known[-1]:.0f} %" if len(known) else "not tried"


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Returns the rows of a training log. Raises ConfigError."""
    path = folder / LOG_FILE
    if not path.is_file():
        raise ConfigError(f"{folder} is neither a bag nor a training run: it has no {LOG_FILE}")
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    if not rows:
        raise ConfigError(f"{path} is empty: the run has not finished an update yet")
    return rows


def _panel(
    rows: list[dict[str, Any]],
    name: str,
    keys: tuple[tuple[str, ...], ...],
    units: tuple[str, ...],
    *,
    smooth: bool,
) -> Panel:
    """Returns a chart of each group of keys, over the steps."""
    pick, steps = thinned(len(rows), 800), column(rows, "steps") / 1e6
    columns = {key: column(rows, key) for group in keys for key in group}
    shown = {key: _smooth(values) if smooth else values for key, values in columns.items()}
    charts = tuple(
        Chart(
            x=steps[pick],
            lines=tuple(Line(label=key, values=shown[key][pick], colour=k) for k, key in enumerate(group)),
            unit=unit,
            height=_HEIGHT_PX,
        )
        for group, unit in zip(keys, units, strict=True)
    )
    first = {"steps": column(rows, "steps"), "seconds": column(rows, "seconds")}
    note = "Mean of 20 updates. Drag to zoom; what is clicked above is hidden."
    return Panel(
        name=name, note=note, charts=charts, span=_span(steps), columns=first | columns, x_label="million steps"
    )


def _widths(rows: list[dict[str, Any]]) -> Panel:
    names = list(rows[-1]["widths"])
    steps, pick = column(rows, "steps") / 1e6, thinned(len(rows), 800)
    columns = {name: np.array([row.get("widths", {}).get(name, np.nan) for row in rows]) for name in names}
    lines = tuple(
        Line(label=name, values=columns[name][pick], colour=k, dash=k >= len(COLOURS)) for k, name in enumerate(names)
    )
    chart = Chart(x=steps[pick], lines=lines, unit="share of the full range", height=_HEIGHT_PX, low=-0.02, high=1.02)
    return Panel(
        name="widths",
        note="A range grows where its ends are mastered.",
        charts=(chart,),
        span=_span(steps),
        columns={"steps": column(rows, "steps")} | columns,
        x_label="million steps",
    )


def _span(x: Floats) -> tuple[float, float]:
    known = x[np.isfinite(x)]
    first, last = (float(known[0]), float(known[-1])) if len(known) else (0.0, 1.0)
    return first, last if last > first else first + 1e-3


def _no_widths(last: dict[str, Any]) -> str:
    return "" if last.get("widths") else "<p class='sub'>Every range was at its full width from the beginning.</p>"


def _files(folder: Path) -> dict[str, str]:
    return {RUN_FILE: preformatted(yaml.safe_dump(to_mapping(read_run(folder)), sort_keys=False))}


def _smooth(values: Any, window: int = 20) -> Any:
    """Returns the mean of the last `window` values at each place."""
    filled = np.nan_to_num(values)
    total = np.cumsum(np.concatenate([[0.0], filled]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(ends - window, 0)
    return (total[ends] - total[begins]) / (ends - begins)
