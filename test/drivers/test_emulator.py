"""The emulated motors keep the rules of the manual, with the unmodified vendor library as client."""

import numpy as np
import pytest

sdk = pytest.importorskip("dynamixel_sdk")

from dexterity_ros.contracts.resources import data_root
from dexterity_ros.drivers.dynamixel.control_table import load_motor, x_series
from dexterity_ros.drivers.dynamixel.protocol import StatusError
from dexterity_ros.drivers.emulated.drive import JointState
from dexterity_ros.drivers.emulated.motor import WATCHDOG_TRIPPED, EmulatedMotor

REGISTERS = x_series()
REST = JointState(pos_rad=np.pi, vel_rad_s=0.0)


@pytest.fixture
def motor():
    made = EmulatedMotor(load_motor("XC330-M288"), 1, baud_code=6)
    made.update(REST, 0.0, 0.0)
    return made


def put(motor, name, value):
    register = REGISTERS[name]
    return motor.write(register.address, register.encode(value))


@pytest.mark.realtime
def test_the_unmodified_vendor_library_reads_and_writes(pty, emulated):
    port, packets = sdk.PortHandler(pty.path), sdk.PacketHandler(2.0)
    port.setBaudRate(4_000_000)
    model, result, error = packets.ping(port, 5)
    assert (model, result, error) == (1240, sdk.COMM_SUCCESS, 0)
    assert packets.write1ByteTxRx(port, 5, 64, 1) == (sdk.COMM_SUCCESS, 0)
    position, result, _ = packets.read4ByteTxRx(port, 5, 132)
    assert result == sdk.COMM_SUCCESS
    assert position == next(m for m in emulated.motors if m.id == 5).get("present_position")
    group = sdk.GroupSyncRead(port, packets, 132, 4)
    for emulated_motor in emulated.motors:
        group.addParam(emulated_motor.id)
    assert group.txRxPacket() == sdk.COMM_SUCCESS
    port.closePort()


def test_registers_do_not_overlap_and_every_model_is_listed_once():
    taken = {}
    for name, register in REGISTERS.items():
        for address in range(register.address, register.end):
            assert address not in taken, (name, taken.get(address))
            taken[address] = name
    files = [p for p in (data_root() / "config/motors").glob("*.yaml") if p.stem != "x_series"]
    assert len({load_motor(p.stem).model_number for p in files}) == len(files) == 4


def test_eeprom_is_locked_while_torque_is_on(motor):
    assert put(motor, "operating_mode", 5) == StatusError.OK
    put(motor, "torque_enable", 1)
    assert put(motor, "operating_mode", 3) == StatusError.ACCESS
    assert motor.get("operating_mode") == 5


def test_a_mode_change_resets_the_gains(motor):
    put(motor, "position_p_gain", 800)
    put(motor, "operating_mode", 5)
    assert motor.get("position_p_gain") == 1100


def test_writes_outside_or_across_registers_change_nothing(motor):
    before = motor.read(0, 228)
    assert motor.write(500, b"\x01") == StatusError.ACCESS
    assert motor.write(67, b"\x01") == StatusError.ACCESS
    assert motor.write(116, b"\x01") == StatusError.DATA_LENGTH
    assert motor.write(117, b"\x01\x02\x03") == StatusError.DATA_LENGTH
    assert motor.write(116, (9999).to_bytes(4, "little")) == StatusError.DATA_LIMIT
    assert motor.read(0, 228) == before


def test_torque_starts_where_the_motor_stands(motor):
    put(motor, "goal_position", 100)
    put(motor, "torque_enable", 1)
    assert motor.get("goal_position") == motor.get("present_position") == 2048


def test_the_watchdog_stops_the_motor_and_locks_its_goals_until_it_is_cleared(motor):
    put(motor, "torque_enable", 1)
    put(motor, "bus_watchdog", 5)
    motor.heard(0.0)
    put(motor, "goal_position", 2500)
    motor.update(REST, 0.099, 0.099)
    assert motor.get("bus_watchdog") == 5
    motor.update(REST, 0.101, 0.002)
    assert motor.get("bus_watchdog") == WATCHDOG_TRIPPED
    assert motor.pull_rad() == REST.pos_rad
    assert put(motor, "goal_position", 2600) == StatusError.DATA_RANGE
    assert put(motor, "bus_watchdog", 0) == StatusError.OK
    assert put(motor, "goal_position", 2600) == StatusError.OK


def test_a_latched_error_takes_the_torque_and_denies_it_until_reboot(motor):
    put(motor, "torque_enable", 1)
    motor.temperature_c = 71.0
    motor.update(REST, 0.0, 0.0)
    assert motor.alert and not motor.torque
    assert put(motor, "torque_enable", 1) == StatusError.ACCESS
    motor.temperature_c = 30.0
    motor.reboot()
    assert not motor.alert and put(motor, "torque_enable", 1) == StatusError.OK


def test_current_grows_with_the_error_and_stops_at_the_goal_current(motor):
    put(motor, "operating_mode", 5)
    put(motor, "goal_current", 350)
    put(motor, "torque_enable", 1)
    put(motor, "goal_position", 2048 + 20)
    motor.update(REST, 0.0, 0.0)
    small = motor.get("present_current")
    put(motor, "goal_position", 3000)
    motor.update(REST, 0.0, 0.0)
    assert 0 < small < 350 == motor.get("present_current")
    for _ in range(20000):
        motor.update(REST, 0.0, 0.1)
    assert 35.0 < motor.temperature_c < 70.0


def test_low_voltage_is_a_latched_error(motor):
    motor.supply_v = 3.0
    motor.update(REST, 0.0, 0.0)
    assert motor.get("hardware_error_status") & 1
