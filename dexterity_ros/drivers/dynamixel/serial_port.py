"""A serial port with poll-based reading against absolute deadlines."""

import array
import contextlib
import fcntl
import os
import select
import termios
import time
import tty
from typing import Protocol

from dexterity_ros.drivers.dynamixel.bus import BusLostError

_TIOCGSERIAL, _TIOCSSERIAL = 0x541E, 0x541F
_ASYNC_LOW_LATENCY = 1 << 13
_SERIAL_STRUCT_INTS = 20  # struct serial_struct is 72 bytes on 64-bit Linux; flags are the fifth int


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


class SerialPort:
    """Raw 8N1, exclusive, non-blocking. Raises BusLostError for everything that means the device is gone."""

    def __init__(self, path: str, baud: int) -> None:
        """Opens `path`. Raises BusLostError when it cannot be opened or the baud rate is unknown to the system."""
        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise BusLostError(f"{path}: this system has no baud rate {baud}")
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise BusLostError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.ioctl(self._fd, termios.TIOCEXCL)
            self._configure(speed)
        except (OSError, termios.error) as error:
            os.close(self._fd)
            raise BusLostError(f"{path} is not a serial port: {error}") from error
        self.path, self.baud = path, baud
        self._low_latency()
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def _configure(self, speed: int) -> None:
        tty.setraw(self._fd)
        attributes = termios.tcgetattr(self._fd)
        attributes[4] = attributes[5] = speed
        attributes[2] |= termios.CLOCAL | termios.CREAD
        termios.tcsetattr(self._fd, termios.TCSANOW, attributes)

    def _low_latency(self) -> None:
        """Asks a USB adapter to deliver at once instead of every 16 ms; pseudo-terminals have no such setting."""
        state = array.array("i", [0] * _SERIAL_STRUCT_INTS)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._fd, _TIOCGSERIAL, state)
            state[4] |= _ASYNC_LOW_LATENCY
            fcntl.ioctl(self._fd, _TIOCSSERIAL, state)

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
                if remaining_ns <= 0:
                    return b""
                continue
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
