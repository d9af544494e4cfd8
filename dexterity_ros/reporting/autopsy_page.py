"""The page of an autopsy: why goals failed, and what would have helped (evaluation/autopsy.py)."""

from collections.abc import Mapping, Sequence
from typing import Any

from dexterity_ros.reporting.drawing import COLOURS, Figure, drawing, legend
from dexterity_ros.reporting.page import Page, Section, table
from dexterity_ros.reporting.told import escape

_DRAWN = 24  # failures of each sort with a picture of their own
_PER_ROW = 4


def autopsy_page(title: str, report: Mapping[str, Any], summary: Mapping[str, Any], success_rad: float) -> Page:
    """Returns the page. report: of Autopsy.report, with the texts of its kinds. summary: of the same trials."""
    late = [case for case in report["cases"] if case["how"] == "late"]
    fallen = [case for case in report["cases"] if case["how"] == "dropped"]
    tiles = (
        ("goals in a row", f"{summary['consecutive']['mean']:.1f}", "plain"),
        ("goals asked for", f"{summary['goals_attempted']}", "plain"),
        ("reached", f"{100 * summary['rate']:.1f} %", "plain"),
        ("late", f"{len(late)}", "bad" if late else "good"),
        ("dropped", f"{len(fallen)}", "bad" if fallen else "good"),
    )
    sections = (
        Section(title="What would have helped", body=_fork_text(), figures=_fork_figures(report["forks"])),
        _failures("Late goals", late, success_rad),
        _failures("Drops", fallen, success_rad),
    )
    alarms = tuple(
        f"{count} {how}: {texts[kind]} ({kind.replace('_', ' ')})"
        for how, texts in report["kinds"].items()
        for kind, count in report["counts"][how].items()
    )
    return Page(title=title, subtitle="goals that failed, one by one", tiles=tiles, alarms=alarms, sections=sections)


def _fork_text() -> str:
    return (
        "<p>Copies of the moment at which a goal was late, each with noise of its own. A remedy leads, then "
        "the policy goes on. Escaped: the goal was reached in 10 s.</p>"
    )


def _fork_figures(forks: Mapping[str, Mapping[str, Any]]) -> tuple[Figure, ...]:
    if not forks:
        return ()
    figure, axes = drawing(height_in=2.6)
    axis, names = axes[0, 0], list(forks)
    columns: dict[str, Any] = {"remedy": names}
    for k, what in enumerate(("escaped", "dropped")):
        shares = [forks[name][f"{what}_share"] for name in names]
        low = [share - forks[name][f"{what}_ci95"][0] for share, name in zip(shares, names, strict=True)]
        high = [forks[name][f"{what}_ci95"][1] - share for share, name in zip(shares, names, strict=True)]
        places = [row + 0.35 * k - 0.175 for row in range(len(names))]
        errors = [[max(part, 0.0) for part in side] for side in (low, high)]
        axis.bar(places, shares, width=0.33, color=COLOURS[(0, 3)[k]], label=what, yerr=errors, ecolor=COLOURS[5])
        columns |= {what: shares, f"{what}_low": [s - e for s, e in zip(shares, low, strict=True)]}
        columns[f"{what}_high"] = [s + e for s, e in zip(shares, high, strict=True)]
    axis.set_xticks(range(len(names)), [name.replace("_", " ") for name in names])
    axis.set(ylabel="share of copies", ylim=(0.0, 1.0))
    legend(axis, loc="upper left")
    copies = next(iter(forks.values()))["copies"]
    note = f"{copies} copies per remedy; intervals of 95 %, stuck hands resampled."
    return (Figure(name="forks", note=note, drawing=figure, columns=columns),)


def _failures(title: str, cases: Sequence[Mapping[str, Any]], success_rad: float) -> Section:
    if not cases:
        return Section(title=title, body="<p>None.</p>")
    details = {f"episode {case['episode']}, goal {case['goal']}: {case['kinds'][0]}": _case(case) for case in cases}
    header = (
        "episode",
        "goal",
        "kinds",
        "after s",
        "asked rad",
        "least rad",
        "at s",
        "end rad",
        "moved rad",
        "bias rad",
    )
    keys = ("time_s", "angle_rad", "least_error_rad", "least_error_s", "error_rad", "moved_rad", "rotation_bias_rad")
    rows = [
        (case["episode"], case["goal"], ", ".join(case["kinds"]), *(f"{case[key]:.2f}" for key in keys))
        for case in cases
    ]
    name = title.lower().replace(" ", "_")
    return Section(
        title=title, body=table(header, rows), figures=(_curves(name, cases[:_DRAWN], success_rad),), details=details
    )


def _curves(name: str, cases: Sequence[Mapping[str, Any]], success_rad: float) -> Figure:
    rows = -(-len(cases) // _PER_ROW)
    figure, axes = drawing(rows, _PER_ROW, height_in=1.5 * rows + 0.4, shared=False)
    for axis, case in zip(axes.flat, cases, strict=False):
        series = case["series"]
        axis.plot(series["time_s"], series["error_rad"], color=COLOURS[0], linewidth=0.8)
        axis.axhline(success_rad, color=COLOURS[2], linewidth=0.8)
        axis.set(ylim=(0.0, 3.2))
        axis.set_title(f"{case['episode']}/{case['goal']} {case['kinds'][0]}", fontsize=8)
    for axis in list(axes.flat)[len(cases) :]:
        axis.set_visible(False)
    columns = {
        "case": [f"{case['episode']}/{case['goal']}" for case in cases for _ in case["series"]["time_s"]],
        "time_s": [t for case in cases for t in case["series"]["time_s"]],
        "error_rad": [e for case in cases for e in case["series"]["error_rad"]],
    }
    note = "Error in rad over the time since the goal was given, in s; the line is where it counts as reached."
    return Figure(name=name, note=note, drawing=figure, columns=columns)


def _case(case: Mapping[str, Any]) -> str:
    joints = [
        (name, *(f"{row[key]:.2f}" for key in ("pos_rad", "target_rad")), f"{row['target_rad'] - row['pos_rad']:.2f}",
         f"{row['warmth']:.2f}")
        for name, row in case["joints"].items()
    ]  # fmt: skip
    contacts = [(f"{before} s before", ", ".join(parts) or "nothing") for before, parts in case["contacts"].items()]
    hidden = [(name.replace("_", " "), f"{value:.2f}") for name, value in case["hidden"].items()]
    place = ", ".join(f"{1000 * part:.0f}" for part in case["object_pos_m"])
    period = "" if case["period_s"] is None else f" The error repeats itself every {case['period_s']:.2f} s."
    return (
        f"<p>{escape(f'The object was {place} mm from the grasp centre.{period}')}</p>"
        + table(("joint", "at rad", "target rad", "lead rad", "warmth"), joints)
        + table(("when", "what touched the object"), contacts)
        + table(("hidden hand", "beside nominal"), hidden)
    )
