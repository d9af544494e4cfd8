"""Whether the motors on a bus are those of a hand, and stored in them is what the hand needs."""

from collections.abc import Callable

from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.control_table import MotorModel, load_motor, x_series


def motor_name(hand: HandSpec, i: int) -> str:
    """Returns how messages call the motor of joint `i`."""
    return f"motor {hand.joints[i].motor_id} ({hand.joints[i].name})"


def check_motors(bus: DynamixelBus, hand: HandSpec, current_limit_a: float) -> list[str]:
    """Returns what is wrong, with the motor named; empty when all is well. Writes nothing."""
    model = load_motor(hand.motor_model)
    absent = [problem for i in range(len(hand.joints)) if (problem := _check_model(bus, hand, model, i))]
    return absent or _check_settings(bus, hand, round(current_limit_a / model.current_unit_a))


def _check_model(bus: DynamixelBus, hand: HandSpec, model: MotorModel, i: int) -> str | None:
    name, motor_id = motor_name(hand, i), hand.joints[i].motor_id
    reply = bus.ping(motor_id) or bus.ping(motor_id)
    if reply is None:
        return f"{name} does not answer at {hand.baud_rate} baud: id, baud rate, power?"
    number, firmware = int.from_bytes(reply.data[:2], "little"), reply.data[2]
    if number != model.model_number:
        return f"{name} is model {number}, expected {model.model_number} ({model.name})"
    if firmware < model.min_firmware:
        return f"{name} has firmware {firmware}, expected {model.min_firmware} or newer: update it"
    return None


def _check_settings(bus: DynamixelBus, hand: HandSpec, current: int) -> list[str]:
    """Compares stored settings that arming does not write with what this hand needs."""
    registers = x_series()
    first, last = registers["drive_mode"], registers["current_limit"]
    expected: list[tuple[str, str, Callable[[int], bool]]] = [
        ("drive_mode", "0 (not reversed)", lambda value: value != 0),
        ("homing_offset", "0 (zeros are in the hand's file)", lambda value: value != 0),
        ("current_limit", f"at least {current}", lambda value: value < current),
    ]
    reply = bus.sync_read([joint.motor_id for joint in hand.joints], first.address, last.end - first.address)
    problems = []
    for i in range(len(hand.joints)):
        if not reply.valid[i]:
            problems.append(f"{motor_name(hand, i)} does not answer when asked for its settings")
            continue
        row = reply.data[i].tobytes()
        for name, right, wrong in expected:
            register = registers[name]
            value = register.decode(row[register.address - first.address : register.end - first.address])
            if wrong(value):
                problems.append(f"{motor_name(hand, i)}: {name} is {value}, expected {right}: dexterity hand setup")
    return problems
