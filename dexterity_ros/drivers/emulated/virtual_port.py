"""A BytePort onto an emulated bus in virtual time: hours of bus traffic in seconds, repeatable by seed."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from dexterity_ros.drivers.dynamixel.bus import BusLostError
from dexterity_ros.drivers.emulated.bus import Answer, WireModel

_BITS_PER_BYTE = 10


class AnsweringBus(Protocol):
    """An emulated bus, here or in another process."""

    @property
    def wire(self) -> WireModel:
        """Its time on the wire."""
        ...

    def feed(self, data: bytes, now_s: float, host_baud: int) -> list[Answer]:
        """Returns the answers to what the host sent."""
        ...


class VirtualPort:
    """The host's end of the wire. Waiting costs no time; faults are switched on by its attributes.

    unplugged: every access raises BusLostError. flip_probability: chance that a received byte has one bit flipped.
    disturb: what becomes of an answer on its way: (delay_s, bytes) to a list of such.
    """

    def __init__(self, bus: AnsweringBus, *, seed: int = 0) -> None:
        self._bus, self._rng = bus, np.random.default_rng(seed)
        self.baud = bus.wire.baud
        self._now_ns = 1_000_000_000
        self._incoming: list[tuple[int, bytes]] = []
        self.unplugged = False
        self.flip_probability = 0.0
        self.disturb: Callable[[float, bytes], list[tuple[float, bytes]]] = lambda delay_s, data: [(delay_s, data)]

    def now_ns(self) -> int:
        """Returns the virtual time."""
        return self._now_ns

    def sleep(self, duration_s: float) -> None:
        """Lets time pass."""
        self._now_ns += round(duration_s * 1e9)

    def write(self, data: bytes) -> None:
        """Sends bytes; their time on the wire passes."""
        self._check()
        self.sleep(len(data) * _BITS_PER_BYTE / self.baud)
        for answer in self._bus.feed(data, self._now_ns * 1e-9, self.baud):
            for delay_s, received in self.disturb(answer.delay_s, answer.data):
                self._incoming.append((self._now_ns + round(delay_s * 1e9), self._flipped(received)))
        self._incoming.sort(key=lambda entry: entry[0])

    def read(self, deadline_ns: int) -> bytes:
        """Returns the next answer that arrives before the deadline, or nothing at the deadline."""
        self._check()
        if self._incoming and self._incoming[0][0] <= deadline_ns:
            arrival_ns, data = self._incoming.pop(0)
            self._now_ns = max(self._now_ns, arrival_ns)
            return data
        self._now_ns = max(self._now_ns, deadline_ns)
        return b""

    def flush(self) -> int:
        """Discards what has arrived."""
        self._check()
        waiting = [data for arrival_ns, data in self._incoming if arrival_ns <= self._now_ns]
        self._incoming = [entry for entry in self._incoming if entry[0] > self._now_ns]
        return sum(len(data) for data in waiting)

    def close(self) -> None:
        """Forgets what was under way."""
        self._incoming.clear()

    def _check(self) -> None:
        if self.unplugged:
            raise BusLostError("virtual port is unplugged")

    def _flipped(self, data: bytes) -> bytes:
        if self.flip_probability == 0.0:
            return data
        values = np.frombuffer(data, dtype=np.uint8).copy()
        hit = self._rng.random(len(values)) < self.flip_probability
        values[hit] ^= (1 << self._rng.integers(0, 8, size=int(hit.sum()))).astype(np.uint8)
        return values.tobytes()
