"""Bring-up by hand: eased, gated, let go; factory motors get their settings; the acceptance notices what is wrong."""

import numpy as np
import pytest

from dexterity_ros.bringup.acceptance import STEPS, report, run_acceptance
from dexterity_ros.bringup.acceptance_rig import Rig
from dexterity_ros.bringup.manual import HandError, ManualHand
from dexterity_ros.bringup.motor_setup import set_up_motor, settings
from dexterity_ros.bringup.person import AgreeingPerson, ScriptedPerson
from dexterity_ros.drivers.dynamixel.control_table import BAUD_CODES
from dexterity_ros.drivers.dynamixel.discovery import find_ports, latency_timer_ms
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort

TICK_RAD = 2 * np.pi / 4096


@pytest.fixture
def port(emulated):
    return VirtualPort(emulated)


@pytest.fixture
def manual(leap, port):
    made = ManualHand(leap, lambda: NativeBus(port, timeout_s=0.01), port)
    made.connect()
    return made


def test_easing_to_a_pose_gets_there_without_a_jump_and_lets_go_gently(manual, leap, joints, emulated):
    pose = np.array(leap.home_pos_rad) - 0.2 * (np.arange(16) == 2)
    manual.ease_to(pose)
    np.testing.assert_allclose(joints.measure()[0], pose, atol=2 * TICK_RAD)
    manual.let_go()
    assert emulated.unsafe_goals == 0 and not any(motor.torque for motor in emulated.motors)


def test_a_hand_outside_its_limits_is_not_moved(manual, leap, joints):
    joints.torque = True
    joints.command(np.array(leap.home_pos_rad) + 3.0 * (np.arange(16) == 4))
    with pytest.raises(HandError, match="mf_mcp is at 3.8"):
        manual.ease_to(np.array(leap.home_pos_rad))


def test_a_motor_that_fails_while_holding_takes_the_torque_of_all(manual, leap, emulated):
    manual.ease_to(np.array(leap.home_pos_rad))
    emulated.motors[3].latch(1 << 5)
    with pytest.raises(HandError, match="if_dip"):
        manual.hold(1.0)
    assert not any(motor.torque for motor in emulated.motors)


def factory(emulated):
    """Motors as they come out of the box, none connected."""
    for motor in emulated.motors:
        motor.set("id", 1)
        motor.set("baud_rate", 1)
        motor.set("return_delay_time", 250)
    emulated.connected[:] = [False] * len(emulated.motors)


def buses(emulated, port):
    def open_bus(baud):
        port.baud = baud
        return NativeBus(port, timeout_s=0.02)

    def scan():
        found = {baud: open_bus(baud).scan() for baud in BAUD_CODES.values()}
        return {baud: motors for baud, motors in found.items() if motors}

    return scan, open_bus


def test_factory_motors_are_set_up_one_at_a_time(leap, emulated, port):
    factory(emulated)
    scan, open_bus = buses(emulated, port)
    for i in range(len(leap.joints)):
        emulated.connected[i] = True
        set_up_motor(leap, i, scan, open_bus)
        emulated.connected[i] = False
    emulated.connected[:] = [True] * len(emulated.motors)
    for motor, motor_id in zip(emulated.motors, leap.motor_ids, strict=True):
        assert (motor.id, motor.baud, motor.get("return_delay_time")) == (motor_id, leap.drive.baud_rate, 0)
        assert motor.get("current_limit") == 550
    ready = ManualHand(leap, lambda: open_bus(leap.drive.baud_rate), port)
    ready.connect()


def test_setup_refuses_two_motors_none_and_another_model(leap, emulated, port):
    factory(emulated)
    scan, open_bus = buses(emulated, port)
    with pytest.raises(HandError, match="found none"):
        set_up_motor(leap, 0, scan, open_bus)
    emulated.connected[:2] = [True, True]
    emulated.motors[1].set("id", 2)
    with pytest.raises(HandError, match=r"exactly one motor.*1 at 57600 baud.*2 at 57600 baud"):
        set_up_motor(leap, 0, scan, open_bus)
    emulated.connected[1] = False
    emulated.motors[0].set("model_number", 1020)
    with pytest.raises(HandError, match="is model 1020, if_mcp needs 1240"):
        set_up_motor(leap, 0, scan, open_bus)
    assert emulated.motors[0].get("baud_rate") == 1


def test_a_refused_setting_is_named_and_leaves_id_and_baud_rate(leap, emulated, port):
    factory(emulated)
    scan, open_bus = buses(emulated, port)
    emulated.connected[0] = emulated.motors[0].eeprom_locked = True
    with pytest.raises(HandError, match="drive_mode = 0 was refused with error 7"):
        set_up_motor(leap, 0, scan, open_bus)
    assert (emulated.motors[0].id, emulated.motors[0].baud) == (1, 57_600)


def test_id_and_baud_rate_are_written_last(leap):
    assert [name for name, _ in settings(leap, 0)][-2:] == ["id", "baud_rate"]


