"""The last seconds as small charts, and the goals of the last minutes; SVG, which costs a browser next to nothing."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.viewer.panels import Snapshot

_SHOWN_S, _GOALS_S = 20.0, 120.0
_WIDTH, _HEIGHT = 132.0, 30.0  # of a chart, in its own units
_BOX = "width:100%;display:block;background:#8882;border-radius:3px"
_LINE, _GOOD, _BAD = "#5aa9e6", "#56c77b", "#f07a74"


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One chart: its name, its unit, and how much is drawn at least."""

    name: str
    unit: str
    least: float


STRIPS = (
    Strip(name="error to goal", unit="deg", least=90.0),
    Strip(name="joints behind", unit="deg", least=10.0),
    Strip(name="sample age p99", unit="ms", least=100.0),
    Strip(name="motor load, most", unit="A", least=0.5),
)


@dataclass(kw_only=True)
class Strips:
    """Remembers what was shown; times are monotonic, s."""

    _rows: deque[tuple[float, tuple[float, ...]]] = field(default_factory=deque)
    _goals: deque[tuple[float, bool]] = field(default_factory=deque)
    _counted: tuple[int, int] | None = None

    def remember(self, now: Snapshot, now_s: float) -> None:
        """Takes what is known at a moment."""
        self._rows.append((now_s, _row(now)))
        while now_s - self._rows[0][0] > _SHOWN_S:
            self._rows.popleft()
        self._count_goals(now, now_s)

    def html(self, now_s: float) -> str:
        """Returns the charts, two beside each other, and the lane of goals."""
        times = np.array([at for at, _ in self._rows]) - now_s
        values = np.array([row for _, row in self._rows]).reshape(-1, len(STRIPS))
        charts = "".join(_chart(strip, times, values[:, k]) for k, strip in enumerate(STRIPS))
        return (
            f"<div style='padding:0 12px;font-size:11px'><div style='display:grid;grid-template-columns:1fr 1fr;"
            f"gap:4px 10px'>{charts}</div>{self._lane(now_s)}</div>"
        )

    def _count_goals(self, now: Snapshot, now_s: float) -> None:
        """A count that has risen is a goal that ended; one that has fallen is that of a new goal_node."""
        counted = (now.goals.get("reached", 0), now.goals.get("failed", 0))
        before, self._counted = self._counted, counted if now.goals else self._counted
        if before is not None and now.goals:
            for k, good in enumerate((True, False)):
                self._goals.extend([(now_s, good)] * min(max(counted[k] - before[k], 0), 10))
        while self._goals and now_s - self._goals[0][0] > _GOALS_S:
            self._goals.popleft()

    def _lane(self, now_s: float) -> str:
        marks = "".join(
            f"<text x='{_WIDTH * 2 * (1.0 - (now_s - at) / _GOALS_S):.1f}' y='11' text-anchor='middle' font-size='10' "
            f"fill='{_GOOD if good else _BAD}'>{'▲' if good else '✕'}</text>"
            for at, good in self._goals
        )
        return (
            f"<div style='margin-top:4px'>goals of the last {_GOALS_S / 60.0:.0f} minutes"
            f"<svg viewBox='0 0 {_WIDTH * 2:.0f} 14' style='{_BOX}'>{marks}</svg></div>"
        )


def _row(now: Snapshot) -> tuple[float, ...]:
    error = behind = float("nan")
    if now.object_pose is not None and now.goal_quat_wxyz is not None:
        error = float(np.rad2deg(rotation_angle(rotation_between(now.object_pose.quat_wxyz, now.goal_quat_wxyz))))
    if now.joints_rad is not None and now.target_rad is not None:
        behind = float(np.rad2deg(np.sqrt(((now.target_rad - now.joints_rad) ** 2).mean())))
    age = float("nan") if now.age_p99_ms is None else now.age_p99_ms
    currents = [abs(motor["current_a"]) for motor in now.motors.values() if "current_a" in motor]
    return error, behind, age, max(currents, default=float("nan"))


def _chart(strip: Strip, times_s: Floats, values: Floats) -> str:
    """Returns a chart with its name and newest value. times_s: before now, (t,); values: (t,), NaN where not known."""
    known = np.isfinite(values)
    newest = _number(values[-1], strip) if known.any() and known[-1] else "-"
    most = max(float(values[known].max(initial=0.0)), strip.least)
    x = _WIDTH * (1.0 + times_s / _SHOWN_S)
    y = _HEIGHT - 1.0 - (_HEIGHT - 2.0) * np.where(known, values, 0.0) / most
    path = " ".join(
        f"{'L' if k and known[k - 1] else 'M'}{x[k]:.1f} {y[k]:.1f}" for k in range(len(times_s)) if known[k]
    )
    return (
        f"<div><span style='opacity:.75'>{strip.name}</span> <b>{newest}</b> {strip.unit}"
        f"<svg viewBox='0 0 {_WIDTH:.0f} {_HEIGHT:.0f}' style='{_BOX}'>"
        f"<path d='{path}' fill='none' stroke='{_LINE}' stroke-width='1.3'/></svg></div>"
    )


def _number(value: float, strip: Strip) -> str:
    return f"{value:.2f}" if strip.least < 1.0 else f"{value:.0f}"
