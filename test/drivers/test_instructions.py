"""Every instruction of Protocol 2.0 does on the emulated motors what the manual says, and answers as it says.

Source: ROBOTIS e-Manual, Protocol 2.0, Instruction Details.
"""

import pytest

from dexterity_ros.drivers.dynamixel.control_table import load_motor
from dexterity_ros.drivers.dynamixel.protocol import (
    BROADCAST,
    Instruction,
    Parser,
    StatusError,
    build,
    bulk_read_parameters,
    fast_status,
    read_parameters,
    status,
)
from dexterity_ros.drivers.emulated.drive import JointState
from dexterity_ros.drivers.emulated.instructions import REBOOT_S, execute, reject
from dexterity_ros.drivers.emulated.motor import EmulatedMotor

OK, CLEAR_TURNS = StatusError.OK, bytes([1, 0x44, 0x58, 0x4C, 0x22])
STORE, RESTORE = bytes([1, 0x43, 0x54, 0x52, 0x4C]), bytes([2, 0x43, 0x54, 0x52, 0x4C])


@pytest.fixture
def motors():
    made = [EmulatedMotor(load_motor("XC330-M288"), motor_id, baud_code=6) for motor_id in (1, 2, 3)]
    for motor in made:
        move(motor, 3.1)
    return made


def move(motor, pos_rad, vel_rad_s=0.0):
    motor.update(JointState(pos_rad=pos_rad, vel_rad_s=vel_rad_s), 1.0, 0.0)


def ask(motors, instruction, parameters=b"", motor_id=BROADCAST, now_s=1.0):
    """Returns {id: (error, data)} of the motors that answer."""
    (packet,) = Parser().feed(build(motor_id, instruction, parameters))
    hearing = [motor for motor in motors if motor.speaks(now_s)]
    answers = b"".join(data for _, data in execute(packet, hearing, now_s))
    return {packet.id: (packet.error, packet.parameters) for packet in Parser().feed(answers)}


def one(motors, instruction, parameters=b"", motor_id=1, now_s=1.0):
    """Returns the error of one motor's answer, None when there was none."""
    answers = ask(motors, instruction, parameters, motor_id, now_s)
    assert set(answers) <= {motor_id}
    return answers[motor_id][0] if answers else None


def place(motor, name, value=None):
    register = motor.memory.registers[name]
    return register.address.to_bytes(2, "little") + (b"" if value is None else register.encode(value))


def test_a_broadcast_ping_is_answered_by_all_in_the_order_of_their_ids(motors):
    answers = ask(motors[::-1], Instruction.PING)
    assert list(answers) == [1, 2, 3] and set(answers.values()) == {(0, bytes([0xD8, 0x04, 52]))}


def test_nothing_else_is_answered_to_everyone_and_reading_is_not_done(motors):
    assert ask(motors, Instruction.READ, read_parameters(132, 4)) == {}
    assert ask(motors, Instruction.WRITE, place(motors[0], "led", 1)) == {}
    assert [motor.get("led") for motor in motors] == [1, 1, 1]


def test_an_unknown_instruction_and_malformed_parameters_have_their_errors(motors):
    assert one(motors, 0x77) == StatusError.INSTRUCTION
    assert one(motors, Instruction.SYNC_READ, read_parameters(132, 4) + b"\x01") == StatusError.INSTRUCTION
    assert one(motors, Instruction.READ, b"\x84\x00") == StatusError.DATA_LENGTH
    assert one(motors, Instruction.WRITE, b"\x84\x00") == StatusError.DATA_LENGTH


def test_a_packet_with_a_wrong_checksum_has_its_error_from_the_motor_it_was_for(motors):
    ((motor, answer),) = reject(2, motors)
    assert (motor.id, answer) == (2, status(2, StatusError.CRC))


def test_reg_write_waits_for_action_and_action_alone_is_an_instruction_error(motors):
    assert one(motors, Instruction.ACTION) == StatusError.INSTRUCTION
    assert one(motors, Instruction.REG_WRITE, place(motors[0], "led", 2)) == StatusError.DATA_RANGE
    assert one(motors, Instruction.REG_WRITE, place(motors[0], "led", 1)) == OK
    assert (motors[0].get("led"), motors[0].get("registered_instruction")) == (0, 1)
    assert one(motors, Instruction.REG_WRITE, place(motors[1], "led", 1), motor_id=2) == OK
    assert ask(motors, Instruction.ACTION) == {}
    assert [(motor.get("led"), motor.get("registered_instruction")) for motor in motors] == [(1, 0), (1, 0), (0, 0)]


