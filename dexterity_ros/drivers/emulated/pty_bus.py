"""The emulated bus behind a pseudo-terminal: any Dynamixel software can open it as a serial port."""

import contextlib
import os
import select
import termios
import threading
import time
import tty
from pathlib import Path

from dexterity_ros.drivers.emulated.bus import Answer, EmulatedBus

_UPDATE_S = 0.005  # motors are advanced at least this often, also while the host is silent
_BITS_PER_BYTE = 10
_BAUDS = {getattr(termios, name): int(name[1:]) for name in vars(termios) if name[0] == "B" and name[1:].isdigit()}


class PtyBus:
    """A thread that serves one emulated bus in real time. `path` is what the host opens; a link may stand in for it."""

    def __init__(self, bus: EmulatedBus, link: Path | None = None) -> None:
        """link: symbolic link to make, as /dev/serial/by-id has them."""
        self._bus = bus
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._link = link
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)
        self._wire_free_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="emulated bus", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and pulls the cable."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        for fd in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(fd)
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        while not self._stop.is_set():
            if poll.poll(_UPDATE_S * 1e3):
                self._exchange()
            else:
                self._bus.update(time.monotonic())

    def _exchange(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return
        # The pty delivered at once what on a wire is still on its way, perhaps behind earlier bytes.
        began_s = max(time.monotonic(), self._wire_free_s)
        arrived_s = self._wire_free_s = began_s + len(data) * _BITS_PER_BYTE / self._bus.wire.baud
        for answer in self._bus.feed(data, arrived_s, self._host_baud()):
            self._answer(answer, arrived_s)

    def _answer(self, answer: Answer, asked_s: float) -> None:
        remaining_s = asked_s + answer.delay_s - time.monotonic()
        if remaining_s > 0:
            time.sleep(remaining_s)
        with contextlib.suppress(OSError):
            os.write(self._master, answer.data)
        self._wire_free_s = time.monotonic()

    def _host_baud(self) -> int:
        speed = termios.tcgetattr(self._slave)[5]
        return _BAUDS.get(speed, 0)
