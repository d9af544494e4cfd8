"""The goals of a recorded run: when each was given, how it ended, and what that says of the policy."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.sources import OBJECT_POSE
from dexterity_ros.replay.finding import Finding
from dexterity_ros.replay.run_record import RunRecord, Series

_UP = (1.0, 0.0, 0.0, 0.0)  # of a goal that does not say how the object was to be turned
_STUCK_RAD = 0.15  # an object that turned less in the second half of a goal's time hardly turned; noise is 0.01
_STILL_RAD = 0.05  # targets that moved less stood still


@dataclass(frozen=True, kw_only=True)
class RecordedGoal:
    """A goal. ended: reached, timeout, dropped, or "" while open; end_ns: then 0. number: from 1."""

    number: int
    begin_ns: int
    angle_rad: float
    quat_wxyz: tuple[float, ...]
    ended: str = ""
    end_ns: int = 0
    time_s: float = 0.0


def recorded_goals(run: RunRecord) -> list[RecordedGoal]:
    """Returns every goal in order. Raises BagError for events that are none."""
    goals: list[RecordedGoal] = []
    for message, event in run.told("goal_event", ("event",)):
        try:
            _take(goals, event, message.log_ns)
        except (TypeError, ValueError, OverflowError) as error:
            said = f"{type(error).__name__} in {str(event)[:80]}"
            raise BagError(f"{run.bag.path}: goal_event holds what is none: {said}") from error
    return goals


def _take(goals: list[RecordedGoal], event: dict[str, Any], log_ns: int) -> None:
    at = int(event.get("stamp_ns", log_ns))
    if event["event"] == "issued":
        quat = np.array(event.get("goal_quat_wxyz") or _UP, dtype=float).reshape(4)
        angle = float(event.get("angle_rad", 0.0))
        goals.append(RecordedGoal(number=len(goals) + 1, begin_ns=at, angle_rad=angle, quat_wxyz=tuple(quat)))
    elif goals and not goals[-1].ended:
        time_s = float(event.get("time_s", 0.0))
        goals[-1] = replace(goals[-1], ended=str(event["event"]), end_ns=at, time_s=time_s)


def goal_findings(run: RunRecord, goals: list[RecordedGoal]) -> Iterator[Finding]:
    """Yields what is wrong with how goals ended: the object fell, the policy got stuck, or it was too slow."""
    fell = [goal for goal in goals if goal.ended == "dropped"]
    if fell:
        said = f"the object was dropped at {_at_s(run, fell[0]):.1f} s, {fell[0].time_s:.1f} s into goal "
        more = f", and {len(fell) - 1} times later" if len(fell) > 1 else ""
        yield Finding(kind="dropped", says=f"{said}{fell[0].number}{more}", at_s=_at_s(run, fell[0]))
    missed = [goal for goal in goals if goal.ended == "timeout"]
    if missed:
        yield _missed(run, missed)


def _missed(run: RunRecord, missed: list[RecordedGoal]) -> Finding:
    first, at_s = missed[0], _at_s(run, missed[0])
    more = f"; so were {len(missed) - 1} goals later" if len(missed) > 1 else ""
    late = f"goal {first.number} was not reached in {first.time_s:.0f} s (at {at_s:.1f} s)"
    turned = _turned(run, first)
    if turned is None:
        return Finding(kind="late", says=late + more, at_s=at_s)
    turned_rad, nearest_rad = turned
    if turned_rad > _STUCK_RAD:
        return Finding(kind="late", says=f"{late}, the nearest was {nearest_rad:.2f} rad{more}", at_s=at_s)
    still = "its targets stood still" if _targets_still(run, first) else "the joints moved"
    said = f"the policy got stuck at goal {first.number}: the object hardly turned any more ({turned_rad:.2f} rad in "
    half = f"{0.5 * first.time_s:.0f} s, {still})"
    return Finding(
        kind="stuck", says=f"{said}{half}, so that the time was over at {at_s:.1f} s{more}",
        at_s=at_s, look_at="how the object lies in the hand, and what the policy says (policy/tick)",
    )  # fmt: skip


def _at_s(run: RunRecord, goal: RecordedGoal) -> float:
    return (goal.end_ns - run.bag.start_ns) * 1e-9


def _turned(run: RunRecord, goal: RecordedGoal) -> tuple[float, float] | None:
    """Returns how far the object turned in the second half of a goal's time, and how near it came in all, rad.

    None without poses.
    """
    if not run.has(OBJECT_POSE):
        return None
    quats = _between(run.pose, goal.begin_ns, goal.end_ns)[:, 3:]
    late = _between(run.pose, _middle_ns(goal), goal.end_ns)[:, 3:]
    if not len(late):
        return None
    away = rotation_angle(rotation_between(late, np.broadcast_to(late[0], late.shape)))
    goal_quat = np.broadcast_to(np.array(goal.quat_wxyz), quats.shape)
    near = rotation_angle(rotation_between(quats, goal_quat))
    return float(np.quantile(away, 0.95)), float(near.min())


def _targets_still(run: RunRecord, goal: RecordedGoal) -> bool:
    if not run.has_ticks:
        return True
    targets = _between(run.targets, _middle_ns(goal), goal.end_ns)
    return not len(targets) or float(np.ptp(targets, axis=0).max()) < _STILL_RAD


def _middle_ns(goal: RecordedGoal) -> int:
    return (goal.begin_ns + goal.end_ns) // 2


def _between(series: Series, begin_ns: int, end_ns: int) -> Floats:
    rows: Floats = series.values[(series.stamps_ns >= begin_ns) & (series.stamps_ns < end_ns)]
    return rows
