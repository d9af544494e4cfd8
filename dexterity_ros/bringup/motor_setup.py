"""Gives factory motors what a hand needs of them: id, baud rate, limits, return delay. One motor at a time."""

from collections.abc import Callable

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.control_table import BAUD_CODES, CURRENT_BASED_POSITION_MODE, load_motor, x_series
from dexterity_ros.drivers.dynamixel.discovery import joint_ticks

_MARGIN_RAD = 0.05  # the motor's own position limits, used in mode 3 only, lie this far outside the joint's
_TEMPERATURE_MARGIN_C = 5


def settings(hand: HandSpec, i: int) -> list[tuple[str, int]]:
    """Returns (register, value) in the order in which they are written to the motor of joint `i`.

    Id and baud rate come last: a motor that is unplugged half way is found again where it was.
    """
    joint, model = hand.joints[i], load_motor(hand.motor_model)
    low, high = joint_ticks(hand, i, _MARGIN_RAD)
    current = min(round(hand.max_current_a / model.current_unit_a), model.current_limit)
    celsius = min(round(hand.max_temperature_c) + _TEMPERATURE_MARGIN_C, model.temperature_limit_c)
    code = next(code for code, baud in BAUD_CODES.items() if baud == hand.baud_rate)
    return [
        ("torque_enable", 0),
        ("drive_mode", 0),
        ("operating_mode", CURRENT_BASED_POSITION_MODE),
        ("homing_offset", 0),
        ("min_position_limit", max(low, 0)),
        ("max_position_limit", min(high, 4095)),
        ("current_limit", current),
        ("temperature_limit", celsius),
        ("return_delay_time", 0),
        ("id", joint.motor_id),
        ("baud_rate", code),
    ]


def set_up_motor(
    hand: HandSpec,
    i: int,
    scan: Callable[[], dict[int, dict[int, int]]],
    open_bus: Callable[[int], DynamixelBus],
) -> str:
    """Sets up the motor of joint `i`, which must be the only one on the bus. Returns what was done.

    scan: finds {baud rate: {id: model number}}. open_bus: opens the port at a baud rate. Every value is read back.
    Raises HandError; then what was not yet written is as before.
    """
    joint = hand.joints[i]
    baud, motor_id = _the_only_motor(scan(), hand, joint.name)
    bus = open_bus(baud)
    try:
        for name, value in settings(hand, i):
            _write(bus, motor_id, name, value)
            if name == "id":
                motor_id = value
            if name != "baud_rate":
                _check(bus, motor_id, name, value)
    finally:
        bus.close()
    bus = open_bus(hand.baud_rate)
    try:
        if bus.ping(joint.motor_id) is None:
            raise HandError(
                f"motor {joint.motor_id} ({joint.name}) does not answer at {hand.baud_rate} baud afterwards"
            )
    finally:
        bus.close()
    return f"{joint.name}: now motor {joint.motor_id} at {hand.baud_rate} baud"


def _the_only_motor(found: dict[int, dict[int, int]], hand: HandSpec, joint: str) -> tuple[int, int]:
    motors = [(baud, motor_id, number) for baud, ids in found.items() for motor_id, number in ids.items()]
    if len(motors) != 1:
        listed = [f"{motor_id} at {baud} baud" for baud, motor_id, _ in motors] or "none"
        raise HandError(f"to set up {joint}, exactly one motor must be connected; found {listed}")
    baud, motor_id, number = motors[0]
    model = load_motor(hand.motor_model)
    if number != model.model_number:
        raise HandError(f"motor {motor_id} is model {number}, {joint} needs {model.model_number} ({model.name})")
    return baud, motor_id


def _write(bus: DynamixelBus, motor_id: int, name: str, value: int) -> None:
    register = x_series()[name]
    answer = bus.write(motor_id, register.address, register.encode(value))
    # A motor may acknowledge a new id or baud rate under either; asking it afterwards settles it.
    if answer is None and name in ("id", "baud_rate"):
        return
    if answer is None or not answer.ok:
        said = "was not acknowledged" if answer is None else f"was refused with error {answer.error}"
        raise HandError(f"motor {motor_id}: {name} = {value} {said}")


def _check(bus: DynamixelBus, motor_id: int, name: str, value: int) -> None:
    register = x_series()[name]
    answer = bus.read(motor_id, register.address, register.size)
    shown = None if answer is None or not answer.ok else register.decode(answer.data)
    if shown != value:
        raise HandError(f"motor {motor_id}: {name} should be {value}, reads {shown}")
