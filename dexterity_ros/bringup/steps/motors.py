"""Step motors: who answers, with which firmware and settings, how fast, how warm, at which voltage. Nothing moves."""

from dataclasses import replace

import numpy as np

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.motor_setup import mend_motors
from dexterity_ros.bringup.robot_file import Table
from dexterity_ros.bringup.walk import Measured, Walk, unlimited
from dexterity_ros.contracts.robot import Estimate, Supply
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.control_table import VOLTAGE_UNIT_V, load_motor
from dexterity_ros.drivers.dynamixel.discovery import BusFigures, measure_bus
from dexterity_ros.drivers.dynamixel.motor_settings import check_models

_LEAST_HZ = 100.0  # rate of hand_node
_CYCLES = 200
_MOST_FAILED = 2  # of the cycles that were measured
_FIRMWARE_AT = 2  # byte of a ping's answer (e-Manual, Protocol 2.0, Ping)


def motors(walk: Walk) -> Measured:
    """Finds all motors, stores what they need for bring-up, and measures bus and supply. Raises HandError.

    Their own position limits are opened as far as they go: they count in mode 3 only, and rest on zeros that nobody has
    measured yet. The gate is what keeps joints inside their limits.
    """
    hand = unlimited(walk.hand)
    bus = walk.open_bus()
    try:
        _all_there(bus, hand)
        mended = mend_motors(hand, bus)
        figures = measure_bus(bus, hand, _CYCLES, lambda: walk.clock.now_ns() * 1e-9)
        firmware = [_firmware(bus, motor_id) for motor_id in hand.motor_ids]
    finally:
        bus.close()
    _fit_for_motion(figures, hand)
    supply = _supply(figures, walk.today())
    said = f"{len(hand.joints)} {hand.drive.motor_model} answer, {supply.supply_v.nominal:.2f} V, "
    return Measured(
        robot=replace(walk.robot, supply=supply),
        said=said
        + f"{figures.rate_hz:.0f} Hz, warmest {max(figures.temperature_c)} C; settings of {len(mended)} changed",
        warnings=_warnings(figures, hand),
        tables=(_motor_table(hand, figures, firmware), _change_table(mended)),
    )


def _all_there(bus: DynamixelBus, hand: RobotHand) -> None:
    """Raises HandError unless exactly the motors of the hand's file are on the bus."""
    found = sorted(bus.scan())
    missing, strange = sorted(set(hand.motor_ids) - set(found)), sorted(set(found) - set(hand.motor_ids))
    if missing or strange:
        said = f"motors {found or 'none'} answer at {hand.drive.baud_rate} baud; missing {missing}, unknown {strange}"
        raise HandError(f"{said}: power, cables, --baud, or `dexterity hand setup` for motors that are new")
    if problems := check_models(bus, hand):
        raise HandError("; ".join(problems))


def _firmware(bus: DynamixelBus, motor_id: int) -> int:
    reply = bus.ping(motor_id) or bus.ping(motor_id)
    if reply is None:
        raise HandError(f"motor {motor_id} answered before and does not now: a loose cable?")
    return reply.data[_FIRMWARE_AT]


def _fit_for_motion(figures: BusFigures, hand: RobotHand) -> None:
    """Raises HandError when the bus is too slow or loses answers, or a motor is too hot or has an error."""
    if figures.alerts:
        why = "find out why (`dexterity hand read`), then power the hand off and on"
        raise HandError(f"motors {list(figures.alerts)} report an error: {why}")
    if figures.rate_hz < _LEAST_HZ:
        raise HandError(f"the bus does {figures.rate_hz} Hz, at least {_LEAST_HZ:.0f} are needed: dexterity doctor")
    if figures.failed > _MOST_FAILED:
        raise HandError(f"{figures.failed} of {_CYCLES} cycles missed a motor: cables, power, termination")
    hottest = max(figures.temperature_c)
    if hottest >= hand.drive.max_temperature_c:
        raise HandError(f"a motor is at {hottest} C, limit {hand.drive.max_temperature_c:.0f} C: let it cool")
    low, high = load_motor(hand.drive.motor_model).voltage_range_v
    wrong = [volt for volt in figures.supply_v if not low <= volt <= high]
    if wrong:
        raise HandError(f"a motor has {wrong[0]} V, its range is {low} to {high} V: supply and cables")


def _supply(figures: BusFigures, measured: str) -> Supply:
    """Returns the voltage at the motors: their mean, as well as their registers resolve it."""
    volts = np.array(figures.supply_v)
    nominal, half = float(volts.mean()), max(2.0 * float(volts.std()), 0.5 * VOLTAGE_UNIT_V)
    interval = Estimate(nominal=round(nominal, 3), low=round(nominal - half, 3), high=round(nominal + half, 3))
    return Supply(measured=measured, residual_v=round(float(volts.std()), 4), supply_v=interval)


def _warnings(figures: BusFigures, hand: RobotHand) -> tuple[str, ...]:
    far = max(abs(volt / hand.drive.supply_v - 1.0) for volt in figures.supply_v)
    said = f"the supply is up to {100 * far:.0f} % away from the {hand.drive.supply_v} V of the hand's file"
    return (said,) if far > 0.05 else ()


def _motor_table(hand: RobotHand, figures: BusFigures, firmware: list[int]) -> Table:
    rows = tuple(
        (str(motor_id), name, str(version), f"{celsius} C", f"{volt:.1f} V")
        for motor_id, name, version, celsius, volt in zip(
            hand.motor_ids, hand.joint_names, firmware, figures.temperature_c, figures.supply_v, strict=True
        )
    )
    return Table(title="Motors", header=("id", "joint in the hand's file", "firmware", "warm", "supply"), rows=rows)


def _change_table(mended: list[str]) -> Table:
    return Table(title="Settings that were changed", header=("motor", "from and to"), rows=_split(mended))


def _split(lines: list[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split(": ", 1)) for line in lines)
