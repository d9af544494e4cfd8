"""What every command prints alike: tables, and JSON files."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from dexterity_ros.cli.errors import folded
from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import printable
from dexterity_ros.contracts.hand import HandFile

console = Console()


def write_json(path: Path | None, content: dict[str, Any]) -> None:
    """Writes `content` to `path` when one was asked for. Raises ConfigError when that cannot be written."""
    if path is None:
        return
    try:
        with drafted(path) as draft:
            draft.write_text(json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    say_written(path)


def say_written(path: Path | None) -> None:
    """Says that a file was written, where one was asked for."""
    if path is not None:
        say(f"wrote {path}")


def say(text: str) -> None:
    """Prints a line as it is: brackets in names are no colours, and no line is folded."""
    console.print(printable(text), highlight=False, markup=False, soft_wrap=True)


def say_labelled(label: str, words: str, style: str) -> None:
    """Prints a sentence with a label in a style; a terminal gets it broken between words, a file as one line."""
    line = printable(label + words)
    text = Text(folded(line, console.width) if console.is_terminal else line)
    text.stylize(style, 0, len(printable(label)))
    console.print(text, soft_wrap=True)


def say_damage(damage: str, doubts: str) -> int:
    """Says in one line each what is damaged in a recording and what no checksum covers; returns the status, 1 or 0."""
    if damage:
        say_labelled("damaged", f": {damage}", "red")
    if doubts:
        say_labelled("note", f": {doubts}", "yellow")
    return int(bool(damage))


def say_left_out(left_out: dict[str, str]) -> None:
    """Says in one line each what an export does not contain, and why."""
    for name, why in left_out.items():
        say_labelled("left out", f": {name}: {why}", "yellow")


def _plain(text: str) -> str:
    """Returns a text of one line for the terminal: nothing in it is a colour, and what cannot be seen is escaped."""
    return escape(printable(text))


def outcome_table(title: str, rows: dict[str, dict[str, Any]]) -> Table:
    """Returns a table with one row per summary (evaluation/outcomes.py)."""
    table = Table(title=_plain(title), title_justify="left")
    for column in ("", "goals", "reached", "95 %", "in a row", "max", "s per goal", "drops"):
        table.add_column(column, justify="left" if column == "" else "right")
    for name, row in rows.items():
        low, high = row["rate_ci95"]
        consecutive, times = row["consecutive"], row["time_per_goal_s"]
        table.add_row(
            name,
            str(row["goals_attempted"]),
            f"{100 * row['rate']:.1f} %",
            f"{100 * low:.0f}-{100 * high:.0f}",
            f"{consecutive['mean']:.2f}",
            str(consecutive["max"]),
            "-" if times["median"] is None else f"{times['median']:.1f}",
            str(row["drops"]),
        )
    return table


def fault_table(rows: list[dict[str, Any]]) -> Table:
    """Returns a table with one row per kind of fault (bench/faults.py), worst of its seeds."""
    table = Table(title="faults, worst of all seeds", title_justify="left")
    for column in ("kind", "seeds", "detected ms", "reaction", "recovered ms", "unsafe", "stale", "hangs"):
        table.add_column(column, justify="left" if column == "kind" else "right", no_wrap=column == "kind")
    for kind in dict.fromkeys(row["kind"] for row in rows):
        group = [row for row in rows if row["kind"] == kind]
        table.add_row(
            kind,
            str(len(group)),
            _worst([row["detected_ms"] for row in group]),
            "/".join(sorted({row["reaction"] for row in group})),
            _worst([row["recovered_ms"] for row in group]),
            str(sum(row["unsafe_targets"] for row in group)),
            str(sum(row["stale_as_fresh"] for row in group)),
            str(sum(row["hang"] for row in group)),
        )
    return table


def _worst(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    missing = len(values) - len(known)
    return (f"{max(known):.0f}" if known else "-") + (f" ({missing} never)" if missing and known else "")


def joint_table(title: str, rows: dict[str, dict[str, Any]], hand: HandFile) -> Table:
    """Returns a table with one row per joint as read from the motors; what is outside the hand's limits is red."""
    table = Table(title=_plain(title), title_justify="left")
    for column in ("joint", "motor", "position rad", "limits rad", "speed rad/s", "current A", "C", "V"):
        table.add_column(column, justify="left" if column == "joint" else "right")
    for joint in hand.joints:
        row = rows[joint.name]
        inside = joint.lower_rad <= row["pos_rad"] <= joint.upper_rad
        cool = row["temperature_c"] < hand.drive.max_temperature_c
        table.add_row(
            joint.name,
            str(row["motor"]),
            _red(f"{row['pos_rad']:.3f}", not inside),
            f"{joint.lower_rad:.2f} {joint.upper_rad:.2f}",
            f"{row['vel_rad_s']:.2f}",
            f"{row['current_a']:.3f}",
            _red(f"{row['temperature_c']:.0f}", not cool),
            f"{row['supply_v']:.1f}",
        )
    return table


