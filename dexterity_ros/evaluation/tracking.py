"""How well joints follow what they are told, and how late: from recorded commands and measurements."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats

_GRID_S = 0.002
MOVED_RAD = 0.05  # a joint that moved less says nothing about its delay
MAX_DELAY_S = 0.3


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Commands and measurements of one run. times_s: (t,), from the same clock; positions: (t, n) rad."""

    joint_names: tuple[str, ...]
    commanded_s: Floats
    commanded_rad: Floats
    measured_s: Floats
    measured_rad: Floats

    def on_grid(self, times_s: Floats) -> tuple[Floats, Floats]:
        """Returns (commanded, measured) at common times, (t, n) each."""
        return (
            _resampled(times_s, self.commanded_s, self.commanded_rad),
            _resampled(times_s, self.measured_s, self.measured_rad),
        )

    def part(self, begin_s: float, end_s: float) -> "Trace":
        """Returns what was commanded and measured in a span of time."""
        commanded, measured = ((begin_s <= at_s) & (at_s <= end_s) for at_s in (self.commanded_s, self.measured_s))
        return Trace(
            joint_names=self.joint_names,
            commanded_s=self.commanded_s[commanded],
            commanded_rad=self.commanded_rad[commanded],
            measured_s=self.measured_s[measured],
            measured_rad=self.measured_rad[measured],
        )

    def grid(self) -> Floats:
        """Returns times that both commands and measurements cover."""
        first = max(self.commanded_s[0], self.measured_s[0]) + MAX_DELAY_S
        return np.arange(first, min(self.commanded_s[-1], self.measured_s[-1]), _GRID_S)


def tracking(trace: Trace) -> dict[str, dict[str, Any]]:
    """Returns {joint: {moved_rad, rms_rad, delay_ms}}; the delay is that of the shift with the least RMS difference."""
    times = trace.grid()
    commanded, measured = trace.on_grid(times)
    rows = {}
    for i, name in enumerate(trace.joint_names):
        moved = float(np.ptp(commanded[:, i]))
        delay = lag(times, trace, i)[0] if moved > MOVED_RAD else None
        rows[name] = {
            "moved_rad": round(moved, 3),
            "rms_rad": round(float(np.sqrt(np.mean((commanded[:, i] - measured[:, i]) ** 2))), 4),
            "delay_ms": None if delay is None else round(delay * 1e3, 1),
        }
    return rows


def difference(first: Trace, second: Trace) -> dict[str, Any]:
    """Returns how two runs of the same commands differ: {rms_rad, worst_joint, worst_rad, added_delay_ms}.

    The runs are laid over each other where their commands fit best. added_delay_ms: median of the second's delays
    minus that of the first.
    """
    a_times = first.grid()
    shift_s = _fit(a_times, first, second)
    _, a = first.on_grid(a_times)
    _, b = second.on_grid(a_times + shift_s)
    inside = (a_times + shift_s >= second.measured_s[0]) & (a_times + shift_s <= second.measured_s[-1])
    rms = np.sqrt(np.mean((a - b)[inside] ** 2, axis=0))
    delays = [[row["delay_ms"] for row in tracking(t).values() if row["delay_ms"] is not None] for t in (first, second)]
    worst = int(np.argmax(rms))
    return {
        "rms_rad": round(float(np.sqrt(np.mean(rms**2))), 4),
        "worst_joint": first.joint_names[worst],
        "worst_rad": round(float(rms[worst]), 4),
        "added_delay_ms": round(float(np.median(delays[1]) - np.median(delays[0])), 1),
        "seconds": round(float(inside.sum() * _GRID_S), 1),
    }


def _resampled(times_s: Floats, at_s: Floats, values: Floats) -> Floats:
    return np.stack([np.interp(times_s, at_s, column) for column in values.T], axis=1)


def lag(times_s: Floats, trace: Trace, i: int) -> tuple[float, float]:
    """Returns by how much a joint is late, s, and the share of its motion that such a delay does not explain.

    The delay is that of the shift with the least RMS difference, an offset apart; the share is of RMS. times_s: (k,).
    """
    measured = np.interp(times_s, trace.measured_s, trace.measured_rad[:, i])
    measured = measured - measured.mean()
    delays = np.arange(0.0, MAX_DELAY_S, _GRID_S)
    errors = []
    for delay in delays:
        commanded = np.interp(times_s - delay, trace.commanded_s, trace.commanded_rad[:, i])
        errors.append(np.mean((commanded - commanded.mean() - measured) ** 2))
    best = int(np.argmin(errors))
    commanded = np.interp(times_s - delays[best], trace.commanded_s, trace.commanded_rad[:, i])
    return float(delays[best]), float(np.sqrt(errors[best]) / max(commanded.std(), 1e-9))


def _fit(times_s: Floats, first: Trace, second: Trace) -> float:
    """Returns the shift from the first run's time to the second's that makes the commands the same, coarse to fine."""
    wanted, _ = first.on_grid(times_s)
    middle, width = float(second.grid()[0] - times_s[0]), 4.0
    for step in (0.05, 0.002):
        shifts = np.arange(middle - width, middle + width + step, step)
        errors = [np.mean((second.on_grid(times_s + shift)[0] - wanted) ** 2) for shift in shifts]
        middle, width = float(shifts[int(np.argmin(errors))]), 2.0 * step
    return middle
