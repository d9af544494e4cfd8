"""One list of expectations: what other programs leave in the motors is named before anything moves, or written over."""

import numpy as np
import pytest

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.contracts.samples import JointSample
from dexterity_ros.drivers.dynamixel.control_table import load_motor
from dexterity_ros.drivers.dynamixel.hand import DynamixelHand
from dexterity_ros.drivers.dynamixel.motor_settings import (
    armed_settings,
    check_motors,
    motor_name,
    only_pinged,
    stored_settings,
)
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.dynamixel.torque import WATCHDOG_S
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort

CURRENT_A = 0.35
# Registers that others may write and that neither preflight nor arming needs to look at, and why.
IRRELEVANT = {
    "id": "the motor would not answer",
    "baud_rate": "the motor would not answer",
    "moving_threshold": "only says when `moving` is shown",
    "led": "only shines",
    "velocity_i_gain": "velocity mode only",
    "velocity_p_gain": "velocity mode only",
    "goal_velocity": "velocity mode only",
    "goal_position": "arming makes it the present position",
}
FOREIGN = {  # a value that each stored register may have been left with, and what must be expected instead
    "drive_mode": (1, "0 (not reversed)"),
    "operating_mode": (3, "5 (current-based position)"),
    "secondary_id": (7, "253 to 255 (off)"),
    "protocol_type": (22, "2"),
    "homing_offset": (100, "0 (zeros are in robot.yaml)"),
    "temperature_limit": (100, "65 to 70 (C, motor shuts down)"),
    "max_voltage_limit": (50, "55 to 70 (0.1 V)"),
    "min_voltage_limit": (31, "35 to 45 (0.1 V)"),
    "pwm_limit": (300, "885 (full)"),
    "current_limit": (200, "at least 350"),
    "velocity_limit": (100, "at least 251"),
    "max_position_limit": (2100, "at least 2731"),
    "min_position_limit": (2000, "at most 1365"),
    "startup_configuration": (1, "0 (no torque at power-up)"),
    "return_delay_time": (250, "0 (answers at once)"),
    "pwm_slope": (1, "140 (as delivered)"),
    "shutdown": (0, "one with the bits 0x34 (overload, electrical shock, overheating switch the torque off)"),
}


class Host:
    """A hand's driver on an emulated bus in virtual time."""

    def __init__(self, hand, emulated):
        self.emulated, self.port = emulated, VirtualPort(emulated)
        self.bus = NativeBus(self.port, timeout_s=0.01)
        self.driver = DynamixelHand(hand, lambda: self.bus, current_limit_a=CURRENT_A)


@pytest.fixture
def host(leap, emulated):
    return Host(leap, emulated)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_stored_register_that_another_program_left_is_named_with_the_command_that_mends_it(leap, host, name):
    value, expected = FOREIGN[name]
    host.emulated.motors[5].set(name, value)
    (problem,) = host.driver.connect()
    assert problem == f"motor 4 (mf_rot): {name} is {value}, expected {expected}: dexterity hand setup"


@pytest.mark.parametrize("name", FOREIGN)
def test_arming_does_not_rewrite_what_is_stored_but_refuses_it(host, name):
    value, expected = FOREIGN[name]
    assert host.driver.connect() == []
    host.emulated.motors[5].set(name, value)
    fault = host.driver.set_torque(True)
    assert fault.code == FaultCode.HAND_WRITE_FAILED and f"{name} is {value}, expected {expected}" in fault.detail
    assert host.emulated.motors[5].get(name) == value and not any(motor.torque for motor in host.emulated.motors)


def test_every_register_that_others_may_write_is_checked_armed_or_known_to_be_irrelevant(leap):
    stored = {setting.name for setting in stored_settings(leap, 0)}
    armed = set(armed_settings(leap, 350)) | {"goal_position"}
    writable = {name for name, register in load_motor(leap.drive.motor_model).table.items() if register.access == "rw"}
    direct = {name for name in writable if not name.startswith("indirect_")}
    assert stored == set(FOREIGN) and direct == stored | armed | set(IRRELEVANT)
    assert not stored & armed and not stored & set(IRRELEVANT)


def test_motors_with_the_same_mistake_are_named_together(leap, host):
    for motor in host.emulated.motors:
        motor.set("operating_mode", 3)
    (problem,) = host.driver.connect()
    assert problem.startswith(", ".join(motor_name(leap, i) for i in range(16)) + ": operating_mode is 3")


