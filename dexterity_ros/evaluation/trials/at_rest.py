"""Whether an object lies seen and still in the hand, so that a trial may begin."""

from collections import deque

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.samples import PoseSample

_STILL_NS = 1_000_000_000  # for so long nothing has moved
_SEEN_NS = 300_000_000  # an older pose says nothing about now
# Twice what the estimate is off by in 95 % of images while the object moves, 2.7 mm; rotations, 1.1 degrees, with more
# room for a slow camera. Source: docs/measured.md, leap_so3 with simulated camera and bus.
_MOVED_M = 0.006
_TURNED_RAD = 0.15


class AtRest:
    """Fed with every pose that arrives; a stage."""

    def __init__(self, centre_m: tuple[float, float, float], radius_m: float) -> None:
        """centre_m, radius_m: where the object belongs, hand frame."""
        self._centre, self._radius_m = np.array(centre_m), radius_m
        self._poses: deque[tuple[int, Floats, Floats]] = deque()

    def see(self, pose: PoseSample, now_ns: int) -> None:
        """Takes a pose that arrived at now_ns of a monotonic clock."""
        self._poses.append((now_ns, np.asarray(pose.pos_m), np.asarray(pose.quat_wxyz)))
        while len(self._poses) > 1 and self._poses[1][0] <= now_ns - _STILL_NS:
            self._poses.popleft()

    def age_s(self, now_ns: int) -> float:
        """Returns how long ago the last pose arrived."""
        return (now_ns - self._poses[-1][0]) * 1e-9 if self._poses else float("inf")

    @property
    def inside(self) -> bool:
        """Whether the object was last seen where it belongs."""
        return bool(self._poses) and self._distance_m() <= self._radius_m

    def why_not(self, now_ns: int) -> str:
        """Returns why a trial cannot begin yet, empty when it can."""
        if self.age_s(now_ns) > _SEEN_NS * 1e-9:
            return "the object is not seen"
        if not self.inside:
            said = f"expected at most {100.0 * self._radius_m:.0f} cm"
            return f"the object lies {100.0 * self._distance_m():.0f} cm from the grasp centre, {said}"
        gaps_ns = np.diff([arrived for arrived, _, _ in self._poses])
        if now_ns - self._poses[0][0] < _STILL_NS or gaps_ns.max(initial=0) > _SEEN_NS:
            return "the object has not been seen for a second without a break"
        moved_m = max(float(np.linalg.norm(pos - self._poses[-1][1])) for _, pos, _ in self._poses)
        turned = [float(rotation_angle(rotation_between(quat, self._poses[-1][2]))) for _, _, quat in self._poses]
        if moved_m > _MOVED_M or max(turned) > _TURNED_RAD:
            return f"the object moves: {1e3 * moved_m:.0f} mm, {np.rad2deg(max(turned)):.0f} degrees in a second"
        return ""

    def _distance_m(self) -> float:
        return float(np.linalg.norm(self._poses[-1][1] - self._centre))
