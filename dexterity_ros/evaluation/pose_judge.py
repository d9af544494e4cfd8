"""Judges estimated poses that come over topics on the simulator's truth."""

from array import array
from bisect import bisect_left
from collections import deque
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import quat_normalise
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry

_LOST_S = 0.15  # without a pose for longer than this (the policy's limit), the object counts as lost
_WRONG_DEG = 15.0
_IN_HAND_M = 0.06  # an object further from the grasp centre is falling
_TRUTHS_KEPT = 1000  # 10 s: an estimate that comes later than that is not judged


class PoseJudge:
    """Fed with true and estimated poses; counts only while a goal is pursued and the object is in the hand."""

    def __init__(self, grasp_centre_m: tuple[float, float, float], symmetry: Symmetry = NO_SYMMETRY) -> None:
        """symmetry: turns of the object that nobody can see."""
        self._symmetry = symmetry
        self._centre = np.array(grasp_centre_m)
        self._truth: deque[tuple[int, Floats]] = deque(maxlen=_TRUTHS_KEPT)
        self._waiting: deque[tuple[int, Floats]] = deque(maxlen=_TRUTHS_KEPT)  # estimates, for the truth after them
        self._stamps, self._judged = array("q"), array("q")  # of all estimates, and of those with errors
        self._off_mm, self._off_deg = array("d"), array("d")
        self._pursued: list[tuple[int, int]] = []
        self._since_ns: int | None = None

    def see(self, truth: PoseSample) -> None:
        """Takes a true pose; one outside the hand ends what is counted until the next goal."""
        self._truth.append(_row(truth))
        while self._waiting and self._waiting[0][0] <= self._truth[-1][0]:
            self._judge(*self._waiting.popleft())
        if self._since_ns is not None and float(np.linalg.norm(truth.pos_m - self._centre)) > _IN_HAND_M:
            self._pursued.append((self._since_ns, int(truth.stamp_ns)))
            self._since_ns = None

    def estimate(self, estimate: PoseSample) -> None:
        """Takes an estimated pose."""
        stamp_ns, pose = _row(estimate)
        self._stamps.append(stamp_ns)
        if self._truth and stamp_ns <= self._truth[-1][0]:
            self._judge(stamp_ns, pose)
        else:
            self._waiting.append((stamp_ns, pose))

    def event(self, event: dict[str, Any]) -> None:
        """Takes an event of goal_node: what it pursues, and until when."""
        if not self._truth:
            return
        now = self._truth[-1][0]
        if event["event"] == "issued":
            self._since_ns = now
        elif self._since_ns is not None:
            self._pursued.append((self._since_ns, now))
            self._since_ns = None

    def figures(self) -> dict[str, Any]:
        """Returns position_mm and rotation_deg {p50, p95, p99}, wrong_percent, lost_percent, longest_gap_s, poses.

        The truth is interpolated at the time of the image. wrong: poses more than 15 degrees off. lost: share of the
        time that lies more than 0.15 s after the last pose.
        """
        if not self._judged or not self._pursued:
            return {}
        stamps, inside = np.array(self._stamps), self._inside(np.array(self._judged))
        off_mm, off_deg = np.array(self._off_mm)[inside], np.array(self._off_deg)[inside]
        gaps_s = np.concatenate([self._gaps_s(stamps, begin, end) for begin, end in self._pursued])
        total_s = sum(end - begin for begin, end in self._pursued) * 1e-9
        lost_s = np.maximum(gaps_s - _LOST_S, 0.0).sum()
        return {
            "position_mm": _quantiles(off_mm),
            "rotation_deg": _quantiles(off_deg),
            "wrong_percent": round(100.0 * float((off_deg > _WRONG_DEG).mean()), 3),
            "lost_percent": round(100.0 * float(lost_s) / max(total_s, 1e-9), 3),
            "longest_gap_s": round(float(gaps_s.max()), 3),
            "poses": int(inside.sum()),
        }

    def _inside(self, stamps: NDArray[np.int64]) -> NDArray[np.bool_]:
        inside = np.zeros(len(stamps), dtype=bool)
        for begin, end in self._pursued:
            inside |= (stamps >= begin) & (stamps <= end)
        return inside

    def _judge(self, stamp_ns: int, pose: Floats) -> None:
        """Keeps how far an estimate is off, where the truth before and after it is known."""
        truth = self._truth_at(stamp_ns)
        if truth is not None:
            self._judged.append(stamp_ns)
            self._off_mm.append(1e3 * float(np.linalg.norm(pose[:3] - truth[:3])))
            self._off_deg.append(float(np.rad2deg(self._symmetry.angle_rad(truth[3:], pose[3:]))))

    def _truth_at(self, stamp_ns: int) -> Floats | None:
        after = bisect_left(self._truth, stamp_ns, key=itemgetter(0))
        if after == 0:
            return self._truth[0][1] if self._truth[0][0] == stamp_ns else None
        (before_ns, one), (after_ns, two) = self._truth[after - 1], self._truth[after]
        share = (stamp_ns - before_ns) / max(after_ns - before_ns, 1)
        sign = -1.0 if float(one[3:] @ two[3:]) < 0.0 else 1.0
        mixed = (1.0 - share) * one + share * np.concatenate([two[:3], sign * two[3:]])
        mixed[3:] = quat_normalise(mixed[3:])
        return mixed

    def _gaps_s(self, stamps: NDArray[np.int64], begin: int, end: int) -> Floats:
        inside = stamps[(stamps > begin) & (stamps < end)]
        return np.diff(np.concatenate([[begin], inside, [end]])) * 1e-9


def _row(sample: PoseSample) -> tuple[int, Floats]:
    return int(sample.stamp_ns), np.concatenate([sample.pos_m, sample.quat_wxyz])


def _quantiles(values: Floats) -> dict[str, float]:
    if not len(values):
        return {}
    return {key: round(float(np.quantile(values, q)), 2) for key, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
