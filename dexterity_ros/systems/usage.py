"""CPU time and memory of processes, from /proc."""

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Usage:
    """CPU share since the last start, and memory, of a set of processes."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self.restart()

    def restart(self) -> None:
        """Begins a new measurement."""
        self._began_s = time.monotonic()
        self._before = {pid: _cpu_seconds(pid) for pid in self._pids}

    def cpu_percent(self) -> float:
        """Returns the CPU share of all processes together; 100 is one core."""
        elapsed = max(time.monotonic() - self._began_s, 1e-3)
        used = sum(_cpu_seconds(pid) - before for pid, before in self._before.items() if _cpu_seconds(pid) >= before)
        return round(100.0 * used / elapsed, 1)

    def pss_mb(self) -> float:
        """Returns proportional memory: shared pages are counted once over all processes."""
        return round(sum(_pss_kb(pid) for pid in self._pids) / 1024.0, 1)


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
