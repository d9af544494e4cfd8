"""How well a hand follows another one that leads it, and how late."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.evaluation.tracking import MAX_DELAY_S, MOVED_RAD, Trace, lag

_CATCH_UP_S = 1.0  # not counted: the follower comes from where it was
_WINDOW_S = 5.0  # in which a delay is looked for; a shorter one holds slopes alone, on which it looks like an offset
_HELD = 0.3  # of a joint's motion is not explained by a delay: something holds it, the object for instance
_LEAST = 10  # measurements of each hand in it; fewer say nothing

_Stamped = list[tuple[int, Floats]]


class Leading:
    """Collects what both hands measured while one led the other, in pieces without a pause."""

    def __init__(self, joint_names: tuple[str, ...]) -> None:
        self._names = joint_names
        self._pieces: list[tuple[_Stamped, _Stamped]] = []
        self._paused = True

    def lead(self, stamp_ns: int, pos_rad: Floats) -> None:
        """Takes the leader's joints, (n,) rad, and when they were measured."""
        self._piece()[0].append((stamp_ns, pos_rad))

    def follow(self, stamp_ns: int, pos_rad: Floats) -> None:
        """Takes the follower's joints, (n,) rad, and when they were measured, by the same clock."""
        self._piece()[1].append((stamp_ns, pos_rad))

    def pause(self) -> None:
        """Nobody leads now."""
        self._paused = True

    def figures(self) -> dict[str, Any]:
        """Returns {seconds, delay_ms {p50, p99}, held_back, rms_rad, joints {name: {moved_rad, rms_rad, delay_ms}}}.

        In each window, of each joint that moved in it, the delay is that of the shift with the least RMS difference, an
        offset apart; p50 and p99 are over all of these, a joint's is its median. held_back: the share of them that is
        left out, because the joint did something else. The RMS leaves out nothing, and has the delay in it.
        """
        pieces = [_trace(self._names, *piece) for piece in self._pieces if min(map(len, piece)) > 0]
        return _figures([window for piece in pieces for window in _windows(piece)])

    def _piece(self) -> tuple[_Stamped, _Stamped]:
        if self._paused:
            self._paused = False
            self._pieces.append(([], []))
        return self._pieces[-1]


def _trace(names: tuple[str, ...], leader: _Stamped, follower: _Stamped) -> Trace:
    """Returns a piece as a trace that begins with the leader."""
    begin_ns = leader[0][0]
    return Trace(
        joint_names=names,
        commanded_s=np.array([(stamp - begin_ns) * 1e-9 for stamp, _ in leader]),
        commanded_rad=np.array([pos for _, pos in leader]),
        measured_s=np.array([(stamp - begin_ns) * 1e-9 for stamp, _ in follower]),
        measured_rad=np.array([pos for _, pos in follower]),
    )


def _windows(trace: Trace) -> list[Trace]:
    """Returns spans after catching up, each with what came before it for as long as a delay may be."""
    end_s = min(trace.commanded_s[-1], trace.measured_s[-1])
    begins = np.arange(_CATCH_UP_S, end_s - _WINDOW_S + 1e-9, _WINDOW_S)
    parts = [trace.part(begin - MAX_DELAY_S, begin + _WINDOW_S) for begin in begins]
    return [part for part in parts if min(len(part.commanded_s), len(part.measured_s)) >= _LEAST and len(part.grid())]


def _figures(windows: Sequence[Trace]) -> dict[str, Any]:
    if not windows:
        return {"seconds": 0.0, "delay_ms": {}, "held_back": None, "rms_rad": None, "joints": {}}
    names = windows[0].joint_names
    lags = [_lags(window) for window in windows]  # by window, then joint
    moved = [lag for of_window in lags for lag in of_window if lag is not None]
    free = [delay_s * 1e3 for delay_s, rest in moved if rest <= _HELD]
    rms = np.sqrt(np.mean([_squares(window) for window in windows], axis=0))
    return {
        "seconds": round(len(windows) * _WINDOW_S, 1),
        "delay_ms": {f"p{q}": round(float(np.percentile(free, q)), 1) for q in (50, 99)} if free else {},
        "held_back": round(1.0 - len(free) / len(moved), 3) if moved else None,
        "rms_rad": round(float(np.sqrt(np.mean(rms**2))), 4),
        "joints": {name: _joint(windows, [row[i] for row in lags], i, rms[i]) for i, name in enumerate(names)},
    }


def _lags(window: Trace) -> list[tuple[float, float] | None]:
    """Returns how late each joint is, and what that does not explain (tracking.lag); None of one that did not move."""
    times = window.grid()
    moved = np.ptp(window.on_grid(times)[0], axis=0) > MOVED_RAD
    return [lag(times, window, i) if moves else None for i, moves in enumerate(moved)]


def _squares(window: Trace) -> Floats:
    """Returns the mean squared difference of each joint, (n,) rad^2."""
    led, followed = window.on_grid(window.grid())
    squares: Floats = np.mean((led - followed) ** 2, axis=0)
    return squares


def _joint(
    windows: Sequence[Trace], lags: Sequence[tuple[float, float] | None], i: int, rms_rad: float
) -> dict[str, Any]:
    """Returns what the windows of one joint come to. moved_rad: the most in one of them."""
    delays = [one[0] * 1e3 for one in lags if one is not None and one[1] <= _HELD]
    return {
        "moved_rad": round(float(max(np.ptp(window.commanded_rad[:, i]) for window in windows)), 3),
        "rms_rad": round(float(rms_rad), 4),
        "delay_ms": round(float(np.median(delays)), 1) if delays else None,
    }
