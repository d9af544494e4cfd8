"""A loop on absolute deadlines that counts every overrun and keeps a histogram of its lateness."""

import ctypes
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dexterity_ros.runtime.ending import Starter, on_end

_PR_SET_TIMERSLACK = 29
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4  # mman.h
LOOP_PRIORITY, PROCESS_PRIORITY = 50, 40
_PREFERRED_NICE = -10
_AUTOGROUP = Path("/proc/self/autogroup")
_JOIN_S = 2.0


class Histogram:
    """Counts durations in logarithmic bins from 1 us to 100 s, 2.3 % wide; remembers the exact maximum."""

    _DECADES, _PER_DECADE = 8, 100

    def __init__(self) -> None:
        self._counts = [0] * (self._DECADES * self._PER_DECADE + 1)
        self.count = 0
        self.max_s = 0.0

    def add(self, duration_s: float) -> None:
        """Counts one duration."""
        micros = max(duration_s * 1e6, 1.0)
        index = min(int(np.log10(micros) * self._PER_DECADE), len(self._counts) - 1)
        self._counts[index] += 1
        self.count += 1
        self.max_s = max(self.max_s, duration_s)

    def quantile_s(self, fraction: float) -> float:
        """Returns the upper edge of the bin that holds the quantile, s; 0 when nothing was counted."""
        if self.count == 0:
            return 0.0
        bin_index = int(np.searchsorted(np.cumsum(self._counts), fraction * self.count))
        edge: float = 10.0 ** ((bin_index + 1) / self._PER_DECADE) * 1e-6
        return min(edge, self.max_s)

    def milliseconds(self) -> dict[str, float]:
        """Returns p50, p99 and max in milliseconds."""
        values = {"p50": self.quantile_s(0.5), "p99": self.quantile_s(0.99), "max": self.max_s}
        return {name: round(value * 1e3, 3) for name, value in values.items()}


class DeadlineLoop:
    """Calls `body` every period until stopped. A cycle that begins more than a period late skips the missed ones.

    lateness: how late each cycle began. overruns: cycles that were missed because an earlier one took too long.
    """

    def __init__(
        self,
        period_ns: int,
        body: Callable[[], None],
        *,
        realtime: bool = True,
        on_death: Callable[[BaseException], None] | None = None,
    ) -> None:
        """on_death: told, in the loop's thread, what `body` raised; that ends the loop. None: `run` raises it."""
        self._period_ns, self._body, self._want_realtime = period_ns, body, realtime
        self._on_death = on_death
        self.lateness = Histogram()
        self.duration = Histogram()
        self.overruns = 0
        self.cycles = 0
        self.realtime = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def stop(self) -> None:
        """Ends the loop after its current cycle and waits for that when it runs in a thread of its own."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=_JOIN_S)

    def run(self) -> None:
        """Runs in the calling thread until `stop`, or until `body` raises."""
        self.realtime = self._want_realtime and enter_realtime(LOOP_PRIORITY)
        try:
            self._cycle_until_stopped()
        except BaseException as error:
            if self._on_death is None:
                raise
            self._on_death(error)

    def _cycle_until_stopped(self) -> None:
        deadline_ns = time.monotonic_ns() + self._period_ns
        while not self._stop.is_set():
            _sleep_until(deadline_ns)
            woke_ns = time.monotonic_ns()
            self.lateness.add((woke_ns - deadline_ns) * 1e-9)
            self._body()
            self.cycles += 1
            ended_ns = time.monotonic_ns()
            self.duration.add((ended_ns - woke_ns) * 1e-9)
            deadline_ns += self._period_ns
            missed = (ended_ns - deadline_ns) // self._period_ns + 1
            if ended_ns > deadline_ns and missed > 0:
                self.overruns += missed
                deadline_ns += missed * self._period_ns

    def start(self, name: str) -> None:
        """Runs the loop in a new daemon thread."""
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._thread.start()


def _sleep_until(deadline_ns: int) -> None:
    remaining_ns = deadline_ns - time.monotonic_ns()
    if remaining_ns > 0:
        time.sleep(remaining_ns * 1e-9)


def enter_realtime(priority: int) -> bool:
    """Gives the calling thread, and those it starts, SCHED_FIFO and 1 ns timer slack. Returns whether it may."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    except (OSError, AttributeError):
        pass
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except (OSError, AttributeError):
        return False
    return True


def prefer() -> bool:
    """Gives this process more of a busy machine than ordinary ones get, and less than control loops. If it may.

    Kernels that share the processor among sessions first (autogroup) heed the niceness of the session.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _PREFERRED_NICE)
        if os.getsid(0) == os.getpid() and _AUTOGROUP.exists():
            _AUTOGROUP.write_text(str(_PREFERRED_NICE))
    except OSError:
        return False
    return True


def lock_memory() -> bool:
    """Keeps what this process has touched, and will touch, in memory. Returns whether it may.

    A page that was taken away meanwhile costs a loop tens of milliseconds when it is needed again.
    """
    try:
        locked: int = ctypes.CDLL(None, use_errno=True).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)
    except (OSError, AttributeError):
        return False
    return locked == 0


def main() -> None:
    """Runs an empty loop at the rate in argv[1] (Hz) until it is asked to end, then prints its lateness as JSON.

    What this shows is the machine's doing; what a node's loop shows beyond it is the node's. It ends with its parent.
    """
    starter = Starter()

    def body() -> None:
        if starter.gone():
            loop.stop()

    loop = DeadlineLoop(round(1e9 / float(sys.argv[1])), body)
    on_end(loop.stop)
    loop.run()
    print(json.dumps(loop.lateness.milliseconds() | {"realtime": loop.realtime}), flush=True)


if __name__ == "__main__":
    main()
