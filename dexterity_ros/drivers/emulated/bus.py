"""An emulated Dynamixel bus: motors on joints, instructions in, status packets out, with their time on the wire."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.ports import ActuatedJointsPort
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.control_table import (
    POSITION_UNIT_RAD,
    RETURN_DELAY_UNIT_S,
    MotorModel,
    baud_code,
    load_motor,
)
from dexterity_ros.drivers.dynamixel.motor_settings import stored_settings
from dexterity_ros.drivers.dynamixel.protocol import HEADER, Instruction, Packet, Parser
from dexterity_ros.drivers.emulated.drive import JointState
from dexterity_ros.drivers.emulated.instructions import Answered, execute, reject
from dexterity_ros.drivers.emulated.motor import EmulatedMotor

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
    """All motors of a hand on one bus. Time comes in with every call; there is no clock and no thread here.

    connected: motors that are on the bus, by index. lost: whether the next instruction packet gets lost on the wire.
    """

    def __init__(
        self,
        hand: RobotHand,
        joints: ActuatedJointsPort,
        wire: WireModel,
        *,
        factory: bool = False,
        believed: RobotHand | None = None,
    ) -> None:
        """Motors as `dexterity hand setup` leaves them; factory: as out of the box but for id and baud rate.

        believed: the hand as it was known when it was set up; default: as it is.

        Raises ConfigError for a motor model that is not in config/motors, and for a baud rate that no motor has.
        """
        self.wire = wire
        model = load_motor(hand.drive.motor_model)
        as_set_up = believed or hand
        self.motors = [_new_motor(as_set_up, model, i, wire.baud, factory=factory) for i in hand.motor_ids]
        self.connected = [True] * len(self.motors)
        self.lost: Callable[[], bool] = lambda: False
        self._hand, self._joints = hand, joints
        self._sign, self._zero = hand.signs, hand.zeros_rad
        self._parser = Parser()
        self._updated_s: float | None = None
        self.unsafe_goals = 0
        self._lower, self._upper = hand.lower_rad, hand.upper_rad
        self._last_goal: list[float | None] = [None] * len(self.motors)

    @property
    def writes(self) -> int:
        """Accepted writes, of all motors."""
        return sum(motor.writes for motor in self.motors)

    @property
    def watchdog_trip_ms(self) -> float | None:
        """Longest silence after which a motor's last trip came; None when none has tripped."""
        trips = [motor.tripped_after_s for motor in self.motors if motor.tripped_after_s is not None]
        return round(max(trips) * 1e3, 1) if trips else None

    def feed(self, data: bytes, now_s: float, host_baud: int) -> list[Answer]:
        """Returns the answers to what the host sent; motors at another baud rate see only noise."""
        packets = self._parser.feed(data)
        answers = [
            self._on_wire(reject(motor_id, self._hearing(now_s, host_baud)), host_baud)
            for motor_id in self._parser.rejected
        ]
        for packet in packets:
            if packet.instruction != Instruction.STATUS and not self.lost():
                hearing = self._hearing(now_s, host_baud)
                answers.append(self._on_wire(self._handle(packet, hearing, now_s), host_baud))
        return [answer for answer in answers if answer is not None]

    def update(self, now_s: float) -> None:
        """Advances the motors to `now_s` and passes their pull on to the joints."""
        elapsed_s = 0.0 if self._updated_s is None else max(now_s - self._updated_s, 0.0)
        self._updated_s = now_s
        position, velocity = self._joints.measure()
        motor_pos, motor_vel = self._sign * position + self._zero, self._sign * velocity
        for i, motor in enumerate(self.motors):
            state = JointState(pos_rad=float(motor_pos[i]), vel_rad_s=float(motor_vel[i]), current_a=self._drawn_a(i))
            motor.update(state, now_s, elapsed_s)
        self._drive(position)

    def forgive(self, duration_s: float) -> None:
        """Keeps time in which this emulator did not run from the motors' watchdogs. ASSUMED A15."""
        for motor in self.motors:
            motor.forgive(duration_s)

    def _hearing(self, now_s: float, host_baud: int) -> list[EmulatedMotor]:
        return [
            motor
            for motor, here in zip(self.motors, self.connected, strict=True)
            if here and motor.speaks(now_s) and motor.baud == host_baud
        ]

    def _handle(self, packet: Packet, hearing: list[EmulatedMotor], now_s: float) -> Answered:
        self.update(now_s)
        for motor in hearing:
            motor.heard(now_s)
        answered = execute(packet, hearing, now_s)
        self._drive(self._joints.measure()[0])
        return answered

    def _on_wire(self, answered: Answered, baud: int) -> Answer | None:
        if not answered:
            return None
        data = b"".join(status for _, status in answered)
        delays = sum(motor.get("return_delay_time") * RETURN_DELAY_UNIT_S for motor, _ in answered)
        wire_s = len(data) * _BITS_PER_BYTE / baud
        return Answer(delay_s=delays + wire_s + self.wire.usb_latency_s, data=data)

    def _drawn_a(self, _motor: int) -> float | None:
        """Returns the current of a motor, in the direction of its angle, where the joints know it."""
        return None

    def _drive(self, position: NDArray[np.float64]) -> None:
        self._count_unsafe([motor.goal_rad() for motor in self.motors])
        pulls = [motor.pull_rad() for motor in self.motors]
        self._joints.set_torque(any(pull is not None for pull in pulls))
        wanted = [
            position[i] if pull is None else self._sign[i] * (pull - self._zero[i]) for i, pull in enumerate(pulls)
        ]
        self._joints.command(np.clip(np.array(wanted), self._hand.lower_rad, self._hand.upper_rad))

    def _count_unsafe(self, goals: list[float | None]) -> None:
        """Counts goals that no gate should have let through: outside joint limits, or too far from the one before."""
        for i, goal in enumerate(goals):
            before, self._last_goal[i] = self._last_goal[i], goal
            if goal is None:
                continue
            joint = self._sign[i] * (goal - self._zero[i])
            outside = not self._lower[i] - POSITION_UNIT_RAD <= joint <= self._upper[i] + POSITION_UNIT_RAD
            jumped = before is not None and abs(goal - before) > self._hand.max_step_rad + 2.0 * POSITION_UNIT_RAD
            self.unsafe_goals += outside or jumped


def packets_of(data: bytes) -> list[bytes]:
    """Returns the packets in an answer as the emulator made it, one after the other."""
    starts = [i for i in range(len(data)) if data.startswith(HEADER, i)]
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def _new_motor(hand: RobotHand, model: MotorModel, motor_id: int, baud: int, *, factory: bool) -> EmulatedMotor:
    """Returns the motor with an id. hand: as it was known when it was set up."""
    motor = EmulatedMotor(model, motor_id, baud_code=baud_code(baud))
    if not factory:
        for setting in stored_settings(hand, hand.motor_ids.index(motor_id)):
            motor.memory.put(setting.name, setting.value)
        motor.reboot()
    return motor


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
