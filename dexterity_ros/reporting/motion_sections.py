"""What moved in a recorded run: the joints, their motors, the object."""

from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.sources import OBJECT_POSE
from dexterity_ros.replay.goal_record import RecordedGoal
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.page import COLOURS, INK, Figure, Section, drawing, legend, thinned
from dexterity_ros.reporting.run_data import seconds, true_poses, unit

Rows = list[tuple[int, dict[str, Any]]]


def joints_section(run: RunRecord) -> Section:
    """Returns what passed the gate and what was measured, joint by joint."""
    names = run.hand.joint_names
    columns = 4
    lines = -(-len(names) // columns)
    figure, axes = drawing(lines, columns, height_in=1.35 * lines)
    pick, wanted = thinned(len(run.joint_pos.stamps_ns), 700), thinned(len(run.gated.stamps_ns), 700)
    times, at_gate = seconds(run, run.joint_pos.stamps_ns[pick]), seconds(run, run.gated.stamps_ns[wanted])
    for k, (name, joint) in enumerate(zip(names, run.hand.joints, strict=True)):
        axis = axes.flat[k]
        axis.plot(at_gate, run.gated.values[wanted, k], color=COLOURS[1], linewidth=0.8, label="gated target")
        axis.plot(times, run.joint_pos.values[pick, k], color=COLOURS[0], linewidth=0.8, label="measured")
        for limit in (joint.lower_rad, joint.upper_rad):
            axis.axhline(limit, color=COLOURS[3], linewidth=0.6, linestyle=":")
        axis.set_title(name, fontsize=8, color=INK, pad=2)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    legend(axes.flat[0], loc="upper right")
    table_of = {"time_s": seconds(run, run.joint_pos.stamps_ns).round(4)}
    at = run.gated.at(run.joint_pos.stamps_ns)
    for k, name in enumerate(names):
        table_of |= {f"{name}_rad": run.joint_pos.values[:, k].round(5), f"{name}_gated_rad": at[:, k].round(5)}
    note = "Radians over seconds; dotted red: the hand's limits."
    return Section(
        title="Joints: what passed the gate, and what was measured",
        figures=(Figure(name="joints", note=note, drawing=figure, columns=table_of),),
    )


def motors_section(run: RunRecord, rows: Rows) -> Section | None:
    """Returns currents and temperatures; None without any. rows: what the motors said, once a second."""
    if not rows:
        return None
    names = [name for name in run.hand.joint_names if name in rows[-1][1]]
    times = seconds(run, [t for t, _ in rows])
    figure, axes = drawing(2, 1, height_in=3.6)
    columns: dict[str, Any] = {"time_s": times.round(3)}
    for key, axis, label in (("current_a", axes[0, 0], "A"), ("temperature_c", axes[1, 0], "C")):
        for k, name in enumerate(names):
            values = np.array([row.get(name, {}).get(key, np.nan) for _, row in rows], dtype=float)
            columns[f"{name}_{key}"] = values
            axis.plot(times, values, linewidth=0.8, color=COLOURS[k % len(COLOURS)])
        axis.set_ylabel(label)
    axes[0, 0].axhline(run.hand.max_current_a, color=COLOURS[3], linestyle=":", linewidth=0.8)
    axes[0, 0].axhline(-run.hand.max_current_a, color=COLOURS[3], linestyle=":", linewidth=0.8)
    axes[1, 0].axhline(run.hand.drive.max_temperature_c, color=COLOURS[3], linestyle=":", linewidth=0.8)
    axes[1, 0].set_xlabel("s")
    last = rows[-1][1]
    hottest = max(names, key=lambda name: last[name].get("temperature_c") or 0.0)
    note = f"All motors, once a second; dotted: the hand's limits. Warmest at the end: {hottest}."
    return Section(
        title="Current and temperature",
        figures=(Figure(name="motors", note=note, drawing=figure, columns=columns),),
    )


def object_section(run: RunRecord, goals: list[RecordedGoal]) -> Section | None:
    """Returns how far the object was from its goals, and the estimate from the truth; None without an object."""
    if not run.has(OBJECT_POSE):
        return None
    pose, truth = run.pose, true_poses(run)
    figure, axes = drawing(2 if truth is not None else 1, 1, height_in=3.6 if truth is not None else 2.2)
    errors = _goal_errors(run, goals, pose.stamps_ns, pose.values)
    times = seconds(run, pose.stamps_ns)
    pick = thinned(len(times))
    axes[0, 0].plot(times[pick], errors[pick], linewidth=0.9, label="by the estimate")
    columns: dict[str, Any] = {"time_s": times.round(4), "to_goal_rad": errors.round(4)}
    axes[0, 0].axhline(0.4, color=COLOURS[2], linestyle=":", linewidth=0.9)
    axes[0, 0].set_ylabel("to goal, rad")
    if truth is not None:
        at = truth.at(pose.stamps_ns)
        off_deg = np.rad2deg(rotation_angle(rotation_between(unit(at[:, 3:]), pose.values[:, 3:])))
        off_mm = 1e3 * np.linalg.norm(at[:, :3] - pose.values[:, :3], axis=1)
        columns |= {"off_deg": off_deg.round(3), "off_mm": off_mm.round(3)}
        axes[1, 0].plot(times[pick], np.minimum(off_deg[pick], 30.0), linewidth=0.8, label="degrees (up to 30)")
        axes[1, 0].plot(times[pick], np.minimum(off_mm[pick], 30.0), linewidth=0.8, label="mm (up to 30)")
        axes[1, 0].set_ylabel("off the truth")
        legend(axes[1, 0], loc="upper right")
    axes[-1, 0].set_xlabel("s")
    note = "Angle between object and goal (dotted: reached below 0.4 rad)" + (
        "; below, how far the estimate is from the simulator's truth." if truth is not None else "."
    )
    return Section(title="The object", figures=(Figure(name="object", note=note, drawing=figure, columns=columns),))


def _goal_errors(run: RunRecord, goals: list[RecordedGoal], stamps_ns: Any, poses: Floats) -> Floats:
    errors = np.full(len(stamps_ns), np.nan)
    for goal in goals:
        inside = (stamps_ns >= goal.begin_ns) & (stamps_ns < (goal.end_ns or run.bag.end_ns))
        wanted = np.array(goal.quat_wxyz)
        errors[inside] = rotation_angle(rotation_between(poses[inside, 3:], wanted))
    return errors
