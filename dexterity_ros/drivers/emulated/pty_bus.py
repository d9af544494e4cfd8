"""The emulated bus behind a pseudo-terminal: any Dynamixel software can open it as a serial port."""

import contextlib
import os
import select
import tempfile
import termios
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from dexterity_ros.drivers.emulated.bus import Answer, EmulatedBus

_UPDATE_S = 0.005  # motors are advanced at least this often, also while the host is silent
_BITS_PER_BYTE = 10
_BAUDS = {getattr(termios, name): int(name[1:]) for name in vars(termios) if name[0] == "B" and name[1:].isdigit()}


class PtyBus:
    """A thread that serves one emulated bus in real time. `path` is what the host opens.

    disturb: what becomes of an answer on its way: (delay_s, bytes) to a list of such.
    """

    def __init__(self, bus: EmulatedBus, link: Path | None = None) -> None:
        """link: symbolic link to make, as /dev/serial/by-id has them; it outlives a pulled cable by name."""
        self._bus = bus
        self._folder = tempfile.TemporaryDirectory(prefix="dexterity_bus_")
        self._link = Path(self._folder.name) / "port" if link is None else link
        self.path = str(self._link)
        self.disturb: Callable[[float, bytes], list[tuple[float, bytes]]] = lambda delay_s, data: [(delay_s, data)]
        self._wire_free_s = 0.0
        self._fds: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._plug_in()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="emulated bus", daemon=True)
        self._thread.start()

    @property
    def unplugged(self) -> bool:
        """Whether the cable is pulled; can be set."""
        return self._fds is None

    @unplugged.setter
    def unplugged(self, value: bool) -> None:
        if value and self._fds is not None:
            self._pull()
        elif not value and self._fds is None:
            self._plug_in()

    def now_ns(self) -> int:
        """Returns the time of the bus."""
        return time.monotonic_ns()

    def sleep(self, duration_s: float) -> None:
        """Lets time pass."""
        time.sleep(max(duration_s, 0.0))

    def close(self) -> None:
        """Ends the thread and pulls the cable."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self.unplugged = True
        self._folder.cleanup()

    def _plug_in(self) -> None:
        with self._lock:
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(slave))
            self._fds = master, slave

    def _pull(self) -> None:
        with self._lock:
            fds, self._fds = self._fds, None
            self._link.unlink(missing_ok=True)
            for fd in fds or ():
                with contextlib.suppress(OSError):
                    os.close(fd)

    def _serve(self) -> None:
        while not self._stop.is_set():
            if self._readable():
                self._exchange()
            else:
                self._bus.update(time.monotonic())

    def _readable(self) -> bool:
        fds = self._fds
        if fds is None:
            time.sleep(_UPDATE_S)
            return False
        with contextlib.suppress(OSError, ValueError):
            return bool(select.select([fds[0]], [], [], _UPDATE_S)[0])
        return False

    def _exchange(self) -> None:
        with self._lock:
            if self._fds is None:
                return
            try:
                data = os.read(self._fds[0], 4096)
                baud = self._host_baud(self._fds[1])
            except (OSError, termios.error):
                return
        # The pty delivered at once what on a wire is still on its way, perhaps behind earlier bytes.
        began_s = max(time.monotonic(), self._wire_free_s)
        arrived_s = self._wire_free_s = began_s + len(data) * _BITS_PER_BYTE / max(baud, 1)
        for answer in self._bus.feed(data, arrived_s, baud):
            self._answer(answer, arrived_s)

    def _answer(self, answer: Answer, asked_s: float) -> None:
        for delay_s, data in self.disturb(answer.delay_s, answer.data):
            self.sleep(asked_s + delay_s - time.monotonic())
            with self._lock, contextlib.suppress(OSError):
                if self._fds is not None:
                    os.write(self._fds[0], data)
        self._wire_free_s = time.monotonic()

    def _host_baud(self, slave: int) -> int:
        return _BAUDS.get(termios.tcgetattr(slave)[5], 0)
