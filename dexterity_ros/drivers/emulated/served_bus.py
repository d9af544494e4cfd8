"""The emulated bus in real time, behind a port that hosts open."""

import contextlib
import logging
import os
import select
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dexterity_ros.drivers.dynamixel import port_owner
from dexterity_ros.drivers.dynamixel.bus import BusLostError
from dexterity_ros.drivers.emulated.bus import Answer, EmulatedBus
from dexterity_ros.drivers.emulated.fault_switch import FaultSwitch, switch_path
from dexterity_ros.drivers.emulated.motor_watch import MotorBoard, watch_path
from dexterity_ros.drivers.emulated.port_ends import PtyEnd, SocketEnd
from dexterity_ros.drivers.emulated.run_time import RunTime

_UPDATE_S = 0.005  # motors are advanced at least this often, also while the host is silent
_WORK_S = 0.005  # an exchange takes less
_BITS_PER_BYTE = 10
_LOG = logging.getLogger(__name__)


class ServedBus:
    """A thread that serves one emulated bus in real time. `path` is what the host opens.

    It is a pseudo-terminal, which any Dynamixel software can open, or, where its name ends in `.sock`, a socket of this
    package's own driver. A pseudo-terminal's bytes are carried by a kernel thread of ordinary priority: on a busy
    machine they come tens of milliseconds late, and no priority of ours helps.

    Beside the port it keeps `PORT.lock`, by which no other emulator takes the same name, `PORT.motors`, by which other
    processes see the motors (motor_watch.py), and `PORT.faults`, by which tests break things (fault_switch.py).

    disturb: what becomes of an answer on its way: (delay_s, bytes) to a list of such. run_time: when the thread did not
    run; such time does not count against the motors' watchdogs.
    """

    def __init__(self, bus: EmulatedBus, link: Path | None = None) -> None:
        """link: name to serve, as /dev/serial/by-id has them; it outlives a pulled cable by name.

        Raises BusLostError when another emulator serves it, or when it is something else than the port of one.
        """
        self._bus = bus
        self._folder = tempfile.TemporaryDirectory(prefix="dexterity_bus_")
        self._link = Path(self._folder.name) / "port" if link is None else link
        self.path = str(self._link)
        self._lock_fd: int | None = _claim(self._link)
        self.disturb: Callable[[float, bytes], list[tuple[float, bytes]]] = lambda delay_s, data: [(delay_s, data)]
        self.run_time = RunTime()
        self._wire_free_s = 0.0
        self._end = SocketEnd(self._link) if self._link.suffix == ".sock" else PtyEnd(self._link)
        self._lock = threading.Lock()
        self._board = MotorBoard(watch_path(self._link), bus.motors)
        self._board.show(time.monotonic_ns())
        self._switch = FaultSwitch(bus, self, switch_path(self._link))
        self._end.plug_in()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="emulated bus", daemon=True)
        self._thread.start()

    @property
    def unplugged(self) -> bool:
        """Whether the cable is pulled; can be set."""
        return not self._end.plugged

    @unplugged.setter
    def unplugged(self, value: bool) -> None:
        with self._lock:
            if value and self._end.plugged:
                self._end.pull()
            elif not value and not self._end.plugged:
                self._end.plug_in()

    def now_ns(self) -> int:
        """Returns the time of the bus."""
        return time.monotonic_ns()

    def sleep(self, duration_s: float) -> None:
        """Lets time pass."""
        time.sleep(max(duration_s, 0.0))

    def close(self) -> None:
        """Ends the thread and pulls the cable."""
        if self._lock_fd is None:
            return
        self._stop.set()
        self._thread.join(timeout=2.0)
        self.unplugged = True
        self._switch.close()
        self._board.close()
        os.close(self._lock_fd)
        self._lock_fd = None
        self._folder.cleanup()

    def _serve(self) -> None:
        try:
            while not self._stop.is_set():
                self._turn()
        except Exception:  # noqa: BLE001 - a thread: its end must look like a pulled cable
            _LOG.exception("the emulated bus has a mistake; its cable is pulled")
            self.unplugged = True

    def _turn(self) -> None:
        self._reached(_UPDATE_S)
        ready = self._wait()
        self._reached(_WORK_S)
        if self._switch.fileno() in ready:
            self._switch.receive()
        if ready := ready - {self._switch.fileno()}:
            self._exchange(ready)
        else:
            self._bus.update(time.monotonic())
        self._board.show(time.monotonic_ns())

    def _reached(self, next_within_s: float) -> None:
        """Notes that the thread runs; time in which it did not is no silence of the host."""
        lost_s = self.run_time.reached(time.monotonic(), next_within_s)
        if lost_s > 0.0:
            self._bus.forgive(lost_s)

    def _wait(self) -> set[int]:
        """Returns what there is to read: the port, the switch for faults, or after a while nothing."""
        waiting = [self._switch.fileno(), *self._end.waits()]
        with contextlib.suppress(OSError, ValueError):
            return set(select.select(waiting, [], [], _UPDATE_S)[0])
        return set()

    def _exchange(self, ready: set[int]) -> None:
        with self._lock:
            data, baud = self._end.receive(ready)
        if not data:
            return
        # The port delivered at once what on a wire is still on its way, perhaps behind earlier bytes.
        began_s = max(time.monotonic(), self._wire_free_s)
        arrived_s = self._wire_free_s = began_s + len(data) * _BITS_PER_BYTE / max(baud, 1)
        for answer in self._bus.feed(data, arrived_s, baud):
            self._answer(answer, arrived_s)

    def _answer(self, answer: Answer, asked_s: float) -> None:
        for delay_s, data in self.disturb(answer.delay_s, answer.data):
            rest_s = asked_s + delay_s - time.monotonic()
            self._reached(rest_s)
            self.sleep(rest_s)
            self._reached(_WORK_S)
            with self._lock:
                self._end.send(data)
        self._wire_free_s = time.monotonic()


def _claim(link: Path) -> int:
    """Returns the open lock file of a port's name, which nobody else serves now; a crashed owner holds no lock.

    Raises BusLostError.
    """
    if os.path.lexists(link) and not _is_port(link):
        raise BusLostError(f"{link} is no port of an emulated bus; expected a name that is free, for instance in /tmp")
    fd = os.open(f"{link}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        port_owner.take(fd, str(link))
    except BusLostError:
        os.close(fd)
        raise
    return fd


def _is_port(link: Path) -> bool:
    """Returns whether a name is what an emulator leaves when it is killed."""
    if link.is_symlink():
        return str(link.readlink()).startswith("/dev/pts/")
    return stat.S_ISSOCK(link.lstat().st_mode)
