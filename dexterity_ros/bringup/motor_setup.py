"""Gives motors what a hand needs of them: factory motors one at a time, those of a whole hand where they are."""

from collections.abc import Callable

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.control_table import Register, baud_code, load_motor
from dexterity_ros.drivers.dynamixel.motor_settings import (
    check_models,
    let_answer,
    motor_name,
    read_stored,
    stored_settings,
)


def settings(hand: RobotHand, i: int) -> list[tuple[str, int]]:
    """Returns (register, value) in the order in which they are written to the motor of joint `i`.

    Id and baud rate come last: a motor that is unplugged half way is found again where it was.
    """
    stored = [(setting.name, setting.value) for setting in stored_settings(hand, i)]
    return [("torque_enable", 0), *stored, ("id", hand.motor_ids[i]), ("baud_rate", baud_code(hand.drive.baud_rate))]


def set_up_motor(
    hand: RobotHand,
    i: int,
    scan: Callable[[], dict[int, dict[int, int]]],
    open_bus: Callable[[int], DynamixelBus],
) -> str:
    """Sets up the motor of joint `i`, which must be the only one on the bus. Returns what was done.

    scan: finds {baud rate: {id: model number}}. open_bus: opens the port at a baud rate. Every value is read back.
    Raises HandError; then what was not yet written is as before.
    """
    joint, new_id, registers = hand.joint_names[i], hand.motor_ids[i], load_motor(hand.drive.motor_model).table
    baud, motor_id = _the_only_motor(scan(), hand, joint)
    bus = open_bus(baud)
    try:
        let_answer(bus, [motor_id])
        for name, value in settings(hand, i):
            _write(bus, motor_id, registers[name], name, value)
            if name == "id":
                motor_id = value
            if name != "baud_rate":
                _check(bus, motor_id, registers[name], name, value)
    finally:
        bus.close()
    bus = open_bus(hand.drive.baud_rate)
    try:
        if bus.ping(new_id) is None:
            raise HandError(f"{motor_name(hand, i)} does not answer at {hand.drive.baud_rate} baud afterwards")
    finally:
        bus.close()
    return f"{joint}: now motor {new_id} at {hand.drive.baud_rate} baud"


def mend_whole_hand(hand: RobotHand, open_bus: Callable[[], DynamixelBus]) -> list[str] | None:
    """Stores what another program changed in the motors of a hand. Returns what was done, motor by motor.

    Returns None when not all its motors answer, with their ids, at its baud rate. Raises HandError.
    """
    bus = open_bus()
    try:
        return None if check_models(bus, hand) else mend_motors(hand, bus)
    finally:
        bus.close()


def mend_motors(hand: RobotHand, bus: DynamixelBus) -> list[str]:
    """Stores what another program changed, in all motors of a hand at once. Returns what was done, motor by motor.

    Every value is read back. Raises HandError.
    """
    done, registers = [], load_motor(hand.drive.motor_model).table
    let_answer(bus, hand.motor_ids)
    for i, found in enumerate(read_stored(bus, hand)):
        if found is None:
            raise HandError(f"{motor_name(hand, i)} does not answer when asked for its settings")
        wrong = [setting for setting in stored_settings(hand, i) if not setting.fits(found[setting.name])]
        motor_id = hand.motor_ids[i]
        if not wrong:
            continue
        for name, value in [("torque_enable", 0), *((setting.name, setting.value) for setting in wrong)]:
            _write(bus, motor_id, registers[name], name, value)
            _check(bus, motor_id, registers[name], name, value)
        changes = [f"{setting.name} {found[setting.name]} -> {setting.value}" for setting in wrong]
        done.append(f"{motor_name(hand, i)}: {', '.join(changes)}")
    return done


def _the_only_motor(found: dict[int, dict[int, int]], hand: RobotHand, joint: str) -> tuple[int, int]:
    motors = [(baud, motor_id, number) for baud, ids in found.items() for motor_id, number in ids.items()]
    if len(motors) != 1:
        listed = [f"{motor_id} at {baud} baud" for baud, motor_id, _ in motors] or "none"
        raise HandError(f"to set up {joint}, exactly one motor must be connected; found {listed}")
    baud, motor_id, number = motors[0]
    model = load_motor(hand.drive.motor_model)
    if number != model.model_number:
        raise HandError(f"motor {motor_id} is model {number}, {joint} needs {model.model_number} ({model.name})")
    return baud, motor_id


def _write(bus: DynamixelBus, motor_id: int, register: Register, name: str, value: int) -> None:
    answer = bus.write(motor_id, register.address, register.encode(value))
    # A motor may acknowledge a new id or baud rate under either; asking it afterwards settles it.
    if answer is None and name in ("id", "baud_rate"):
        return
    if answer is None or not answer.ok:
        said = "was not acknowledged" if answer is None else f"was refused with error {answer.error}"
        raise HandError(f"motor {motor_id}: {name} = {value} {said}")


def _check(bus: DynamixelBus, motor_id: int, register: Register, name: str, value: int) -> None:
    answer = bus.read(motor_id, register.address, register.size)
    shown = None if answer is None or not answer.ok else register.decode(answer.data)
    if shown != value:
        raise HandError(f"motor {motor_id}: {name} should be {value}, reads {shown}")
