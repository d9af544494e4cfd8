"""The object's pose as an imperfect camera would give it: seldom, late, noisy, and now and then not at all."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.samples import PoseSample


@dataclass(frozen=True, kw_only=True)
class PoseErrors:
    """rate_hz: at most so often; 0 = never. latency_s: after its stamp. dropout: share that never comes.

    noise_m, noise_rad: standard deviations of position, and of rotation about each axis.
    """

    rate_hz: float
    latency_s: float
    dropout: float
    noise_m: float
    noise_rad: float


class PoseFeed:
    """Holds poses back until they are due."""

    def __init__(self, errors: PoseErrors, seed: int) -> None:
        self._errors, self._rng = errors, np.random.default_rng(seed)
        self._pending: deque[tuple[int, PoseSample]] = deque()
        self._next_ns = 0

    def step(self, truth: PoseSample, now_ns: int) -> list[PoseSample]:
        """Returns the poses that are due at `now_ns`. truth: of this moment."""
        errors = self._errors
        if errors.rate_hz > 0.0 and now_ns >= self._next_ns:
            self._next_ns = max(self._next_ns + round(1e9 / errors.rate_hz), now_ns)
            if self._rng.uniform() >= errors.dropout:
                self._pending.append((now_ns + round(errors.latency_s * 1e9), self._disturbed(truth)))
        due = []
        while self._pending and self._pending[0][0] <= now_ns:
            due.append(self._pending.popleft()[1])
        return due

    def _disturbed(self, truth: PoseSample) -> PoseSample:
        turn = rotvec_to_quat(self._errors.noise_rad * self._rng.normal(size=3))
        return PoseSample(
            stamp_ns=truth.stamp_ns,
            pos_m=truth.pos_m + self._errors.noise_m * self._rng.normal(size=3),
            quat_wxyz=quat_multiply(turn, truth.quat_wxyz),
        )
