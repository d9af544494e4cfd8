"""What one call takes: wall time and CPU time of many."""

import time
from collections.abc import Callable

import numpy as np


class Timing:
    """Times of one thing that is called again and again."""

    def __init__(self, items: int = 1) -> None:
        """items: how many things one call does."""
        self._items = items
        self._walls_s: list[float] = []
        self._cpu_s = 0.0

    def run(self, call: Callable[[], object]) -> None:
        """Calls it once and keeps what it took."""
        began, cpu_began = time.perf_counter(), time.process_time()
        call()
        self._walls_s.append(time.perf_counter() - began)
        self._cpu_s += time.process_time() - cpu_began

    def row(self) -> dict[str, float]:
        """Returns p50_ms, p99_ms, things done per_s, and mean cpu_ms of a call."""
        p50, p99 = np.quantile(self._walls_s, [0.5, 0.99])
        return {
            "p50_ms": round(float(p50) * 1e3, 4),
            "p99_ms": round(float(p99) * 1e3, 4),
            "per_s": round(self._items * len(self._walls_s) / sum(self._walls_s), 1),
            "cpu_ms": round(self._cpu_s / len(self._walls_s) * 1e3, 4),
        }
