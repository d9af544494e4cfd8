"""An emulated Dynamixel bus: motors on joints, instructions in, status packets out, with their time on the wire."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ports import ActuatedJointsPort
from dexterity_ros.drivers.dynamixel import protocol
from dexterity_ros.drivers.dynamixel.control_table import BAUD_CODES, POSITION_UNIT_RAD, RETURN_DELAY_UNIT_S, load_motor
from dexterity_ros.drivers.dynamixel.protocol import ALERT_BIT, BROADCAST, Instruction, Packet, Parser, StatusError
from dexterity_ros.drivers.emulated.motor import EmulatedMotor, JointState

_BITS_PER_BYTE = 10  # start, eight data, stop


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Bytes for the host, and how long after the request's last byte they have all arrived there."""

    delay_s: float
    data: bytes


@dataclass(frozen=True, kw_only=True)
class WireModel:
    """Time on the wire. baud: what the motors are set to. usb_latency_s: FTDI latency timer of the adapter."""

    baud: int = 4_000_000
    usb_latency_s: float = 0.001


class EmulatedBus:
    """All motors of a hand on one bus. Time comes in with every call; there is no clock and no thread here."""

    def __init__(self, hand: HandSpec, joints: ActuatedJointsPort, wire: WireModel) -> None:
        """Raises ConfigError for a motor model that is not in config/motors."""
        self.wire = wire
        model = load_motor(hand.motor_model)
        code = next(code for code, baud in BAUD_CODES.items() if baud == wire.baud)
        self.motors = [EmulatedMotor(model, joint.motor_id, baud_code=code) for joint in hand.joints]
        for motor in self.motors:
            motor.set("return_delay_time", 0)
        self.connected = [True] * len(self.motors)
        self._hand, self._joints = hand, joints
        self._sign = np.array([joint.sign for joint in hand.joints])
        self._zero = np.array([joint.zero_offset_rad for joint in hand.joints])
        self._parser = Parser()
        self._updated_s: float | None = None
        self.writes = 0
        self.unsafe_goals = 0
        self._lower, self._upper = hand.lower_rad, hand.upper_rad
        self._last_pull: list[float | None] = [None] * len(self.motors)

    @property
    def watchdog_trip_ms(self) -> float | None:
        """Longest silence after which a motor's last trip came; None when none has tripped."""
        trips = [motor.tripped_after_s for motor in self.motors if motor.tripped_after_s is not None]
        return round(max(trips) * 1e3, 1) if trips else None

    def feed(self, data: bytes, now_s: float, host_baud: int) -> list[Answer]:
        """Returns the answers to what the host sent; motors at another baud rate see only noise."""
        answers = []
        for packet in self._parser.feed(data):
            listening = [m for m, here in zip(self.motors, self.connected, strict=True) if here and m.baud == host_baud]
            if listening and (answer := self._handle(packet, listening, now_s, host_baud)) is not None:
                answers.append(answer)
        return answers

    def update(self, now_s: float) -> None:
        """Advances the motors to `now_s` and passes their pull on to the joints."""
        elapsed_s = 0.0 if self._updated_s is None else max(now_s - self._updated_s, 0.0)
        self._updated_s = now_s
        position, velocity = self._joints.measure()
        motor_pos, motor_vel = self._sign * position + self._zero, self._sign * velocity
        for i, motor in enumerate(self.motors):
            state = JointState(pos_rad=float(motor_pos[i]), vel_rad_s=float(motor_vel[i]))
            motor.update(state, now_s, elapsed_s)
        self._drive(position)

    def _drive(self, position: NDArray[np.float64]) -> None:
        pulls = [motor.pull_rad() for motor in self.motors]
        self._count_unsafe(pulls)
        self._joints.set_torque(any(pull is not None for pull in pulls))
        wanted = [
            position[i] if pull is None else self._sign[i] * (pull - self._zero[i]) for i, pull in enumerate(pulls)
        ]
        self._joints.command(np.clip(np.array(wanted), self._hand.lower_rad, self._hand.upper_rad))

    def _count_unsafe(self, pulls: list[float | None]) -> None:
        """Counts goals that no gate should have let through: outside joint limits, or too far from the one before."""
        for i, pull in enumerate(pulls):
            before, self._last_pull[i] = self._last_pull[i], pull
            if pull is None:
                continue
            joint = self._sign[i] * (pull - self._zero[i])
            outside = not self._lower[i] - POSITION_UNIT_RAD <= joint <= self._upper[i] + POSITION_UNIT_RAD
            jumped = before is not None and abs(pull - before) > self._hand.max_step_rad + 2.0 * POSITION_UNIT_RAD
            self.unsafe_goals += outside or jumped

    def _handle(self, packet: Packet, motors: list[EmulatedMotor], now_s: float, baud: int) -> Answer | None:
        self.update(now_s)
        for motor in motors:
            motor.heard(now_s)
        answered = self._execute(packet, motors)
        self._drive(self._joints.measure()[0])
        if not answered:
            return None
        data = b"".join(status for _, status in answered)
        delays = sum(motor.get("return_delay_time") * RETURN_DELAY_UNIT_S for motor, _ in answered)
        wire_s = len(data) * _BITS_PER_BYTE / baud
        return Answer(delay_s=delays + wire_s + self.wire.usb_latency_s, data=data)

    def _execute(self, packet: Packet, motors: list[EmulatedMotor]) -> list[tuple[EmulatedMotor, bytes]]:
        handlers = {
            Instruction.SYNC_READ: _sync_read,
            Instruction.FAST_SYNC_READ: _fast_sync_read,
            Instruction.BULK_READ: _bulk_read,
        }
        by_id = {motor.id: motor for motor in motors}
        if packet.instruction in handlers:
            return handlers[Instruction(packet.instruction)](by_id, packet.parameters)
        if packet.instruction == Instruction.SYNC_WRITE:
            return self._sync_write(by_id, packet.parameters)
        targets = [m for m in motors if packet.id in (m.id, BROADCAST)]
        answers = [(motor, self._single(motor, packet)) for motor in targets]
        if packet.id == BROADCAST and packet.instruction != Instruction.PING:
            return []
        return [(motor, status) for motor, status in answers if status is not None]

    def _single(self, motor: EmulatedMotor, packet: Packet) -> bytes | None:
        p = packet.parameters
        if packet.instruction == Instruction.PING:
            return _status(motor, StatusError.OK, motor.read(0, 2)[1] + motor.read(6, 1)[1])
        if packet.instruction == Instruction.READ and len(p) == 4:
            return _status(motor, *motor.read(_word(p, 0), _word(p, 2)))
        if packet.instruction == Instruction.WRITE and len(p) >= 3:
            self.writes += 1
            return _status(motor, motor.write(_word(p, 0), p[2:]))
        if packet.instruction == Instruction.REBOOT:
            motor.reboot()
            return _status(motor, StatusError.OK)
        return _status(motor, StatusError.INSTRUCTION)

    def _sync_write(self, by_id: "_Motors", p: bytes) -> list[tuple[EmulatedMotor, bytes]]:
        address, length = _word(p, 0), _word(p, 2)
        for start in range(4, len(p) - length, length + 1):
            motor = by_id.get(p[start])
            if motor is not None:
                self.writes += 1
                motor.write(address, p[start + 1 : start + 1 + length])
        return []


