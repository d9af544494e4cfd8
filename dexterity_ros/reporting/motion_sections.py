"""What moved in a recorded run: the joints, their motors, the object."""

from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.sources import OBJECT_POSE
from dexterity_ros.replay.goal_record import RecordedGoal
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.chart import Chart, Line, Panel, limit_lines
from dexterity_ros.reporting.drawing import thinned
from dexterity_ros.reporting.page import Section
from dexterity_ros.reporting.run_data import seconds, span, true_poses, unit

Rows = list[tuple[int, dict[str, Any]]]
_SMALL_PX = 130
_MOST_OFF = 30.0  # degrees and mm off the truth that are drawn


def joints_section(run: RunRecord) -> Section:
    """Returns what passed the gate and what was measured, joint by joint."""
    names = run.hand.joint_names
    pick = thinned(len(run.joint_pos.stamps_ns), 900)
    stamps, times = run.joint_pos.stamps_ns, seconds(run, run.joint_pos.stamps_ns)
    gated = run.gated.at(stamps)
    gated[stamps < run.gated.stamps_ns[0]] = np.nan  # nothing had passed yet
    table_of = {"time_s": times.round(4)}
    for k, name in enumerate(names):
        table_of |= {f"{name}_rad": run.joint_pos.values[:, k].round(5), f"{name}_gated_rad": gated[:, k].round(5)}
    charts = tuple(
        Chart(
            title=name,
            x=times[pick],
            height=_SMALL_PX,
            lines=(
                Line(label="measured", values=run.joint_pos.values[pick, k]),
                Line(label="gated target", values=gated[pick, k], colour=1),
                *limit_lines(pick, (("limits", joint.lower_rad), ("limits", joint.upper_rad))),
            ),
        )
        for k, (name, joint) in enumerate(zip(names, run.hand.joints, strict=True))
    )
    note = "Radians over seconds. Drag to zoom, on a phone with two fingers; what is clicked above is hidden."
    return Section(
        title="Joints: what passed the gate, and what was measured",
        figures=(Panel(name="joints", note=note, charts=charts, span=span(run), columns=table_of),),
    )


def motors_section(run: RunRecord, rows: Rows) -> Section | None:
    """Returns currents and temperatures; None without any. rows: what the motors said, once a second."""
    if not rows:
        return None
    names = [name for name in run.hand.joint_names if name in rows[-1][1]]
    times = seconds(run, [t for t, _ in rows])
    columns: dict[str, Any] = {"time_s": times.round(3)}
    charts = []
    for key, label, limit in (
        ("current_a", "A", run.hand.max_current_a),
        ("temperature_c", "C", run.hand.drive.max_temperature_c),
    ):
        values = {name: _of_motor(rows, name, key) for name in names}
        columns |= {f"{name}_{key}": values[name] for name in names}
        lines = tuple(Line(label=name, values=values[name], colour=k) for k, name in enumerate(names))
        charts.append(Chart(x=times, unit=label, lines=(*lines, *limit_lines(times, (("limit", limit),)))))
    last = rows[-1][1]
    hottest = max(names, key=lambda name: last[name].get("temperature_c") or 0.0, default="none")
    note = f"All motors, once a second. Warmest at the end: {hottest}."
    return Section(
        title="Current and temperature",
        figures=(Panel(name="motors", note=note, charts=tuple(charts), span=span(run), columns=columns),),
    )


def _of_motor(rows: Rows, name: str, key: str) -> Floats:
    return np.array([row.get(name, {}).get(key, np.nan) for _, row in rows], dtype=float)


def object_section(run: RunRecord, goals: list[RecordedGoal]) -> Section | None:
    """Returns how far the object was from its goals, and the estimate from the truth; None without an object."""
    if not run.has(OBJECT_POSE):
        return None
    pose, truth = run.pose, true_poses(run)
    errors = goal_errors(run, goals, pose.stamps_ns, pose.values)
    times, pick = seconds(run, pose.stamps_ns), thinned(len(pose.stamps_ns))
    columns: dict[str, Any] = {"time_s": times.round(4), "to_goal_rad": errors.round(4)}
    to_goal = Line(label="to goal, by the estimate", values=errors[pick])
    reached = Line(label="reached", values=np.full(len(pick), 0.4), colour=2, width=1.0, dash=True)
    charts = [Chart(x=times[pick], lines=(to_goal, reached), unit="rad")]
    if truth is not None:
        at = truth.at(pose.stamps_ns)
        off_deg = np.rad2deg(rotation_angle(rotation_between(unit(at[:, 3:]), pose.values[:, 3:])))
        off_mm = 1e3 * np.linalg.norm(at[:, :3] - pose.values[:, :3], axis=1)
        columns |= {"off_deg": off_deg.round(3), "off_mm": off_mm.round(3)}
        lines = (
            Line(label="off the truth, degrees", values=np.minimum(off_deg[pick], _MOST_OFF), colour=1),
            Line(label="off the truth, mm", values=np.minimum(off_mm[pick], _MOST_OFF), colour=4),
        )
        charts.append(Chart(x=times[pick], lines=lines, unit="off"))
    note = "Angle between object and goal; dotted: reached below it." + (
        f" Below, how far the estimate is from the simulator's truth, up to {_MOST_OFF:.0f}."
        if truth is not None
        else ""
    )
    figure = Panel(name="object", note=note, charts=tuple(charts), span=span(run), columns=columns)
    return Section(title="The object", figures=(figure,))


def goal_errors(run: RunRecord, goals: list[RecordedGoal], stamps_ns: Any, poses: Floats) -> Floats:
    """Returns how far the object was from the goal that stood at each time, rad, (t,); NaN where none did."""
    errors = np.full(len(stamps_ns), np.nan)
    for goal in goals:
        inside = (stamps_ns >= goal.begin_ns) & (stamps_ns < (goal.end_ns or run.bag.end_ns))
        wanted = np.array(goal.quat_wxyz)
        errors[inside] = rotation_angle(rotation_between(poses[inside, 3:], wanted))
    return errors
