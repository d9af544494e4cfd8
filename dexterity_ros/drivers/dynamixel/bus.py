"""What a Dynamixel bus can do, whichever library speaks to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import DexterityError


class BusLostError(DexterityError):
    """The port is gone: cable pulled, adapter reset. Close the bus and open it again."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A motor's answer. error: low seven bits of the status packet's error byte. alert: its hardware alert bit."""

    data: bytes
    error: int
    alert: bool

    @property
    def ok(self) -> bool:
        """Whether the motor accepted the instruction."""
        return self.error == 0


@dataclass(frozen=True, kw_only=True)
class SyncReply:
    """Answers of several motors, in the order they were asked.

    data: (n, length); rows of motors that did not answer are zero and must not be used. valid: (n,) answered, with
    a good checksum and the right length. errors: (n,) error codes. alerts: (n,) hardware alert bits.
    asked_ns, answered_ns: monotonic time before the question was sent and after the last answer was read.
    """

    data: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    errors: NDArray[np.uint8]
    alerts: NDArray[np.bool_]
    asked_ns: int
    answered_ns: int


class DynamixelBus(Protocol):
    """One half-duplex bus. Every call is one transaction; None and valid=False mean no usable answer in time.

    All methods raise BusLostError when the port itself is gone. Not thread-safe: one thread owns a bus.
    """

    def ping(self, motor_id: int) -> Reply | None:
        """Returns model number (2 bytes) and firmware version (1 byte), or None."""
        ...

    def scan(self) -> dict[int, int]:
        """Returns id -> model number of every motor that answers."""
        ...

    def read(self, motor_id: int, address: int, length: int) -> Reply | None:
        """Returns `length` bytes of a motor's control table, or None."""
        ...

    def write(self, motor_id: int, address: int, data: bytes) -> Reply | None:
        """Writes and waits for the acknowledgement; None when there was none."""
        ...

    def sync_read(self, ids: Sequence[int], address: int, length: int) -> SyncReply:
        """Reads the same registers of several motors."""
        ...

    def fast_sync_read(self, ids: Sequence[int], address: int, length: int) -> SyncReply:
        """Reads the same registers of several motors, which answer in one shared packet.

        Shorter on the wire, but a motor that is missing or garbled takes all those after it along.
        """
        ...

    def bulk_read(self, requests: Sequence[tuple[int, int, int]]) -> list[Reply | None]:
        """Reads different registers of several motors. requests: (motor_id, address, length), each motor once."""
        ...

    def sync_write(self, ids: Sequence[int], address: int, rows: NDArray[np.uint8]) -> None:
        """Writes rows (n, length) to several motors; nobody acknowledges."""
        ...

    def reboot(self, motor_id: int) -> Reply | None:
        """Restarts a motor: clears latched errors, and torque is off afterwards."""
        ...

    def close(self) -> None:
        """Closes the port; harmless when it is already gone."""
        ...
