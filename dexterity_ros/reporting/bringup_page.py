"""The page of a bring-up: what was nominal and what was measured, with intervals, what each step said, and pictures."""

import base64
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.bringup.robot_file import RobotFile, StepRecord
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.robot import RobotSpec, Zeros
from dexterity_ros.contracts.robot_hand import NOMINAL_ZERO_RAD
from dexterity_ros.reporting.drawing import COLOURS, INK, Figure, drawing, legend
from dexterity_ros.reporting.page import Page, Section, table
from dexterity_ros.reporting.told import escape

_MOST_BYTES = 4_000_000  # of one picture in the page


def bringup_page(file: RobotFile, hand: HandFile, steps: dict[str, str]) -> Page:
    """Returns the page. steps: each step's name and what it is for, finished or not. Raises ConfigError."""
    robot = file.robot
    warnings = [f"{name}: {text}" for name, record in file.records.items() for text in record.warnings]
    tiles = tuple((name, "done" if name in file.records else "not yet", _tone(name, file)) for name in steps)
    return Page(
        title=f"Bring-up of {robot.name}",
        subtitle=f"{hand.name}; {file.path}",
        tiles=tiles,
        alarms=tuple(warnings),
        sections=(
            Section(title="Before and after", body=_before_and_after(robot, hand), figures=_figures(robot, hand)),
            *(_step_section(name, steps[name], file.records[name]) for name in steps if name in file.records),
        ),
    )


def _tone(name: str, file: RobotFile) -> str:
    if name not in file.records:
        return "plain"
    return "bad" if file.records[name].warnings else "good"


def _before_and_after(robot: RobotSpec, hand: HandFile) -> str:
    """Returns a table of what the hand's file has and what was measured, joint by joint."""
    signs, ids = _wiring(robot)
    zeros = {} if robot.zeros is None else robot.zeros.zeros_rad
    rows = []
    for joint, nominal_id in zip(hand.joint_names, hand.motor_ids, strict=True):
        zero = zeros.get(joint)
        measured = "not measured" if zero is None else f"{np.rad2deg(zero.nominal):.2f}"
        inside = "" if zero is None or zero.low is None else f"{np.rad2deg(zero.low):.2f} to {_deg(zero.high)}"
        motor_id, sign = ids.get(joint), signs.get(joint)
        before_180 = f"{np.rad2deg(NOMINAL_ZERO_RAD):.0f}"
        rows.append((joint, nominal_id, _or_dash(motor_id), "+1", _or_dash(sign, "+d"), before_180, measured, inside))
    header = ("joint", "id before", "id", "sign before", "sign", "zero before, deg", "zero, deg", "95 % interval, deg")
    return table(header, rows)


def _wiring(robot: RobotSpec) -> tuple[dict[str, int], dict[str, int]]:
    wiring = robot.wiring
    return ({}, {}) if wiring is None else (wiring.signs or {}, wiring.motor_ids or {})


def _or_dash(value: int | None, shape: str = "d") -> str:
    return "not measured" if value is None else format(value, shape)


def _deg(value_rad: float | None) -> str:
    return "" if value_rad is None else f"{np.rad2deg(value_rad):.2f}"


def _figures(robot: RobotSpec, hand: HandFile) -> tuple[Figure, ...]:
    return () if robot.zeros is None else (_zeros_figure(robot.zeros, hand),)


def _zeros_figure(zeros: Zeros, hand: HandFile) -> Figure:
    names = hand.joint_names
    found = [zeros.zeros_rad[name] for name in names]
    off = np.rad2deg([each.nominal - NOMINAL_ZERO_RAD for each in found])
    low = np.array([np.nan if each.low is None else np.rad2deg(each.nominal - each.low) for each in found])
    high = np.array([np.nan if each.high is None else np.rad2deg(each.high - each.nominal) for each in found])
    figure, axes = drawing(height_in=2.8)
    axis, places = axes[0, 0], np.arange(len(names))
    axis.axhline(0.0, color=INK, linewidth=0.8, label="before: the hand's file")
    axis.errorbar(places, off, yerr=[low, high], fmt="o", markersize=4, color=COLOURS[0], label="after, 95 % interval")
    axis.set_xticks(places, names, rotation=60, fontsize=8)
    axis.set_ylabel("zero, degrees from nominal")
    legend(axis, loc="best")
    columns: dict[str, Any] = {"joint": list(names), "zero_deg": off, "below_deg": low, "above_deg": high}
    return Figure(name="zeros", note="Zeros of the motors.", drawing=figure, columns=columns)


def _step_section(name: str, about: str, record: StepRecord) -> Section:
    body = f"<p>{escape(record.said)}</p><p class='sub'>{escape(about)}; {escape(record.measured)}</p>"
    details = {each.title: table(each.header, each.rows) for each in record.tables if each.rows}
    pictures = "".join(_picture(Path(file), caption) for file, caption in record.pictures.items())
    if pictures:
        details["Pictures"] = f'<div class="strip">{pictures}</div>'
    return Section(title=name, body=body, details=details)


def _picture(file: Path, caption: str) -> str:
    """Returns a picture inside the page; nothing where the file is gone."""
    if not file.is_file() or file.stat().st_size > _MOST_BYTES:
        return ""
    data = base64.b64encode(file.read_bytes()).decode()
    return f'<div><img alt="{escape(caption)}" src="data:image/png;base64,{data}">{escape(caption)}</div>'