@pytest.mark.parametrize(("option", "motor_id", "baud"), [(0xFF, 1, 57_600), (0x01, 2, 57_600), (0x02, 2, 4_000_000)])
def test_a_factory_reset_keeps_what_its_option_says_and_restarts_the_motor(motors, option, motor_id, baud):
    motor = motors[1]
    motor.set("homing_offset", 100)
    motor.set("position_p_gain", 5)
    assert one(motors, Instruction.FACTORY_RESET, b"\x07", motor_id=2) == StatusError.DATA_RANGE
    assert ask([motor], Instruction.FACTORY_RESET, bytes([option]), 2) == {motor_id: (OK, b"")}
    assert (motor.id, motor.baud, motor.get("homing_offset"), motor.get("position_p_gain")) == (motor_id, baud, 0, 1100)
    assert one([motor], Instruction.PING, motor_id=motor_id) is None
    assert one([motor], Instruction.PING, motor_id=motor_id, now_s=1.0 + REBOOT_S) == OK


def test_all_motors_are_never_reset_to_one_id_at_once(motors):
    assert ask(motors, Instruction.FACTORY_RESET, b"\xff") == {}
    assert [motor.id for motor in motors] == [1, 2, 3]


def test_a_reboot_is_acknowledged_then_the_motor_is_silent_for_a_third_of_a_second(motors):
    motors[0].set("torque_enable", 1)
    motors[0].set("profile_velocity", 50)
    assert one(motors, Instruction.REBOOT) == OK
    assert one(motors, Instruction.PING) is None and one(motors, Instruction.PING, now_s=1.33) is None
    assert one(motors, Instruction.WRITE, place(motors[0], "led", 1), now_s=1.2) is None
    assert one(motors, Instruction.PING, now_s=1.34) == OK
    assert [motors[0].get(name) for name in ("torque_enable", "profile_velocity", "led")] == [0, 0, 0]
    assert one(motors, Instruction.PING, motor_id=2) == OK


def test_clear_shows_the_position_within_one_turn_unless_the_motor_moves(motors):
    motor = motors[0]
    motor.set("operating_mode", 5)
    move(motor, 20.0, vel_rad_s=1.0)
    assert motor.get("present_position") == 13038
    assert one(motors, Instruction.CLEAR, CLEAR_TURNS) == StatusError.RESULT_FAIL
    move(motor, 20.0)
    assert one(motors, Instruction.CLEAR, b"\x02\x00\x00\x00\x00") == StatusError.DATA_RANGE
    assert one(motors, Instruction.CLEAR, CLEAR_TURNS) == OK
    move(motor, 20.0)
    assert motor.get("present_position") == motor.get("goal_position") == 13038 - 3 * 4096


def test_a_backup_holds_what_the_manual_lists_and_comes_back_with_a_reboot(motors):
    motor = motors[0]
    assert one(motors, Instruction.CONTROL_TABLE_BACKUP, RESTORE) == StatusError.RESULT_FAIL
    kept = {"homing_offset": 55, "position_p_gain": 700, "profile_velocity": 9, "indirect_address_3": 120}
    for name, value in kept.items():
        motor.set(name, value)
    assert one(motors, Instruction.CONTROL_TABLE_BACKUP, STORE) == OK and motor.get("backup_ready") == 1
    for name in kept:
        motor.set(name, 70)
    motor.set("torque_enable", 1)
    assert one(motors, Instruction.CONTROL_TABLE_BACKUP, RESTORE) == StatusError.RESULT_FAIL
    motor.set("torque_enable", 0)
    assert one(motors, Instruction.CONTROL_TABLE_BACKUP, RESTORE) == OK
    assert motor.get("homing_offset") == 55 and motor.get("position_p_gain") == 1100
    motor.set("startup_configuration", 2)  # RAM Restore
    motor.reboot()
    assert {name: motor.get(name) for name in kept} == kept and motor.get("backup_ready") == 1


def test_startup_configuration_can_switch_torque_on_at_power_up(motors):
    motors[0].set("startup_configuration", 1)
    motors[0].reboot()
    assert motors[0].torque and motors[0].get("goal_position") == motors[0].get("present_position")


