"""A training run as a page: is it learning, what is it rewarded for, how far has its curriculum come."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dexterity_ros.contracts.config import to_mapping
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.training_run import LOG_FILE, RUN_FILE, read_run
from dexterity_ros.reporting.page import COLOURS, Figure, Page, Section, drawing, legend, preformatted, thinned


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
    steps = _column(rows, "steps") / 1e6
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
    terms = [key for key in last if key.startswith("reward_")]
    sections = (
        Section(
            title="Learning",
            figures=(
                _curves(
                    rows, "learning", ("goal_fraction",), "share of goals reached, lately", ("goal_max_rad",), "rad"
                ),
            ),
        ),
        Section(title="Randomisation", figures=(_widths(rows),) if last.get("widths") else (), body=_no_widths(last)),
        Section(title="Reward", figures=(_curves(rows, "reward", tuple(terms), "mean per step, unscaled"),)),
        Section(
            title="Update",
            figures=(
                _curves(rows, "kl", ("kl", "learning_rate"), "KL, learning rate"),
                _curves(rows, "losses", ("value_loss", "policy_loss", "entropy"), "losses, entropy"),
            ),
        ),
        Section(title="What was trained", details=_files(folder)),
    )
    return Page(
        title=f"Training {folder.name}",
        subtitle=f"{last['updates']} updates",
        tiles=tiles,
        alarms=(),
        sections=sections,
    )


def _student_page(folder: Path, rows: list[dict[str, Any]]) -> Page:
    last, alone, missed = rows[-1], _column(rows, "alone"), _last_of(_column(rows, "unexplained"))
    tiles = (
        ("rounds", f"{last['rounds']}", "plain"),
        ("million labels", f"{last['labels'] / 1e6:.2f}", "plain"),
        ("goals reached, last round", f"{100 * last['rate']:.0f} %", "plain"),
        ("reached alone, last tried", _last_of(alone), "plain"),
        ("of the teacher's actions unexplained", missed, "plain"),
    )
    columns = {key: _column(rows, key) for key in ("labels", "rate", "alone", "unexplained")}
    figure, axes = drawing(height_in=2.8)
    axis, labels = axes[0, 0], columns["labels"] / 1e6
    axis.plot(labels, columns["rate"], color=COLOURS[0], linewidth=1.2, label="goals reached, while collecting")
    axis.plot(labels, alone, "o", color=COLOURS[1], markersize=4, label="goals reached, alone")
    axis.plot(labels, columns["unexplained"], color=COLOURS[2], linewidth=1.2, label="unexplained")
    axis.set(xlabel="million labels", ylabel="share", ylim=(0.0, 1.4))
    legend(axis, loc="upper right", ncols=3)
    note = "Unexplained: of the variance of the teacher's actions, what the student missed."
    learning = Section(title="Learning", figures=(Figure(name="learning", note=note, drawing=figure, columns=columns),))
    return Page(
        title=f"Student {folder.name}",
        subtitle=f"{last['rounds']} rounds",
        tiles=tiles,
        alarms=(),
        sections=(learning, Section(title="What was trained", details=_files(folder))),
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


def _curves(
    rows: list[dict[str, Any]],
    name: str,
    keys: tuple[str, ...],
    unit: str,
    right: tuple[str, ...] = (),
    other: str = "",
) -> Figure:
    pick = thinned(len(rows), 800)
    steps = _column(rows, "steps") / 1e6
    figure, axes = drawing(height_in=2.8)
    axis = axes[0, 0]
    columns: dict[str, Any] = {"steps": _column(rows, "steps"), "seconds": _column(rows, "seconds")}
    for k, key in enumerate(keys):
        columns[key] = _column(rows, key)
        smooth = _smooth(columns[key])
        axis.plot(steps[pick], smooth[pick], color=COLOURS[k % len(COLOURS)], linewidth=1.2, label=key)
    axis.set(xlabel="million steps", ylabel=unit)
    if right:
        second = axis.twinx()
        for k, key in enumerate(right):
            columns[key] = _column(rows, key)
            colour = COLOURS[(len(keys) + k) % len(COLOURS)]
            second.plot(steps[pick], columns[key][pick], color=colour, linewidth=1.2, label=key)
            axis.plot([], [], color=colour, label=key)
        second.set_ylabel(other, color=axis.yaxis.label.get_color())
        second.tick_params(colors=axis.yaxis.label.get_color(), labelsize=8)
        second.set_frame_on(False)
    legend(axis, loc="upper left", ncols=4)
    return Figure(name=name, note="Mean of 20 updates.", drawing=figure, columns=columns)


def _widths(rows: list[dict[str, Any]]) -> Figure:
    names = list(rows[-1]["widths"])
    steps, pick = _column(rows, "steps") / 1e6, thinned(len(rows), 800)
    figure, axes = drawing(height_in=3.2)
    columns: dict[str, Any] = {"steps": _column(rows, "steps")}
    for k, name in enumerate(names):
        columns[name] = np.array([row.get("widths", {}).get(name, np.nan) for row in rows])
        style = "-" if k < len(COLOURS) else ("--" if k < 2 * len(COLOURS) else ":")
        axes[0, 0].plot(steps[pick], columns[name][pick], style, color=COLOURS[k % len(COLOURS)], label=name)
    axes[0, 0].set(xlabel="million steps", ylabel="share of the full range", ylim=(-0.02, 1.02))
    legend(axes[0, 0], loc="center left", bbox_to_anchor=(1.0, 0.5))
    return Figure(name="widths", note="A range grows where its ends are mastered.", drawing=figure, columns=columns)


def _no_widths(last: dict[str, Any]) -> str:
    return "" if last.get("widths") else "<p class='sub'>Every range was at its full width from the beginning.</p>"


def _files(folder: Path) -> dict[str, str]:
    return {RUN_FILE: preformatted(yaml.safe_dump(to_mapping(read_run(folder)), sort_keys=False))}


def _column(rows: list[dict[str, Any]], key: str) -> Any:
    return np.array([row.get(key, np.nan) for row in rows], dtype=float)


def _smooth(values: Any, window: int = 20) -> Any:
    """Returns the mean of the last `window` values at each place."""
    filled = np.nan_to_num(values)
    total = np.cumsum(np.concatenate([[0.0], filled]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(ends - window, 0)
    return (total[ends] - total[begins]) / (ends - begins)
