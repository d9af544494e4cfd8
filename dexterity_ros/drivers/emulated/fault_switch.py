"""Faults of a served bus that another process switches on while everything runs. For tests and benches only.

A served bus listens on the socket `PORT.faults` beside its port, for one line at a time, and answers `ok` when it is
done, or what was wrong with the line. Each line ends what the one before began:

    none          everything works again
    silent 5 7    the motors with these ids neither hear nor answer, and go on with what they were doing
    silent all    so do all of them
    cable out     the port is gone; it comes back under its name with the next line
    lose 0.3 42   every packet, question or answer, gets lost with this probability; 42 is the seed, 0 where left out
"""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.drivers.emulated.bus import EmulatedBus, packets_of

Disturb = Callable[[float, bytes], list[tuple[float, bytes]]]
_LONGEST_LINE = 4096
_PATIENCE_S = 2.0


class ServedPort(Protocol):
    """What a fault may do to a port."""

    unplugged: bool
    disturb: Disturb


def switch_path(port: str | Path) -> Path:
    """Returns the socket on which a served bus is told of faults."""
    return Path(f"{port}.faults")


def switch_fault(port: str | Path, line: str) -> None:
    """Has a served bus do what the line says; returns when it is done. Raises ConfigError."""
    path = switch_path(port)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.bind("")  # an address of its own, to be answered at
        client.settimeout(_PATIENCE_S)
        try:
            with _address(path) as address:
                client.connect(address)
            client.send(line.encode())
            answer = client.recv(_LONGEST_LINE).decode()
        except OSError as error:
            raise ConfigError(f"no emulated bus listens on {path}: {error}") from error
    if answer != "ok":
        raise ConfigError(answer)


class FaultSwitch:
    """The end of the socket in the process that serves the bus."""

    def __init__(self, bus: EmulatedBus, port: ServedPort, path: Path) -> None:
        """Makes the socket."""
        self._bus, self._port, self._path = bus, port, path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with _address(path) as address:
            self._socket.bind(address)

    def fileno(self) -> int:
        """Returns the file descriptor to wait for."""
        return self._socket.fileno()

    def receive(self) -> None:
        """Does what has been asked for and says so."""
        with contextlib.suppress(BlockingIOError):
            line, asker = self._socket.recvfrom(_LONGEST_LINE)
            answer = self.do(line.decode(errors="replace"))
            with contextlib.suppress(OSError):
                self._socket.sendto(answer.encode(), asker)

    def do(self, line: str) -> str:
        """Returns "ok", or what is wrong with a line; then nothing changes."""
        words = line.split()
        begin = self._meaning(words)
        if begin is None:
            return f"{line!r} is no fault; there are: none | silent ID... | silent all | cable out | lose P [SEED]"
        self._end()
        begin()
        return "ok"

    def close(self) -> None:
        """Takes the socket away."""
        self._path.unlink(missing_ok=True)
        self._socket.close()

    def _meaning(self, words: list[str]) -> Callable[[], None] | None:
        match words:
            case ["none"]:
                return lambda: None
            case ["cable", "out"]:
                return lambda: setattr(self._port, "unplugged", True)
            case ["silent", *names] if ids := self._named(names):
                return lambda: self._silence(ids)
            case ["lose", share, *seed] if loss := _loss(share, seed):
                return lambda: self._lose(*loss)
        return None

    def _named(self, names: list[str]) -> set[int]:
        """Returns the ids that are named, none of them when one is not on the bus."""
        there = {str(motor.id): motor.id for motor in self._bus.motors}
        if names == ["all"]:
            return set(there.values())
        return {there[name] for name in names} if set(names) <= there.keys() else set()

    def _silence(self, ids: set[int]) -> None:
        self._bus.connected[:] = [motor.id not in ids for motor in self._bus.motors]

    def _lose(self, share: float, seed: int) -> None:
        rng = np.random.default_rng(seed)

        def kept(data: bytes) -> bytes:
            return b"".join(packet for packet in packets_of(data) if rng.random() >= share)

        self._bus.lost = lambda: bool(rng.random() < share)
        self._port.disturb = lambda delay_s, data: [(delay_s, kept(data))]

    def _end(self) -> None:
        self._bus.connected[:] = [True] * len(self._bus.motors)
        self._bus.lost = lambda: False
        self._port.disturb = lambda delay_s, data: [(delay_s, data)]
        self._port.unplugged = False


def _loss(share: str, seed: list[str]) -> tuple[float, int] | None:
    """Returns the share of packets to lose and the seed of the dice."""
    with contextlib.suppress(ValueError):
        (number,) = [int(word) for word in seed] or [0]
        return (float(share), number) if 0.0 <= float(share) <= 1.0 and number >= 0 else None
    return None


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """Gives the socket a name that is short enough, whatever folder it is in: there is room for 107 bytes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
