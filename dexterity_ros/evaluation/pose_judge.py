"""Judges estimated poses that come over topics on the simulator's truth."""

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


class PoseJudge:
    """Fed with true and estimated poses; counts only while a goal is pursued and the object is in the hand."""

    def __init__(self, grasp_centre_m: tuple[float, float, float], symmetry: Symmetry = NO_SYMMETRY) -> None:
        """symmetry: turns of the object that nobody can see."""
        self._symmetry = symmetry
        self._centre = np.array(grasp_centre_m)
        self._truth: list[tuple[int, Floats]] = []
        self._estimates: list[tuple[int, Floats]] = []
        self._pursued: list[tuple[int, int]] = []
        self._since_ns: int | None = None

    def see(self, truth: PoseSample) -> None:
        """Takes a true pose; one outside the hand ends what is counted until the next goal."""
        self._truth.append(_row(truth))
        if self._since_ns is not None and float(np.linalg.norm(truth.pos_m - self._centre)) > _IN_HAND_M:
            self._pursued.append((self._since_ns, int(truth.stamp_ns)))
            self._since_ns = None

    def estimate(self, estimate: PoseSample) -> None:
        """Takes an estimated pose."""
        self._estimates.append(_row(estimate))

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
        if len(self._truth) < 2 or not self._estimates or not self._pursued:
            return {}
        stamps, poses = np.array([s for s, _ in self._estimates]), np.stack([p for _, p in self._estimates])
        inside = self._inside(stamps)
        truth = self._truth_at(stamps[inside])
        off_mm = 1e3 * np.sqrt(((poses[inside, :3] - truth[:, :3]) ** 2).sum(axis=1))
        off_deg = np.rad2deg(self._symmetry.angle_rad(truth[:, 3:], poses[inside, 3:]))
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
        return inside & (stamps >= self._truth[0][0]) & (stamps <= self._truth[-1][0])

    def _truth_at(self, stamps: NDArray[np.int64]) -> Floats:
        known = np.array([s for s, _ in self._truth])
        rows = np.stack([p for _, p in self._truth])
        after = np.clip(np.searchsorted(known, stamps), 1, len(known) - 1)
        share = ((stamps - known[after - 1]) / np.maximum(known[after] - known[after - 1], 1))[:, None]
        one, two = rows[after - 1], rows[after].copy()
        two[:, 3:] *= np.where((one[:, 3:] * two[:, 3:]).sum(axis=1) < 0.0, -1.0, 1.0)[:, None]
        mixed = (1.0 - share) * one + share * two
        mixed[:, 3:] = quat_normalise(mixed[:, 3:])
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
