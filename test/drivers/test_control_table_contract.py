"""The emulated motors against every row of the manual's control tables (test/drivers/manual, typed off the e-Manual).

Source: ROBOTIS e-Manual, docs/en/dxl/x/{xc330-m288,xl330-m288,xm430-w210}.md; error codes: Protocol 2.0, Status Packet.
"""

import csv
import re
from pathlib import Path

import pytest

from dexterity_ros.contracts.resources import shipped
from dexterity_ros.drivers.dynamixel.control_table import BAUD_CODES, load_motor
from dexterity_ros.drivers.dynamixel.protocol import BROADCAST, Instruction, Packet, Parser, StatusError, build
from dexterity_ros.drivers.emulated.drive import JointState
from dexterity_ros.drivers.emulated.instructions import execute
from dexterity_ros.drivers.emulated.motor import EMULATED_MODES, EmulatedMotor

MANUAL = Path(__file__).parent / "manual"
MODEL_FILES = sorted({path.stem for path in shipped("config/motors").glob("*.yaml")} - {"x_series"})
MODELS = {"xc330_m288": "XC330-M288", "xl330_m288": "XL330-M288", "xm430_w210": "XM430-W210"}
# Where the entry's own words in the manual say more than its range in the table.
WORDS = {
    "Drive Mode": {0, 1, 4, 5, 8, 9, 12, 13},  # bit 1 is always 0, bit 3 is Torque On by Goal Update
    "Operating Mode": set(EMULATED_MODES),  # 0, 1 and 16 are not emulated (docs/assumptions.md)
    "Secondary(Shadow) ID": set(range(256)),  # 253 to 255 switch it off
    "Startup Configuration": {0, 1, 2, 3},  # two bits
    "Shutdown": set(range(64)),  # bits 0 to 5
    "Bus Watchdog": set(range(128)),  # 0 switches it off
}
PROTOCOLS = {"2 ~ 22": {2, 20, 21, 22}, "1 ~ 2": {1, 2}}
SIGNED = re.compile("Offset|Goal|Watchdog|Present (PWM|Current|Velocity|Position)|Trajectory")


def rows(model):
    with (MANUAL / f"{model}.csv").open() as file:
        return list(csv.DictReader(file))


def new_motor(model, motor_id=1):
    motor = EmulatedMotor(load_motor(MODELS[model]), motor_id, baud_code=1)
    motor.update(JointState(pos_rad=3.1, vel_rad_s=0.0), 1.0, 0.0)
    return motor


def ask(motors, instruction, parameters=b"", motor_id=1, now_s=1.0):
    """Returns (error, data) of each motor that answers a packet."""
    (packet,) = Parser().feed(build(motor_id, instruction, parameters))
    answers = b"".join(status for _, status in execute(packet, motors, now_s))
    return [(packet.error, packet.parameters) for packet in Parser().feed(answers)]


def write(motor, row, value, motor_id=1):
    size = int(row["size"])
    data = (value % (1 << 8 * size)).to_bytes(size, "little")
    ((error, _),) = ask([motor], Instruction.WRITE, int(row["address"]).to_bytes(2, "little") + data, motor_id)
    return error


def read(motor, row):
    places = int(row["address"]).to_bytes(2, "little") + int(row["size"]).to_bytes(2, "little")
    ((error, data),) = ask([motor], Instruction.READ, places, motor.id)
    assert error == StatusError.OK
    return int.from_bytes(data, "little", signed=bool(SIGNED.search(row["name"])))


def allowed(row):
    """Returns the values that the manual allows, as a range or a set."""
    if row["name"] in WORDS:
        return WORDS[row["name"]]
    if row["name"] == "Protocol Type":
        return PROTOCOLS[row["range"]]
    low, high = map(int, row["range"].split(" ~ "))
    return range(low, high + 1)


def beyond(row):
    """Returns one value below and one above the range, where the register has bytes for it, and the gaps in it."""
    values, bits = allowed(row), 8 * int(row["size"])
    lowest = -(1 << (bits - 1)) if SIGNED.search(row["name"]) else 0
    highest = (1 << (bits - 1)) - 1 if SIGNED.search(row["name"]) else (1 << bits) - 1
    gaps = set() if isinstance(values, range) else set(range(min(values), max(values))) - values
    return [v for v in (min(values) - 1, max(values) + 1, *gaps) if lowest <= v <= highest]


def by_limit(row):
    return re.match(r"-(.*)\(\d+\) ~ ", row["range"])


every_model = pytest.mark.parametrize("model", MODELS)


@every_model
def test_every_register_is_where_the_manual_has_it_and_starts_as_it_says(model):
    motor = new_motor(model)
    by_address = {register.address: register for register in motor.memory.registers.values()}
    assert by_address.keys() == {int(row["address"]) for row in rows(model)}
    for row in rows(model):
        register = by_address[int(row["address"])]
        assert (register.size, register.access) == (int(row["size"]), row["access"].lower()), row
        assert register.area == ("eeprom" if register.address < 64 else "ram"), row
        assert register.source.startswith(f"{row['name']}({row['address']})"), row
        assert row["initial"] == "-" or read(motor, row) == int(row["initial"]), row


@every_model
def test_a_read_only_register_refuses_every_write(model):
    motor = new_motor(model)
    for row in rows(model):
        if row["access"] == "R":
            before = read(motor, row)
            assert (write(motor, row, 1), read(motor, row)) == (StatusError.ACCESS, before), row