def acceptance(leap, emulated, port, *, ask=lambda _question: True, person=None):
    def open_bus():
        return NativeBus(port, timeout_s=0.01)

    def kill_holding():
        other = ManualHand(leap, open_bus, port)
        other.connect()
        other.ease_to(other.look().pos_rad)
        port.sleep(0.3)
        emulated.update(port.now_ns() * 1e-9)

    manual = ManualHand(leap, open_bus, port)
    rig = Rig(
        manual=manual,
        open_bus=open_bus,
        clock=port,
        ask=ask,
        person=person or AgreeingPerson(),
        kill_holding=kill_holding,
        hold_s=2.0,
    )
    return run_acceptance(rig, lambda result: None)


def test_a_sound_hand_is_accepted_and_nothing_unsafe_was_asked_of_it(leap, emulated, port):
    results = acceptance(leap, emulated, port)
    assert [(r.name, r.said) for r in results if not r.ok] == []
    assert len(results) == STEPS and emulated.unsafe_goals == 0
    assert "result: accepted" in report(results, {"hand": "leap"})


def test_a_person_who_says_no_ends_the_acceptance_limp(leap, emulated, port):
    results = acceptance(leap, emulated, port, ask=lambda question: "home pose" not in question)
    assert results[-1].name == "home pose" and not results[-1].ok
    assert not any(motor.torque for motor in emulated.motors)
    text = report(results, {"hand": "leap"})
    assert "NOT accepted" in text and "| bus watchdog | not run |" in text


def test_a_joint_that_turns_the_wrong_way_is_not_accepted(leap, emulated, port):
    class Mirrored:
        """The joints as they really are: one gear sits the other way round."""

        def __init__(self, joints):
            self._joints, self.home = joints, np.array(leap.home_pos_rad)

        def measure(self):
            pos, vel = self._joints.measure()
            pos[6] = 2 * self.home[6] - pos[6]
            return pos, vel

        def command(self, pos):
            self._joints.command(pos)

        def set_torque(self, enabled):
            self._joints.set_torque(enabled)

    emulated._joints = Mirrored(emulated._joints)
    results = acceptance(leap, emulated, port)
    assert results[-1].name == "one joint at a time" and leap.joint_names[6] in results[-1].said


def test_motors_whose_watchdog_does_not_work_are_not_accepted(leap, emulated, port, monkeypatch):
    monkeypatch.setattr(type(emulated.motors[0]), "_check_watchdog", lambda *_: None)
    results = acceptance(leap, emulated, port)
    assert results[-1].name == "bus watchdog" and not results[-1].ok


def test_ports_are_found_by_their_stable_names_and_their_latency_is_read(tmp_path):
    dev, sys = tmp_path / "dev", tmp_path / "sys"
    (dev / "serial/by-id").mkdir(parents=True)
    for name in ("ttyUSB0", "ttyUSB1"):
        (dev / name).touch()
    (dev / "serial/by-id/usb-FTDI").symlink_to(dev / "ttyUSB0")
    assert find_ports(dev) == [dev / "serial/by-id/usb-FTDI", dev / "ttyUSB1"]
    setting = sys / "bus/usb-serial/devices/ttyUSB0/latency_timer"
    setting.parent.mkdir(parents=True)
    setting.write_text("16\n")
    assert latency_timer_ms(dev / "serial/by-id/usb-FTDI", sys) == 16
    assert latency_timer_ms(dev / "ttyUSB1", sys) is None


def test_letting_go_of_a_motor_that_has_gone_silent_ends_and_says_to_cut_the_power(manual, leap, emulated):
    manual.ease_to(np.array(leap.home_pos_rad))
    emulated.connected[4] = False
    with pytest.raises(HandError, match=r"cut the power.*mf_mcp"):
        manual.let_go()


def test_a_person_who_ends_it_is_heard_although_the_exception_was_lost(leap, port, emulated):
    cycles = iter(range(10_000))
    manual = ManualHand(leap, lambda: NativeBus(port, timeout_s=0.01), port, asked_to_end=lambda: next(cycles) > 100)
    manual.connect()
    with pytest.raises(KeyboardInterrupt):
        manual.ease_to(np.array(leap.home_pos_rad))
        manual.hold(10.0)
    manual.let_go()
    assert not any(motor.torque for motor in emulated.motors)


def beside(leap, joints):
    """Somebody who sees the emulated joints, and errs now and then."""
    return ScriptedPerson(leap.joint_names, lambda: joints.measure()[0], seed=1)


@pytest.mark.parametrize("joint", ["if_mcp", "if_rot"])
def test_a_file_with_a_flipped_sign_is_not_accepted(leap, individual, emulated, joints, port, joint):
    wrong = individual(leap, signs={joint: -1})
    results = acceptance(wrong, emulated, port, person=beside(leap, joints))
    assert not results[-1].ok and joint in results[-1].said


@pytest.mark.parametrize("pair", [("if_rot", "mf_rot")])
def test_a_file_with_exchanged_ids_is_not_accepted_and_nothing_moved_together(
    leap, individual, emulated, joints, port, pair
):
    one, other = (leap.joint_names.index(name) for name in pair)
    wrong = individual(leap, motor_ids={pair[0]: leap.motor_ids[other], pair[1]: leap.motor_ids[one]})
    results = acceptance(wrong, emulated, port, person=beside(leap, joints))
    assert not results[-1].ok and results[-1].name == "one joint at a time"
    assert pair[0] in results[-1].said and pair[1] in results[-1].said
