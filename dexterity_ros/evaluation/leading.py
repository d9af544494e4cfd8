"""How well a hand follows another one that leads it, and how late."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.evaluation.tracking import MAX_DELAY_S, Trace, tracking

_CATCH_UP_S = 1.0  # not counted: the follower comes from where it was
_WINDOW_S = 1.0  # in which a delay is looked for
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
        """Returns {seconds, delay_ms {p50, p99}, rms_rad, joints {name: {moved_rad, rms_rad, delay_ms}}}.

        In each second, of each joint that moved in it, the delay is that of the shift with the least RMS difference;
        p50 and p99 are over all of these, a joint's is its median. The RMS has the delay in it.
        """
        pieces = [_trace(self._names, *piece) for piece in self._pieces if min(map(len, piece)) > 0]
        return _figures([second for piece in pieces for second in _seconds(piece)])

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


def _seconds(trace: Trace) -> list[Trace]:
    """Returns the whole seconds after catching up, each with what came before it for as long as a delay may be."""
    end_s = min(trace.commanded_s[-1], trace.measured_s[-1])
    begins = np.arange(_CATCH_UP_S, end_s - _WINDOW_S + 1e-9, _WINDOW_S)
    parts = [trace.part(begin - MAX_DELAY_S, begin + _WINDOW_S) for begin in begins]
    return [part for part in parts if min(len(part.commanded_s), len(part.measured_s)) >= _LEAST and len(part.grid())]


def _figures(seconds: Sequence[Trace]) -> dict[str, Any]:
    if not seconds:
        return {"seconds": 0.0, "delay_ms": {}, "rms_rad": None, "joints": {}}
    rows = [tracking(second) for second in seconds]
    joints = {name: _joint([row[name] for row in rows]) for name in seconds[0].joint_names}
    delays = [row["delay_ms"] for of_second in rows for row in of_second.values() if row["delay_ms"] is not None]
    return {
        "seconds": round(len(seconds) * _WINDOW_S, 1),
        "delay_ms": {f"p{q}": round(float(np.percentile(delays, q)), 1) for q in (50, 99)} if delays else {},
        "rms_rad": _root_mean_square([row["rms_rad"] for row in joints.values()]),
        "joints": joints,
    }


def _joint(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns what the seconds of one joint come to. moved_rad: the most in one of them."""
    delays = [row["delay_ms"] for row in rows if row["delay_ms"] is not None]
    return {
        "moved_rad": max(row["moved_rad"] for row in rows),
        "rms_rad": _root_mean_square([row["rms_rad"] for row in rows]),
        "delay_ms": round(float(np.median(delays)), 1) if delays else None,
    }


def _root_mean_square(values: Sequence[float]) -> float:
    return round(float(np.sqrt(np.mean(np.square(values)))), 4)
