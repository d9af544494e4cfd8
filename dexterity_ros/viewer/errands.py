"""What a click asks for, done beside the thread that hears the clicks."""

import logging
import threading
from collections.abc import Callable

Job = Callable[[], None]

_log = logging.getLogger(__name__)


class Errands:
    """Runs one job at a time in a thread that lives while there are any; of those that wait, the newest is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Job | None = None
        self._busy = False

    def ask(self, job: Job) -> None:
        """Runs `job` now, or when the present one is done; returns at once."""
        with self._lock:
            self._waiting = job
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001 - the next click must still be heard
                _log.exception("what a click asked for failed")

    def _next(self) -> Job | None:
        with self._lock:
            job, self._waiting = self._waiting, None
            self._busy = job is not None
            return job
