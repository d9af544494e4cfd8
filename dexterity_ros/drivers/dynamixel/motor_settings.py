"""What a hand needs of its motors' registers: the one list behind preflight, arming, `doctor` and `hand setup`.

Stored registers (EEPROM) are checked before anything moves and never rewritten by arming: another program left them,
and `dexterity hand setup` mends them. The others (RAM) are written and read back at every arming.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.control_table import (
    CURRENT_BASED_POSITION_MODE,
    FULL_PWM,
    POSITION_UNIT_RAD,
    TICKS_PER_TURN,
    VELOCITY_UNIT_RAD_S,
    VOLTAGE_UNIT_V,
    MotorModel,
    load_motor,
    x_series,
)

_ALL_ANSWERS = 2  # status_return_level at which every instruction is answered (e-Manual, Status Return Level)
_MEND = "dexterity hand setup"
_MARGIN_RAD = 0.05  # the motor's own position limits, used in mode 3 only, lie this far outside the joint's
_TEMPERATURE_MARGIN_C = 5
_SUPPLY_TOLERANCE = 0.1
_PROTECTIONS = 0b110100  # overheating, electrical shock, overload switch the torque off (e-Manual, Shutdown: default)
_FIRST, _LAST = "return_delay_time", "shutdown"  # the stored settings lie between these


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A stored register. value: what `hand setup` writes. least, most, bits (that must be set): what is good enough."""

    name: str
    value: int
    least: int | None = None
    most: int | None = None
    bits: int = 0
    why: str = ""

    def fits(self, value: int) -> bool:
        """Returns whether a motor with this value moves as the hand's file says."""
        enough = self.least is None or value >= self.least
        return enough and (self.most is None or value <= self.most) and value & self.bits == self.bits

    @property
    def expected(self) -> str:
        """What is good enough, in words."""
        if self.bits:
            numbers = f"one with the bits {self.bits:#04x}"
        elif self.most is None:
            numbers = f"at least {self.least}"
        elif self.least is None:
            numbers = f"at most {self.most}"
        elif self.least == self.most:
            numbers = str(self.least)
        else:
            numbers = f"{self.least} to {self.most}"
        return f"{numbers} ({self.why})" if self.why else numbers


def motor_name(hand: RobotHand, i: int) -> str:
    """Returns how messages call the motor of joint `i`."""
    return f"motor {hand.motor_ids[i]} ({hand.joint_names[i]})"


def joint_ticks(hand: RobotHand, i: int, margin_rad: float = 0.0) -> tuple[int, int]:
    """Returns the motor's position registers at the ends of a joint's range, smaller first, widened by a margin."""
    joint = hand.joints[i]
    ends = (joint.lower_rad - margin_rad, joint.upper_rad + margin_rad)
    ticks = sorted(round((hand.signs[i] * end + hand.zeros_rad[i]) / POSITION_UNIT_RAD) for end in ends)
    return ticks[0], ticks[1]


def stored_settings(hand: RobotHand, i: int, current_limit_a: float | None = None) -> tuple[Stored, ...]:
    """Returns what the motor of joint `i` must have stored.

    current_limit_a: the least current limit that will do; default: the hand's ceiling.
    """
    model = load_motor(hand.drive.motor_model)
    rows = model.table
    settings = [
        _exactly("drive_mode", 0, "not reversed"),
        _exactly("operating_mode", CURRENT_BASED_POSITION_MODE, "current-based position"),
        Stored(name="secondary_id", value=255, least=253, most=255, why="off"),
        _exactly("protocol_type", 2),
        _exactly("homing_offset", 0, "zeros are in robot.yaml"),
        *_protections(hand, model),
        _exactly("pwm_limit", FULL_PWM, "full"),
        _current(hand, model, hand.max_current_a if current_limit_a is None else current_limit_a),
        _velocity(hand, rows["velocity_limit"].default),
        *_position_limits(hand, i),
        _exactly("startup_configuration", 0, "no torque at power-up"),
        _exactly("return_delay_time", 0, "answers at once"),
    ]
    if "pwm_slope" in rows:
        settings.append(_exactly("pwm_slope", rows["pwm_slope"].default, "as delivered"))
    shutdown = rows["shutdown"].default
    why = "overload, electrical shock, overheating switch the torque off"
    return (*settings, Stored(name="shutdown", value=shutdown, bits=_PROTECTIONS, why=why))


def armed_settings(hand: RobotHand, current: int) -> dict[str, list[int]]:
    """Returns what arming writes to every motor in RAM, {register: value of each joint}, in the order of writing.

    Bus watchdog off before goals, because goals are locked after a trip. current: goal_current in register units.
    """
    n = len(hand.joints)
    return {
        "status_return_level": [_ALL_ANSWERS] * n,
        "bus_watchdog": [0] * n,
        "torque_enable": [0] * n,
        "position_d_gain": [motor.gains.d for motor in hand.motors],
        "position_i_gain": [motor.gains.i for motor in hand.motors],
        "position_p_gain": [motor.gains.p for motor in hand.motors],
        "feedforward_2nd_gain": [0] * n,
        "feedforward_1st_gain": [0] * n,
        "goal_pwm": [FULL_PWM] * n,
        "goal_current": [current] * n,
        "profile_acceleration": [0] * n,
        "profile_velocity": [0] * n,
    }


def check_motors(bus: DynamixelBus, hand: RobotHand, current_limit_a: float) -> list[str]:
    """Returns what is wrong, with the motor named; empty when all is well. Changes only what motors answer to."""
    return check_models(bus, hand) or stored_problems(bus, hand, current_limit_a)


def check_models(bus: DynamixelBus, hand: RobotHand) -> list[str]:
    """Returns which motors are absent, of another model, or too old."""
    model = load_motor(hand.drive.motor_model)
    return [problem for i in range(len(hand.joints)) if (problem := _check_model(bus, hand, model, i))]