_Motors = dict[int, EmulatedMotor]


def _sync_read(by_id: _Motors, p: bytes) -> list[tuple[EmulatedMotor, bytes]]:
    # ASSUMED A6: motors after a missing one answer all the same.
    asked = [by_id[i] for i in p[4:] if i in by_id]
    return [(motor, _status(motor, *motor.read(_word(p, 0), _word(p, 2)))) for motor in asked]


def _fast_sync_read(by_id: _Motors, p: bytes) -> list[tuple[EmulatedMotor, bytes]]:
    """One packet that each motor continues where the one before ends; behind a missing motor nobody does."""
    length = _word(p, 2)
    present = list(itertools.takewhile(by_id.__contains__, p[4:]))
    blocks = [
        (i, *_fast_block(by_id[i], _word(p, 0), length)) if i in present else (i, 0, bytes(length)) for i in p[4:]
    ]
    packet = protocol.fast_status(blocks)
    ends = [protocol.fast_blocks(length, n) for n in range(len(present) + 1)]
    starts = [0, *ends[1:]]
    return [(by_id[i], packet[a:b]) for i, a, b in zip(present, starts, ends[1:], strict=False)]


def _fast_block(motor: EmulatedMotor, address: int, length: int) -> tuple[int, bytes]:
    error, data = motor.read(address, length)
    return error | (ALERT_BIT if motor.alert else 0), data or bytes(length)


def _bulk_read(by_id: _Motors, p: bytes) -> list[tuple[EmulatedMotor, bytes]]:
    asked = [(p[i], _word(p, i + 1), _word(p, i + 3)) for i in range(0, len(p) - 4, 5)]
    return [(by_id[i], _status(by_id[i], *by_id[i].read(a, n))) for i, a, n in asked if i in by_id]


def _status(motor: EmulatedMotor, error: int, data: bytes = b"") -> bytes:
    return protocol.status(motor.id, error | (ALERT_BIT if motor.alert else 0), data)


def _word(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "little")


class StillJoints:
    """Joints without physics that are where they were last commanded to; for tests and for benches."""

    def __init__(self, names: Sequence[str], pos_rad: NDArray[np.float64]) -> None:
        self._names, self._pos = tuple(names), pos_rad.copy()
        self.torque = False

    def joint_names(self) -> tuple[str, ...]:
        """Returns the joint names."""
        return self._names

    def measure(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns positions and zero velocities."""
        return self._pos.copy(), np.zeros_like(self._pos)

    def command(self, pos_rad: NDArray[np.float64]) -> None:
        """Goes there at once, with torque."""
        if self.torque:
            self._pos = pos_rad.copy()

    def set_torque(self, enabled: bool) -> None:
        """Remembers whether there is torque."""
        self.torque = enabled
