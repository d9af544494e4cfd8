"""Why goals fail: sorts late goals and drops by what the hand and its object did last."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dexterity_ros.contracts.arrays import Floats

LateKind = Literal["wedged", "flip", "near_miss", "cycle", "frozen", "stalled", "wandering"]
DropKind = Literal["still", "let_go", "flicked", "carried_away"]

LATE_KINDS: dict[LateKind, str] = {
    "wedged": "the object lies off the palm's centre",
    "flip": "the error stays near pi, where the shorter way round changes sides",
    "near_miss": "the goal was nearly reached at some time",
    "cycle": "the error repeats itself",
    "frozen": "no joint moves any more",
    "stalled": "the joints move, the object does not turn",
    "wandering": "none of these",
}
DROP_KINDS: dict[DropKind, str] = {
    "still": "the hand hardly moved",
    "let_go": "parts of the hand lost the object before it left",
    "flicked": "a joint moved fast",
    "carried_away": "the hand moved slowly and kept touching it",
}

NEAR_MISS_RAD = 0.1  # beyond the task's success_rad
_WEDGED_M = 0.04  # from the grasp centre; in training 99.9 % lie within 0.05 m along each axis
_FLIP_RAD = 2.7
_FROZEN_RAD = 0.1
_STALLED_RAD = 0.3  # range of the error
_LATEST_S = 3.0
_CYCLE_S = 20.0  # of the error are searched for a period
_CYCLE_RAD = 0.05  # standard deviation of the error; less is noise
_REPEATS = 0.5  # autocorrelation at the period
_FAST_RAD_S = 4.0  # motors run at 8.5 rad/s without load


@dataclass(frozen=True, kw_only=True)
class History:
    """One goal from its beginning, a row per control step.

    error_rad: (T,). joint_pos_rad: (T, n). off_centre_m: the object's distance from the grasp centre, (T,).
    """

    period_s: float
    error_rad: Floats
    joint_pos_rad: Floats
    off_centre_m: Floats

    def steps(self, seconds: float) -> int:
        """Returns how many control steps that is."""
        return max(round(seconds / self.period_s), 1)

    def moved_rad(self, seconds: float) -> float:
        """Returns the widest range of a joint in the last seconds."""
        latest = self.joint_pos_rad[-self.steps(seconds) :]
        return float(np.ptp(latest, axis=0).max())

    def fastest_rad_s(self, seconds: float) -> float:
        """Returns the fastest motion of a joint between two control steps of the last seconds."""
        latest = self.joint_pos_rad[-self.steps(seconds) - 1 :]
        return float(np.abs(np.diff(latest, axis=0)).max(initial=0.0)) / self.period_s


def late_kinds(history: History, success_rad: float) -> list[LateKind]:
    """Returns what is true of a goal that was late; the first is what it counts as."""
    error, latest = history.error_rad, slice(-history.steps(_LATEST_S), None)
    found: dict[LateKind, bool] = {
        "wedged": bool(np.median(history.off_centre_m[latest]) > _WEDGED_M),
        "flip": bool((error[-history.steps(_CYCLE_S) :] > _FLIP_RAD).mean() > 0.5),
        "near_miss": bool(error.min() < success_rad + NEAR_MISS_RAD),
        "cycle": period_s(history) is not None,
        "frozen": history.moved_rad(_LATEST_S) < _FROZEN_RAD,
        "stalled": bool(np.ptp(error[-history.steps(_CYCLE_S) :]) < _STALLED_RAD),
    }
    return [kind for kind, holds in found.items() if holds] or ["wandering"]


def period_s(history: History) -> float | None:
    """Returns the time after which the error repeats itself, where it does: the first peak of its autocorrelation."""
    error = history.error_rad[-history.steps(_CYCLE_S) :]
    if len(error) < 8:
        return None
    steps = np.arange(len(error))
    error = error - np.polyval(np.polyfit(steps, error, 1), steps)  # a drift repeats nothing
    if error.std() < _CYCLE_RAD:
        return None
    most = len(error) // 2
    alike = np.array([np.corrcoef(error[:-lag], error[lag:])[0, 1] for lag in range(1, most)])
    inner = alike[1:-1]
    peaks = np.flatnonzero((inner > alike[:-2]) & (inner >= alike[2:]) & (inner > _REPEATS))
    return None if not len(peaks) else float((peaks[0] + 2) * history.period_s)


def drop_kind(history: History, touching: list[int]) -> DropKind:
    """Returns what the hand did in the second before the object was gone.

    touching: how many parts of the hand touched it 1 s, 0.5 s and 0.25 s before.
    """
    if history.moved_rad(1.0) < _FROZEN_RAD:
        return "still"
    if touching[1] < touching[0] and touching[1] <= 1:
        return "let_go"
    return "flicked" if history.fastest_rad_s(1.0) > _FAST_RAD_S else "carried_away"