def test_bulk_write_writes_different_registers_and_leaves_out_what_is_cut_off(motors):
    parameters = b"".join(
        bytes([motor_id]) + place(motors[0], name) + length.to_bytes(2, "little") + value.to_bytes(length, "little")
        for motor_id, name, length, value in ((1, "led", 1, 1), (9, "led", 1, 1), (3, "profile_velocity", 4, 77))
    )
    assert ask(motors, Instruction.BULK_WRITE, parameters + b"\x02\x41\x00\x01\x00") == {}
    assert [(motor.get("led"), motor.get("profile_velocity")) for motor in motors] == [(1, 0), (0, 0), (0, 77)]


def test_fast_bulk_read_is_one_packet_that_ends_before_a_missing_motor(motors):
    requests = [(3, 132, 4), (1, 146, 1), (9, 64, 1), (2, 64, 1)]
    (packet,) = Parser().feed(build(BROADCAST, Instruction.FAST_BULK_READ, bulk_read_parameters(requests)))
    data = b"".join(part for _, part in execute(packet, motors, 1.0))
    there = [(3, 0, motors[2].read(132, 4)[1]), (1, 0, motors[0].read(146, 1)[1])]
    whole = fast_status([*there, (9, 0, b"\x00"), (2, 0, b"\x00")])
    assert data == whole[: len(whole) - 2 * 5]  # the length field counts the missing ones as well


@pytest.mark.parametrize(("level", "answered"), [(0, {"ping"}), (1, {"ping", "read"}), (2, {"ping", "read", "write"})])
def test_status_return_level_says_what_is_answered(motors, level, answered):
    motors[0].set("status_return_level", level)
    asked = {
        "ping": (Instruction.PING, b""),
        "read": (Instruction.READ, read_parameters(132, 4)),
        "write": (Instruction.WRITE, place(motors[0], "led", 1)),
    }
    assert {name for name, packet in asked.items() if one(motors, *packet) is not None} == answered
    many = {
        Instruction.SYNC_READ: read_parameters(132, 4) + b"\x01",
        Instruction.FAST_SYNC_READ: read_parameters(132, 4) + b"\x01",
        Instruction.BULK_READ: bulk_read_parameters([(1, 132, 4)]),
        Instruction.FAST_BULK_READ: bulk_read_parameters([(1, 132, 4)]),
    }
    assert all(bool(ask(motors, *packet)) == ("read" in answered) for packet in many.items())


def test_a_secondary_id_writes_ram_of_a_group_and_nobody_answers_for_it(motors):
    for motor in motors:
        motor.set("secondary_id", 2)
    assert one(motors, Instruction.WRITE, place(motors[0], "led", 1), motor_id=2) == OK
    assert [motor.get("led") for motor in motors] == [1, 1, 1]
    assert one(motors, Instruction.WRITE, place(motors[0], "homing_offset", 9), motor_id=2) == OK
    assert [motor.get("homing_offset") for motor in motors] == [0, 9, 0]
    motors[1].set("id", 7)
    assert one(motors, Instruction.WRITE, place(motors[0], "led", 0), motor_id=2) is None
    assert [motor.get("led") for motor in motors] == [0, 0, 0]


def test_indirect_data_stands_for_what_its_addresses_say(motors):
    motor = motors[0]
    goal = motor.memory.registers["goal_position"].address
    for i in range(4):
        assert one(motors, Instruction.WRITE, place(motor, f"indirect_address_{2 + i}", goal + i)) == OK
    assert one(motors, Instruction.WRITE, place(motor, "indirect_address_1", 65)) == OK
    assert one(motors, Instruction.WRITE, place(motor, "indirect_data_1") + b"\x01\x00\x04\x00\x00") == OK
    assert (motor.get("led"), motor.get("goal_position")) == (1, 1024)
    assert motor.read(208, 5) == (OK, b"\x01\x00\x04\x00\x00")
    assert one(motors, Instruction.WRITE, place(motor, "indirect_data_1") + b"\x02") == StatusError.DATA_RANGE
    assert one(motors, Instruction.WRITE, place(motor, "indirect_data_2") + b"\x00\x04") == StatusError.DATA_LENGTH
    assert one(motors, Instruction.WRITE, place(motor, "indirect_address_1", 122)) == OK
    assert one(motors, Instruction.WRITE, place(motor, "indirect_data_1") + b"\x00") == StatusError.ACCESS


def test_a_motor_of_protocol_1_hears_nothing():
    motor = EmulatedMotor(load_motor("XM430-W210"), 1, baud_code=3)
    assert one([motor], Instruction.WRITE, place(motor, "protocol_type", 1)) == OK
    assert one([motor], Instruction.PING) is None