def test_what_others_left_in_ram_is_written_over_and_read_back(leap, host):
    foreign = {
        "profile_velocity": 5,
        "profile_acceleration": 1,
        "goal_pwm": 20,
        "goal_current": 3,
        "feedforward_1st_gain": 900,
        "feedforward_2nd_gain": 900,
        "position_p_gain": 1,
        "position_i_gain": 9,
        "position_d_gain": 1,
        "status_return_level": 1,
        "bus_watchdog": 100,
    }
    for motor in host.emulated.motors:
        for name, value in foreign.items():
            motor.set(name, value)
    assert host.driver.connect() == [] and host.driver.set_torque(True) is None
    for i, motor in enumerate(host.emulated.motors):
        wanted = {name: values[i] for name, values in armed_settings(leap, 350).items() if name in foreign}
        wanted["bus_watchdog"] = round(WATCHDOG_S / 0.020)
        assert {name: motor.get(name) for name in foreign} == wanted


def test_a_ram_register_that_does_not_take_its_value_ends_the_arming_with_its_name(host, monkeypatch):
    assert host.driver.connect() == []
    monkeypatch.setattr(host.emulated.motors[2], "check", lambda *_, **__: (4, {}))
    fault = host.driver.set_torque(True)
    assert fault.detail == "motor 2 (if_pip): position_d_gain = 200 was refused with error 4"
    assert not any(motor.torque for motor in host.emulated.motors)


def test_packets_lost_while_arming_are_made_up_for_one_motor_at_a_time(leap, host):
    assert host.driver.connect() == []
    host.emulated.motors[3].set("profile_velocity", 7)
    lost = iter([False] + [True] * 7 + [False] * 1000)  # after the question for what is stored, all that is written
    host.emulated.lost = lambda: next(lost)
    assert host.driver.set_torque(True) is None
    assert host.emulated.motors[3].get("profile_velocity") == 0 and all(m.torque for m in host.emulated.motors)


def test_a_motor_that_answers_only_pings_is_told_to_answer_and_then_checked(leap, host):
    ids = leap.motor_ids
    for motor in host.emulated.motors[:3]:
        motor.set("status_return_level", 0)
    host.emulated.motors[1].set("homing_offset", 5)
    assert only_pinged(host.bus, ids) == list(ids[:3])
    (problem,) = check_motors(host.bus, leap, CURRENT_A)
    assert problem.startswith("motor 0 (if_rot): homing_offset is 5")
    assert only_pinged(host.bus, ids) == []


def test_arming_takes_less_than_two_control_cycles_at_4_mbps(host):
    assert host.driver.connect() == []
    began = host.port.now_ns()
    assert host.driver.set_torque(True) is None
    assert (host.port.now_ns() - began) * 1e-6 < 20.0


@pytest.mark.parametrize("name", ["leap", "dclaw"])
def test_a_hand_that_was_set_up_fits_and_the_ranges_of_its_motors_have_all_that_is_stored(name):
    hand = load_robot_hand(name)
    table = load_motor(hand.drive.motor_model).table
    for i in range(len(hand.joints)):
        for setting in stored_settings(hand, i):
            assert setting.fits(setting.value) and table[setting.name].in_range(setting.value), setting
    joints = StillJoints(hand.joint_names, np.array(hand.home_pos_rad))
    host = Host(hand, EmulatedBus(hand, joints, WireModel(baud=hand.drive.baud_rate)))
    assert host.driver.connect() == [] and host.driver.set_torque(True) is None


def test_motors_out_of_the_box_are_refused_until_they_are_set_up(leap, joints):
    host = Host(leap, EmulatedBus(leap, joints, WireModel(), factory=True))
    said = "; ".join(host.driver.connect())
    assert "operating_mode is 3, expected 5" in said and "return_delay_time is 250, expected 0" in said


def test_a_motor_that_was_restarted_while_nobody_looked_is_no_fault_after_the_next_preflight(host):
    assert host.driver.connect() == []
    host.port.sleep(12.0)
    assert isinstance(host.driver.read(host.port.now_ns()), JointSample)
    host.emulated.motors[0].reboot()
    host.port.sleep(0.5)
    assert host.driver.connect() == []
    assert isinstance(host.driver.read(host.port.now_ns()), JointSample)