@every_model
def test_the_ends_of_a_range_are_taken_and_one_beyond_is_a_data_range_error(model):
    for row in rows(model):
        if row["access"] == "R" or by_limit(row) or row["name"] in ("Goal Position", "Status Return Level"):
            continue  # those have tests of their own
        for value in {min(allowed(row)), max(allowed(row))}:
            motor = new_motor(model)
            assert (write(motor, row, value), read(motor, row)) == (StatusError.OK, value), row
        motor = new_motor(model)
        before = read(motor, row)
        for value in beyond(row):
            assert (write(motor, row, value), read(motor, row)) == (StatusError.DATA_RANGE, before), (row, value)


@every_model
def test_a_goal_beyond_its_limit_register_is_a_data_limit_error(model):
    limited = [(row, by_limit(row)) for row in rows(model) if by_limit(row)]
    assert len(limited) == 3
    for row, match in limited:
        motor = new_motor(model)
        motor.set(match.group(1).lower().replace(" ", "_"), 100)
        for value in (-100, 100):
            assert (write(motor, row, value), read(motor, row)) == (StatusError.OK, value), row
        for value in (-101, 101):
            assert (write(motor, row, value), read(motor, row)) == (StatusError.DATA_LIMIT, 100), row


@every_model
def test_goal_position_is_limited_by_the_position_limits_in_mode_3_and_by_256_turns_in_4_and_5(model):
    motor = new_motor(model)
    (row,) = [row for row in rows(model) if row["name"] == "Goal Position"]
    motor.set("min_position_limit", 1000)
    motor.set("max_position_limit", 3000)
    assert [write(motor, row, value) for value in (999, 1000, 3000, 3001)] == [6, 0, 0, 6]
    for mode in (4, 5):
        motor.set("operating_mode", mode)
        assert [write(motor, row, value) for value in (-1048576, -1048575, 1048575, 1048576)] == [4, 0, 0, 4]


@every_model
def test_eeprom_is_locked_while_torque_is_on_and_ram_is_not(model):
    for row in rows(model):
        if row["access"] == "RW":
            motor = new_motor(model)
            motor.set("torque_enable", 1)
            before = read(motor, row)
            expected = StatusError.ACCESS if int(row["address"]) < 64 else StatusError.OK
            assert (write(motor, row, before), read(motor, row)) == (expected, before), row


@every_model
def test_less_than_a_whole_register_is_a_data_length_error(model):
    motor = new_motor(model)
    for row in rows(model):
        size, address = int(row["size"]), int(row["address"])
        if row["access"] == "RW" and size > 1:
            for start in (address, address + 1):
                ((error, _),) = ask([motor], Instruction.WRITE, start.to_bytes(2, "little") + bytes(size - 1))
                assert error == StatusError.DATA_LENGTH, row


@every_model
def test_addresses_between_registers_cannot_be_written_and_beyond_the_table_not_read(model):
    motor = new_motor(model)
    taken = {a for row in rows(model) for a in range(int(row["address"]), int(row["address"]) + int(row["size"]))}
    for address in set(range(max(taken) + 3)) - taken:
        ((error, _),) = ask([motor], Instruction.WRITE, address.to_bytes(2, "little") + b"\x00")
        assert error == StatusError.ACCESS, address
    last = max(taken)
    assert ask([motor], Instruction.READ, last.to_bytes(2, "little") + b"\x01\x00")[0][0] == StatusError.OK
    assert ask([motor], Instruction.READ, last.to_bytes(2, "little") + b"\x02\x00") == [(StatusError.ACCESS, b"")]


@every_model
def test_every_baud_code_is_a_baud_rate_or_refused(model):
    (row,) = [row for row in rows(model) if row["name"] == "Baud Rate"]
    for code in range(256):
        motor = new_motor(model)
        error = write(motor, row, code)
        assert error == (StatusError.OK if code in allowed(row) else StatusError.DATA_RANGE), code
        assert motor.baud == BAUD_CODES[code if error == StatusError.OK else 1]


def test_the_constants_of_a_model_are_those_of_its_table():
    for model in map(load_motor, MODEL_FILES):
        table, gains = model.table, model.position_gains
        assert table["current_limit"].accepts == (0, model.current_limit)
        assert table["temperature_limit"].default == model.temperature_limit_c
        limits = (table["min_voltage_limit"].default, table["max_voltage_limit"].default)
        assert limits == tuple(round(volt * 10) for volt in model.voltage_range_v)
        defaults = [table[f"position_{name}_gain"].default for name in "pid"]
        assert defaults == [gains.p, gains.i, gains.d]


def test_a_whole_write_is_refused_when_one_register_in_it_is():
    motor = new_motor("xc330_m288")
    data = (300).to_bytes(2, "little") + (99).to_bytes(2, "little") + (16384).to_bytes(2, "little")
    ((error, _),) = ask([motor], Instruction.WRITE, (80).to_bytes(2, "little") + data)
    assert error == StatusError.DATA_RANGE
    assert [motor.get(f"position_{name}_gain") for name in "dip"] == [500, 0, 1100]


def test_answers_of_other_motors_are_not_taken_for_instructions():
    motor = new_motor("xc330_m288")
    heard = Packet(id=1, instruction=Instruction.STATUS, error=0, parameters=bytes([64, 0, 1]))
    assert execute(heard, [motor], 1.0) == [] and not motor.torque
    everyone = Packet(id=BROADCAST, instruction=Instruction.STATUS, error=0, parameters=b"")
    assert execute(everyone, [motor], 1.0) == []
