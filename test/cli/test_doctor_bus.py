"""`doctor` says of the motors what the driver's own preflight says, and ends in no traceback."""

from dataclasses import replace
from pathlib import Path

import pytest

from dexterity_ros.cli import doctor_bus
from dexterity_ros.cli.doctor import _shared_memory
from dexterity_ros.cli.doctor_bus import AskedHand, look_at_bus, look_at_settings
from dexterity_ros.drivers.dynamixel.hand import DynamixelHand
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus, open_native
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort

LEAP = AskedHand(hand="leap")


@pytest.fixture
def bus(emulated):
    return NativeBus(VirtualPort(emulated), timeout_s=0.01)


def settings(bus):
    return {finding.name: finding for finding in look_at_settings(LEAP, Path("/dev/x"), bus, needed=True)}


@pytest.mark.parametrize(
    ("register", "value"),
    [
        ("homing_offset", 77),
        ("current_limit", 20),
        ("firmware_version", 12),
        ("model_number", 1020),
        ("drive_mode", 1),
        ("shutdown", 0),
        ("temperature_limit", 100),
        ("min_voltage_limit", 31),
    ],
)
def test_doctor_refuses_what_hand_read_refuses_in_the_same_words(leap, bus, emulated, register, value):
    emulated.motors[3].set(register, value)
    finding = settings(bus)["motors' settings"]
    (problem,) = DynamixelHand(leap, lambda: bus, current_limit_a=leap.max_current_a).connect()
    assert (finding.ok, finding.needed, finding.found) == (False, True, problem)
    assert (
        problem.startswith("motor 3 (if_dip)") and finding.command == "dexterity hand setup --hand leap --port /dev/x"
    )


def test_motors_that_answered_only_pings_are_named_and_checked_all_the_same(bus, emulated):
    emulated.motors[3].set("status_return_level", 0)
    found = settings(bus)
    assert "motors [3] answered nothing but pings" in found["answers"].found and found["motors' settings"].ok


def test_a_hand_that_was_told_to_be_silent_is_looked_at_without_a_traceback(pty, emulated):
    for motor in emulated.motors:
        motor.set("status_return_level", 0)
    named = {finding.name for finding in look_at_bus(LEAP, pty.path)}
    assert {"answers", "motors' settings", "read and write rate"} < named
    assert all(motor.get("status_return_level") == 2 for motor in emulated.motors)


def test_motors_that_tell_no_temperature_are_a_finding_and_no_traceback(monkeypatch, pty):
    figures = doctor_bus.measure_bus

    def silent(bus, hand):
        return replace(figures(bus, hand, cycles=2), temperature_c=(), supply_v=())

    monkeypatch.setattr(doctor_bus, "measure_bus", silent)
    found = {finding.name: finding for finding in look_at_bus(LEAP, pty.path)}
    assert found["temperatures and supply"].found == "no motor reports them"


def test_a_port_that_another_program_uses_is_named_with_it(leap, pty):
    holder = open_native(pty.path, leap.drive.baud_rate)
    (finding,) = look_at_bus(LEAP, pty.path)
    holder.close()
    assert not finding.ok and "is in use by process" in finding.found


def test_what_mends_the_motors_names_hand_robot_and_port_as_they_were_typed(tmp_path, emulated, pty):
    folder = tmp_path / "my hands"
    folder.mkdir()
    hand = folder / "mine.yaml"
    hand.write_text("base: leap\nname: mine\n")
    emulated.motors[3].set("homing_offset", 77)
    asked = AskedHand(hand=str(hand))
    found = {finding.name: finding for finding in look_at_bus(asked, pty.path)}
    assert found["motors' settings"].command == f"dexterity hand setup --hand '{hand}' --port {pty.path}"
    with_robot = AskedHand(hand="leap", robot="robot.yaml").command("hand setup if_mcp", Path("/dev/x"))
    assert with_robot == "dexterity hand setup if_mcp --hand leap --robot robot.yaml --port /dev/x"


def test_nobody_is_told_to_remove_shared_memory_of_a_system_that_runs():
    assert _shared_memory().fix.startswith("end all systems first")
