"""What the emulated motors are doing, for another process to see without touching the bus.

A served bus keeps the file `PORT.motors` beside its port: a header (magic, layout version, number of motors, sequence
number, monotonic stamp in ns) and a row for each motor (id, torque, goal position, torque-on writes, goals that moved,
monotonic stamps in ns of the last of these and of the last change of torque), all little-endian. It is written after
every exchange and at least every 5 ms, through shared memory; the sequence number is odd while that happens. Readers
need no lock.

python -m dexterity_ros.drivers.emulated.motor_watch PORT   prints it.
"""

import mmap
import os
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.drivers.emulated.motor import EmulatedMotor

_MAGIC, _VERSION = b"dexmotor", 2
_HEAD = struct.Struct("<8sII")
_SEQUENCE = struct.Struct("<Q")
_STAMP = struct.Struct("<Q")
_MOTOR = struct.Struct("<IIiQQQQ")
_ROWS_AT = _HEAD.size + _SEQUENCE.size + _STAMP.size
_TORN_S = 0.5  # who writes may be preempted in the middle for so long


@dataclass(frozen=True, kw_only=True)
class SeenMotor:
    """One motor. goal_position in ticks; torque_on_writes, moved_goals: since the bus is served, accepted ones only.

    moved_ns: monotonic time at which a goal last moved. torque_since_ns: at which torque last went on or off.
    """

    id: int
    torque: bool
    goal_position: int
    torque_on_writes: int
    moved_goals: int
    moved_ns: int
    torque_since_ns: int


@dataclass(frozen=True, kw_only=True)
class SeenMotors:
    """All motors at one moment. stamp_ns: monotonic time, the same for all processes of a machine."""

    stamp_ns: int
    motors: tuple[SeenMotor, ...]


def watch_path(port: str | Path) -> Path:
    """Returns the file in which a served bus shows its motors."""
    return Path(f"{port}.motors")


class MotorBoard:
    """The writing end, in the process that serves the bus."""

    def __init__(self, path: Path, motors: Sequence[EmulatedMotor]) -> None:
        """Makes the file anew."""
        self._path, self._motors = path, motors
        rows = struct.Struct("<" + _MOTOR.format.lstrip("<") * len(motors))
        self._rows, self._sequence = rows, 0
        path.unlink(missing_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            os.ftruncate(fd, _ROWS_AT + rows.size)
            self._map = mmap.mmap(fd, _ROWS_AT + rows.size)
        finally:
            os.close(fd)
        _HEAD.pack_into(self._map, 0, _MAGIC, _VERSION, len(motors))

    def show(self, now_ns: int) -> None:
        """Writes what the motors do now."""
        values: list[int] = []
        for motor in self._motors:
            get = motor.memory.get
            values += (get("id"), get("torque_enable"), get("goal_position"), motor.torque_on_writes)
            values += (motor.moved_goals, round(motor.moved_at_s * 1e9), round(motor.torque_since_s * 1e9))
        _SEQUENCE.pack_into(self._map, _HEAD.size, self._sequence + 1)
        _STAMP.pack_into(self._map, _HEAD.size + _SEQUENCE.size, now_ns)
        self._rows.pack_into(self._map, _ROWS_AT, *values)
        self._sequence += 2
        _SEQUENCE.pack_into(self._map, _HEAD.size, self._sequence)

    def close(self) -> None:
        """Takes the file away; who has it open keeps the last of it."""
        self._path.unlink(missing_ok=True)
        self._map.close()


class MotorWatch:
    """The reading end, in any process."""

    def __init__(self, port: str | Path) -> None:
        """Raises ConfigError where no emulated bus shows its motors."""
        path = watch_path(port)
        try:
            self._fd = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise ConfigError(f"no emulated bus shows its motors in {path}: {error.strerror}") from error
        magic, version, count = _HEAD.unpack(os.pread(self._fd, _HEAD.size, 0).ljust(_HEAD.size, b"\0"))
        if (magic, version) != (_MAGIC, _VERSION):
            self.close()
            raise ConfigError(f"{path} begins with {magic!r}, version {version}; expected {_MAGIC!r}, {_VERSION}")
        self._size = _ROWS_AT + count * _MOTOR.size

    def read(self) -> SeenMotors:
        """Returns all motors at one moment. Its stamp says how old that is. Raises ConfigError on a torn file."""
        end = time.monotonic() + _TORN_S
        while time.monotonic() < end:
            data = os.pread(self._fd, self._size, 0)
            (sequence,) = _SEQUENCE.unpack_from(data, _HEAD.size)
            again = os.pread(self._fd, _SEQUENCE.size, _HEAD.size)
            if sequence % 2 == 0 and _SEQUENCE.unpack(again)[0] == sequence:
                return _parse(data)
            time.sleep(0.0002)
        raise ConfigError("the emulated bus ended while it wrote")

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)


def _parse(data: bytes) -> SeenMotors:
    rows = _MOTOR.iter_unpack(data[_ROWS_AT:])
    motors = tuple(
        SeenMotor(
            id=motor_id,
            torque=bool(torque),
            goal_position=goal,
            torque_on_writes=torque_on_writes,
            moved_goals=moved_goals,
            moved_ns=moved_ns,
            torque_since_ns=since_ns,
        )
        for motor_id, torque, goal, torque_on_writes, moved_goals, moved_ns, since_ns in rows
    )
    return SeenMotors(stamp_ns=_STAMP.unpack_from(data, _HEAD.size + _SEQUENCE.size)[0], motors=motors)


def main() -> None:
    """Entry point."""
    watch = MotorWatch(sys.argv[1])
    seen = watch.read()
    print(f"{(time.monotonic_ns() - seen.stamp_ns) * 1e-6:.1f} ms ago")
    for motor in seen.motors:
        print(motor)


if __name__ == "__main__":
    main()
