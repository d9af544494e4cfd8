"""A serial port with poll-based reading against absolute deadlines."""

import array
import contextlib
import errno
import fcntl
import logging
import os
import select
import termios
import time
import tty
from pathlib import Path
from typing import Any, Protocol

from dexterity_ros.drivers.dynamixel import port_owner
from dexterity_ros.drivers.dynamixel.bus import BusLostError

_TIOCGSERIAL, _TIOCSSERIAL = 0x541E, 0x541F
_ASYNC_LOW_LATENCY = 1 << 13
_SERIAL_STRUCT_INTS = 20  # struct serial_struct is 72 bytes on 64-bit Linux; flags are the fifth int
_PSEUDO_TERMINALS = "/dev/pts/"
_SPEEDS = slice(4, 6)  # input and output speed among the attributes of a terminal
_LINE = slice(0, 6)  # all of them but the control characters
_LOG = logging.getLogger(__name__)


class BytePort(Protocol):
    """A stream of bytes with a clock: a serial device in real time, or an emulated one in virtual time."""

    baud: int

    def now_ns(self) -> int:
        """Returns the port's time."""
        ...

    def write(self, data: bytes) -> None:
        """Sends all of `data`."""
        ...

    def read(self, deadline_ns: int) -> bytes:
        """Returns what has arrived, waiting for the first byte until the deadline; empty at the deadline."""
        ...

    def flush(self) -> int:
        """Discards what is waiting to be read. Returns how many bytes that were."""
        ...

    def close(self) -> None:
        """Closes the port."""
        ...


class DescriptorPort:
    """A BytePort on an open, non-blocking file. Raises BusLostError for everything that means the device is gone."""

    def __init__(self, fd: int, path: str, baud: int) -> None:
        """fd: closed with the port."""
        self._fd, self.path, self.baud = fd, path, baud
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def _silent(self) -> None:
        """Called when nothing came before a deadline."""

    def now_ns(self) -> int:
        """Returns the monotonic clock."""
        return time.monotonic_ns()

    def write(self, data: bytes) -> None:
        """Sends all of `data`."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                select.select([], [self._fd], [], 0.01)
            except OSError as error:
                raise BusLostError(f"{self.path} is gone while writing: {error.strerror}") from error

    def read(self, deadline_ns: int) -> bytes:
        """Returns what has arrived, waiting for the first byte until the deadline; empty at the deadline."""
        while True:
            remaining_ns = deadline_ns - time.monotonic_ns()
            # Rounded up: a poll that returns too early would spin.
            events = self._poll.poll(max(-(-remaining_ns // 1_000_000), 0))
            if not events:
                if remaining_ns > 0:
                    continue
                self._silent()
                return b""
            try:
                data = os.read(self._fd, 4096)
            except BlockingIOError:
                continue
            except OSError as error:
                raise BusLostError(f"{self.path} is gone while reading: {error.strerror}") from error
            if not data:
                raise BusLostError(f"{self.path} is gone: end of file")
            return data

    def flush(self) -> int:
        """Discards what is waiting to be read. Returns how many bytes that were."""
        count = 0
        while self._poll.poll(0):
            count += len(self.read(time.monotonic_ns()))
        return count

    def close(self) -> None:
        """Closes the port; harmless when the device is gone."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


class SerialPort(DescriptorPort):
    """Raw 8N1, exclusive, non-blocking.

    Exclusive by a lock that every process of this package and pyserial respect, and on real devices for all others but
    root by TIOCEXCL. A pseudo-terminal has no TIOCEXCL: it would outlive its owner, whose other end stays open.
    """

    def __init__(self, path: str, baud: int) -> None:
        """Opens `path`. Raises BusLostError when it cannot be opened, is in use, or has no such baud rate."""
        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise BusLostError(f"{path}: this system has no baud rate {baud}")
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise port_owner.in_use(path, Path(path).stat()) from error
            raise BusLostError(f"{path} cannot be opened: {error.strerror}") from error
        super().__init__(fd, path, baud)
        try:
            port_owner.take(fd, path)
            if not os.path.realpath(path).startswith(_PSEUDO_TERMINALS):
                fcntl.ioctl(fd, termios.TIOCEXCL)
            self._line = self._configured(speed)
        except (OSError, termios.error) as error:
            self.close()
            raise BusLostError(f"{path} is not a serial port: {error}") from error
        except BusLostError:
            self.close()
            raise
        self._low_latency()

    def _configured(self, speed: int) -> list[Any]:
        """Returns the attributes of the line as it was set up. Raises OSError when it did not take the speed."""
        tty.setraw(self._fd)
        attributes = termios.tcgetattr(self._fd)
        attributes[_SPEEDS] = [speed, speed]
        attributes[2] |= termios.CLOCAL | termios.CREAD
        termios.tcsetattr(self._fd, termios.TCSANOW, attributes)
        taken: list[Any] = termios.tcgetattr(self._fd)
        if taken[_SPEEDS] != attributes[_SPEEDS]:
            raise OSError(errno.EINVAL, "it does not take the baud rate")
        return taken

    def _silent(self) -> None:
        """Restores the line after another program has set it up for itself: silence may be its baud rate."""
        try:
            if termios.tcgetattr(self._fd)[_LINE] != self._line[_LINE]:
                _LOG.warning("%s: another program changed the line; set to %d baud again", self.path, self.baud)
                termios.tcsetattr(self._fd, termios.TCSANOW, self._line)
        except (OSError, termios.error) as error:
            raise BusLostError(f"{self.path} is gone: {error}") from error

    def _low_latency(self) -> None:
        """Asks a USB adapter to deliver at once instead of every 16 ms; pseudo-terminals have no such setting."""
        state = array.array("i", [0] * _SERIAL_STRUCT_INTS)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._fd, _TIOCGSERIAL, state)
            state[4] |= _ASYNC_LOW_LATENCY
            fcntl.ioctl(self._fd, _TIOCSSERIAL, state)
