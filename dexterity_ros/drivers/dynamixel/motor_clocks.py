"""Tells late answers and restarted motors by the motors' own millisecond clocks."""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats

_WRAP_MS = 32768.0  # realtime_tick counts milliseconds and wraps (ROBOTIS e-Manual)
_STALE_MS = 5.0  # an answer this much older than its transaction is not fresh
_RESTARTED_MS = 2000.0  # no answer is that late: the motor's clock has started again
_DRIFT = 1e-3  # how much motor clocks may run slow; ASSUMED A8


class MotorClocks:
    """Compares the motors' clocks with ours, because a late answer looks exactly like a fresh one.

    A fresh answer was measured after the question was sent and before the answer was read. So motor time minus the time
    of reading is at most the true offset of the clocks, whatever else held us up; the largest seen is kept. Motor time
    minus the time of asking is at least the true offset, unless the answer is an old one.
    """

    def __init__(self) -> None:
        self._offset_ms: Floats | None = None  # motor time minus ours, where it was furthest ahead
        self._seen_ns = 0

    def forget(self) -> None:
        """Starts afresh: motors may have been restarted."""
        self._offset_ms = None

    def check(self, ticks: NDArray[np.uint16], asked_ns: int, answered_ns: int) -> tuple[int, float | None] | None:
        """Returns the index of the worst motor and by how many ms its answer is too old (None: it has restarted).

        Returns None when all are fresh. ticks: realtime_tick of every motor, (n,).
        """
        time_ms = ticks.astype(float)
        least_ms = time_ms - answered_ns * 1e-6 % _WRAP_MS
        if self._offset_ms is None:
            self._offset_ms, self._seen_ns = least_ms, answered_ns
            return None
        drift_ms = _DRIFT * (answered_ns - self._seen_ns) * 1e-6
        self._offset_ms = self._offset_ms + np.maximum(_wrapped(least_ms - self._offset_ms), -drift_ms)
        self._seen_ns = answered_ns
        ahead_ms = _wrapped(time_ms - asked_ns * 1e-6 % _WRAP_MS - self._offset_ms)
        worst = int(np.argmin(ahead_ms))
        if ahead_ms[worst] >= -_STALE_MS:
            return None
        if -ahead_ms[worst] > _RESTARTED_MS:
            self.forget()
            return worst, None
        return worst, -float(ahead_ms[worst])


def _wrapped(difference_ms: Floats) -> Floats:
    """Returns differences of two wrapping millisecond clocks, in [-half, half) of the range."""
    half = 0.5 * _WRAP_MS
    return (difference_ms + half) % _WRAP_MS - half
