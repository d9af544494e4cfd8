"""The page of trials on a robot: what each policy reached, policies beside each other, and every trial."""

from typing import Any

import numpy as np

from dexterity_ros.evaluation.trials.plan import TrialPlan
from dexterity_ros.evaluation.trials.sheet import COLUMNS, Sheet
from dexterity_ros.reporting.drawing import COLOURS, INK, Figure, drawing, legend
from dexterity_ros.reporting.page import Page, Section, table

_NOT_SHOWN = ("counts", "goal_seconds")  # of the sheet's columns


def trials_page(plan: TrialPlan, sheet: Sheet, figures: dict[str, Any]) -> Page:
    """Returns the page. figures: as evaluation/trials/figures.py has them. Raises ConfigError without matplotlib."""
    beside = [Section(title="Beside each other", body=_differences(figures))] if figures["differences"] else []
    return Page(
        title=f"Trials: {plan.protocol}",
        subtitle=f"on {plan.system}, at most {plan.goals} goals in a trial; {sheet.path}",
        tiles=tuple(_tile(row) for row in figures["policies"]),
        alarms=tuple(_alarms(sheet)),
        sections=(
            Section(title="Policies", body=_policies(figures), figures=(_in_a_row(plan, sheet),)),
            *beside,
            Section(title="Every trial", body=_rows(sheet)),
        ),
    )


def _tile(row: dict[str, Any]) -> tuple[str, str, str]:
    return f"{row['policy']}: goals in a row", f"{row['consecutive']['mean']:.1f}", "plain"


def _alarms(sheet: Sheet) -> list[str]:
    """Returns what did not count, and what stopped the robot: a person should know both."""
    return [
        f"trial {row.episode}: {row.ended.outcome.value}{f', {row.ended.detail}' if row.ended.detail else ''}"
        for row in sheet.rows
        if row.ended.by == "robot"
    ]


def _policies(figures: dict[str, Any]) -> str:
    header = ("policy", "trials", "goals reached", "rate, %", "95 %", "in a row", "95 %", "median", "s per goal")
    rows = []
    for row in figures["policies"]:
        run, seconds = row["consecutive"], row["time_per_goal_s"]["median"]
        reached = f"{row['goals_reached']} of {row['goals_attempted']}"
        rate, mean = f"{100 * row['rate']:.1f}", f"{run['mean']:.2f}"
        intervals = _percent(row["rate_ci95"]), f"{run['ci95'][0]:.2f} to {run['ci95'][1]:.2f}"
        cells = (row["policy"], len(row["trials"]), reached, rate, intervals[0], mean, intervals[1], run["median"])
        rows.append((*cells, "-" if seconds is None else f"{seconds:.1f}", _more(row), _outcomes(row)))
    return table((*header, "more trials for 5 points", "ended by"), rows)


def _percent(interval: list[float] | None) -> str:
    return "-" if interval is None else f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f}"


def _interval(interval: list[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:+.2f} to {interval[1]:+.2f}"


def _outcomes(row: dict[str, Any]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in row["outcomes"].items())


def _more(row: dict[str, Any]) -> str:
    more = row["more_for_5_points"]
    return "not known yet" if more is None else str(more)


def _differences(figures: dict[str, Any]) -> str:
    header = ("", "pairs", "rate, points", "95 %", "in a row", "95 %", "told apart", "more trials for 5 points")
    rows = []
    for row in figures["differences"]:
        title = f"{row['policy']} less {row['less']}"
        if not row["pairs"]:
            rows.append((title, 0, "-", "-", "-", "-", "no", _more(row)))
            continue
        run, rate = f"{row['goals_in_a_row']:+.2f}", f"{100 * row['rate']:+.1f}"
        inside = _percent(row["rate_ci95"]), _interval(row["goals_in_a_row_ci95"])
        told = "yes" if row["told_apart"] else "no"
        rows.append((title, row["pairs"], rate, inside[0], run, inside[1], told, _more(row)))
    note = "Trials of a block had the same goals and are compared in pairs. More trials: of each, with a power of 80 %."
    return f"{table(header, rows)}<p>{note}</p>"


def _in_a_row(plan: TrialPlan, sheet: Sheet) -> Figure:
    """Returns goals in a row over the trials in the order in which they were run."""
    figure, axes = drawing(height_in=2.8)
    axis = axes[0, 0]
    counted = sorted(sheet.counted, key=lambda row: row.episode)
    for k, one in enumerate(plan.policies):
        mine = [row for row in counted if row.policy == one.name]
        reached = [len(row.ended.goal_times_s) for row in mine]
        colour = COLOURS[k % len(COLOURS)]
        axis.plot([row.episode for row in mine], reached, "o", color=colour, label=one.name)
        axis.axhline(float(np.mean(reached)) if reached else 0.0, color=colour, linewidth=0.8)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.set_ylim(bottom=-0.3)
    axis.set_xlabel("trial, in the order in which they were run", color=INK)
    axis.set_ylabel("goals in a row")
    legend(axis, loc="best")
    columns = {
        "trial": [row.episode for row in counted],
        "policy": [row.policy for row in counted],
        "goals_in_a_row": [len(row.ended.goal_times_s) for row in counted],
    }
    return Figure(name="in_a_row", note="Goals in a row; lines: the means.", drawing=figure, columns=columns)


def _rows(sheet: Sheet) -> str:
    names = [name for name in COLUMNS if name not in _NOT_SHOWN]
    cells = [sheet.shown(row, reveal=True) for row in sheet.rows]
    return table([name.replace("_", " ") for name in names], [[row[name] for name in names] for row in cells])