def stored_problems(bus: DynamixelBus, hand: RobotHand, current_limit_a: float) -> list[str]:
    """Returns which stored registers are not as this hand needs them; equal mistakes are named together."""
    said: dict[str, list[str]] = {}
    for i, found in enumerate(read_stored(bus, hand)):
        for mistake in _mistakes(found, stored_settings(hand, i, current_limit_a)):
            said.setdefault(mistake, []).append(motor_name(hand, i))
    return [f"{', '.join(motors)}: {mistake}" for mistake, motors in said.items()]


def read_stored(bus: DynamixelBus, hand: RobotHand) -> list[dict[str, int] | None]:
    """Returns the stored registers of every joint's motor, None for those that do not answer.

    Motors that were told to answer nothing but pings are told to answer everything: they could not be asked otherwise.
    """
    rows = load_motor(hand.drive.motor_model).table
    first, ids = rows[_FIRST].address, hand.motor_ids
    length = rows[_LAST].end - first
    reply = bus.sync_read(ids, first, length)
    if not reply.valid.all():
        let_answer(bus, ids)
        reply = bus.sync_read(ids, first, length)
    inside = {name: row for name, row in rows.items() if first <= row.address < first + length}
    return [
        {name: row.decode(data[row.address - first : row.end - first].tobytes()) for name, row in inside.items()}
        if valid
        else None
        for data, valid in zip(reply.data, reply.valid, strict=True)
    ]


def let_answer(bus: DynamixelBus, ids: Sequence[int]) -> None:
    """Tells motors to answer every instruction, which another program may have forbidden them; nobody acknowledges."""
    level = x_series()["status_return_level"]
    bus.sync_write(ids, level.address, np.full((len(ids), level.size), _ALL_ANSWERS, dtype=np.uint8))


def only_pinged(bus: DynamixelBus, ids: Sequence[int]) -> list[int]:
    """Returns the motors that answer a ping and no question: another program left their status_return_level at 0."""
    register = x_series()["status_return_level"]
    valid = bus.sync_read(ids, register.address, register.size).valid
    silent = [motor_id for motor_id, answered in zip(ids, valid, strict=True) if not answered]
    return [motor_id for motor_id in silent if bus.ping(motor_id) is not None]


def _mistakes(found: dict[str, int] | None, settings: tuple[Stored, ...]) -> list[str]:
    if found is None:
        return ["no answer when asked for its settings"]
    wrong = [setting for setting in settings if not setting.fits(found[setting.name])]
    return [f"{setting.name} is {found[setting.name]}, expected {setting.expected}: {_MEND}" for setting in wrong]


def _check_model(bus: DynamixelBus, hand: RobotHand, model: MotorModel, i: int) -> str | None:
    name, motor_id = motor_name(hand, i), hand.motor_ids[i]
    reply = bus.ping(motor_id) or bus.ping(motor_id)
    if reply is None:
        return f"{name} does not answer at {hand.drive.baud_rate} baud: id, baud rate, power?"
    number, firmware = int.from_bytes(reply.data[:2], "little"), reply.data[2]
    if number != model.model_number:
        return f"{name} is model {number}, expected {model.model_number} ({model.name})"
    if firmware < model.min_firmware:
        return f"{name} has firmware {firmware}, expected {model.min_firmware} or newer: update it"
    return None


def _exactly(name: str, value: int, why: str = "") -> Stored:
    return Stored(name=name, value=value, least=value, most=value, why=why)


def _protections(hand: RobotHand, model: MotorModel) -> list[Stored]:
    """Temperature and supply at which a motor shuts down: within the model's range, outside the hand's own limits."""
    celsius = round(hand.drive.max_temperature_c)
    low, high = (round(volt / VOLTAGE_UNIT_V) for volt in model.voltage_range_v)
    sagging = math.floor(hand.drive.supply_v * (1.0 - _SUPPLY_TOLERANCE) / VOLTAGE_UNIT_V)
    rising = math.ceil(hand.drive.supply_v * (1.0 + _SUPPLY_TOLERANCE) / VOLTAGE_UNIT_V)
    hottest = model.temperature_limit_c
    kept = min(celsius + _TEMPERATURE_MARGIN_C, hottest)
    return [
        Stored(name="temperature_limit", value=kept, least=min(celsius, kept), most=hottest, why="C, motor shuts down"),
        Stored(name="max_voltage_limit", value=high, least=min(rising, high), most=high, why="0.1 V"),
        Stored(name="min_voltage_limit", value=low, least=low, most=max(sagging, low), why="0.1 V"),
    ]


def _current(hand: RobotHand, model: MotorModel, current_limit_a: float) -> Stored:
    value = min(round(hand.max_current_a / model.current_unit_a), model.current_limit)
    least = min(round(current_limit_a / model.current_unit_a), value)
    return Stored(name="current_limit", value=value, least=least)


def _velocity(hand: RobotHand, as_delivered: int) -> Stored:
    least = math.ceil(hand.max_velocity_rad_s / VELOCITY_UNIT_RAD_S)
    return Stored(name="velocity_limit", value=max(as_delivered, least), least=least)


def _position_limits(hand: RobotHand, i: int) -> list[Stored]:
    """The motor's own limits hold in mode 3 only (e-Manual, Position Limit); they leave the joint its range."""
    low, high = joint_ticks(hand, i)
    lowest, highest = joint_ticks(hand, i, _MARGIN_RAD)
    top = TICKS_PER_TURN - 1
    return [
        Stored(name="max_position_limit", value=min(highest, top), least=min(high, top)),
        Stored(name="min_position_limit", value=max(lowest, 0), most=max(low, 0)),
    ]