def _red(text: str, when: bool) -> str:
    return f"[red]{text}[/red]" if when else text


def replay_table(title: str, result: dict[str, Any]) -> Table:
    """Returns a table with one row per stage, then the observation terms and joints that differ (replay/offline.py)."""
    table = Table(title=_plain(title), title_justify="left")
    for column in ("stage", "repeated", "different", "largest", "first at s", "cannot be repeated"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for row in result["stages"]:
        skipped = str(row["unrepeatable"]) if row["unrepeatable"] else ""
        table.add_row(row["stage"], str(row["compared"]), *_difference(row), skipped)
    for kind in ("terms", "joints"):
        for name, row in result[kind].items():
            if row["differing"]:
                table.add_row(f"  {name}", "", *_difference(row), "")
    return table


def _difference(row: dict[str, Any]) -> tuple[str, str, str]:
    if not row["differing"]:
        return ("0", "", "")
    return (f"[red]{row['differing']}[/red]", f"{row['largest']:.2e}", f"{row['first_s']}")


def tracking_table(title: str, rows: dict[str, dict[str, Any]]) -> Table:
    """Returns a table with one row per joint (evaluation/tracking.py)."""
    table = Table(title=_plain(title), title_justify="left")
    for column in ("joint", "moved rad", "RMS rad", "delay ms"):
        table.add_column(column, justify="left" if column == "joint" else "right")
    for name, row in rows.items():
        delay = "-" if row["delay_ms"] is None else f"{row['delay_ms']:.0f}"
        table.add_row(name, f"{row['moved_rad']:.2f}", f"{row['rms_rad']:.4f}", delay)
    return table


def eyes_table(rows: dict[str, dict[str, float]]) -> Table:
    """Returns a table with one row per disturbance (bench/eyes.py)."""
    table = Table(title="the pose from the eyes, against the truth", title_justify="left")
    for column in ("", "min", "mm p50 / p95", "deg p50 / p95", "lost %", "back in s", "wrong %", "longest s"):
        table.add_column(column, justify="left" if column == "" else "right", no_wrap=column == "")
    for name, row in rows.items():
        pairs = [f"{row[f'{what}_p50']:.2f} / {row[f'{what}_p95']:.2f}" for what in ("position_mm", "rotation_deg")]
        keys = ("lost_percent", "recovery_max_s", "wrong_percent", "wrong_longest_s")
        table.add_row(name, f"{row['minutes']:.1f}", *pairs, *(f"{row[key]:g}" for key in keys))
    return table


def figures_table(title: str, figures: dict[str, Any]) -> Table:
    """Returns a two-column table of names and values: numbers stand below each other, text reads from the left."""
    table = Table(title=_plain(title), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in figures.items():
        lines = "\n".join(map(printable, _text(value).split("\n"))) or "none"
        table.add_row(_plain(name), Text(lines, justify="right" if isinstance(value, int | float) else "left"))
    return table


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_text(v)}" for k, v in value.items())
    return str(value)
