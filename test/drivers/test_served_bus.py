"""A served bus can be watched and broken by other processes, has one owner, and does not end by what it hears."""

import mmap
import os
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.drivers.dynamixel import port_owner
from dexterity_ros.drivers.dynamixel.bus import BusLostError
from dexterity_ros.drivers.dynamixel.control_table import x_series
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus, open_native
from dexterity_ros.drivers.dynamixel.serial_port import SerialPort
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.fault_switch import FaultSwitch, switch_fault
from dexterity_ros.drivers.emulated.motor_watch import MotorBoard, MotorWatch
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort

pytestmark = pytest.mark.realtime

BAUD = 4_000_000
REGISTERS = x_series()


@pytest.fixture
def bus(pty):
    made = open_native(pty.path, BAUD, timeout_s=0.05)
    yield made
    made.close()


def write(bus, motor_id, name, value):
    register = REGISTERS[name]
    return bus.write(motor_id, register.address, register.encode(value))


def answers(bus, motor_id):
    """Returns whether a motor answers; on a busy machine not always at once."""
    return any(bus.ping(motor_id) is not None for _ in range(5))


def until(condition, timeout_s=5.0):
    """Returns whether the condition came true; for what another thread or process does."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
    return True


# One owner


def test_a_port_that_is_open_is_refused_with_its_owner_named(pty, bus):
    with pytest.raises(BusLostError, match=rf"{pty.path} is in use by process {os.getpid()} \("):
        SerialPort(pty.path, BAUD)
    bus.close()
    SerialPort(pty.path, BAUD).close()


def test_the_owner_is_named_by_its_program_and_a_dead_one_is_no_obstacle(pty):
    held = (
        "import sys, time; from dexterity_ros.drivers.dynamixel.serial_port import SerialPort\n"
        "port = SerialPort(sys.argv[1], 4000000); print('open', flush=True); time.sleep(60)"
    )
    script = Path(pty.path).parent / "holder.py"
    script.write_text(held)
    with subprocess.Popen([sys.executable, str(script), pty.path], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "open\n"
        with pytest.raises(BusLostError, match=rf"in use by process {owner.pid} \(holder\)"):
            SerialPort(pty.path, BAUD)
        owner.kill()
    SerialPort(pty.path, BAUD).close()


def test_an_owner_that_nobody_can_tell_is_another_process(pty, bus, monkeypatch):
    monkeypatch.setattr(port_owner, "_LOCKS", Path("/nowhere"))
    with pytest.raises(BusLostError, match="is in use by another process"):
        SerialPort(pty.path, BAUD)


def test_a_link_that_a_living_emulator_serves_is_not_taken_over(tmp_path, leap, joints):
    link = tmp_path / "bus"
    first = ServedBus(EmulatedBus(leap, joints, WireModel()), link)
    target = link.readlink()
    with pytest.raises(BusLostError, match=rf"bus is in use by process {os.getpid()}"):
        ServedBus(EmulatedBus(leap, joints, WireModel()), link)
    assert link.readlink() == target
    first.close()
    ServedBus(EmulatedBus(leap, joints, WireModel()), link).close()


def test_what_a_crashed_emulator_left_is_taken_over(tmp_path, leap, joints):
    link = tmp_path / "bus"
    link.symlink_to("/dev/pts/4711")
    for name in ("bus.lock", "bus.motors", "bus.faults"):
        (tmp_path / name).write_text("left behind")
    served = ServedBus(EmulatedBus(leap, joints, WireModel()), link)
    assert MotorWatch(link).read().motors and answers(open_native(str(link), BAUD), 1)
    served.close()


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("/dev/ttyUSB0")])
def test_a_name_that_belongs_to_something_else_is_left_alone(tmp_path, leap, joints, make):
    link = tmp_path / "bus"
    make(link)
    with pytest.raises(BusLostError, match="bus is no port of an emulated bus"):
        ServedBus(EmulatedBus(leap, joints, WireModel()), link)
    assert os.path.lexists(link)


# The line


def test_the_baud_rate_is_taken_back_from_another_program(pty, bus):
    assert answers(bus, 5)
    other = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
    attributes = termios.tcgetattr(other)
    attributes[4] = attributes[5] = termios.B57600
    termios.tcsetattr(other, termios.TCSANOW, attributes)
    os.close(other)
    assert bus.ping(5) is None
    assert answers(bus, 5)


@pytest.mark.parametrize("code", [7, 99, 255])
def test_a_baud_rate_that_the_motor_does_not_have_is_refused_and_the_bus_goes_on(bus, code):
    assert write(bus, 5, "baud_rate", code).error == 4
    assert answers(bus, 5) and answers(bus, 6)


def test_a_mistake_in_the_emulator_pulls_its_cable_instead_of_leaving_a_port_that_is_silent(pty, bus, emulated, caplog):
    emulated.feed = lambda *_: 1 / 0
    with pytest.raises(BusLostError):
        for _ in range(3):
            bus.ping(5)
    assert pty.unplugged and "ZeroDivisionError" in caplog.text


# Watching


def test_another_process_sees_torque_and_goals_without_the_bus(pty, bus, emulated):
    watch = MotorWatch(pty.path)
    before = watch.read()
    assert [motor.id for motor in before.motors] == [motor.id for motor in emulated.motors]
    assert not any(motor.torque for motor in before.motors)
    i = next(i for i, motor in enumerate(emulated.motors) if motor.id == 5)
    goal = emulated.motors[i].get("present_position") + 50
    for name, value in (("torque_enable", 1), ("goal_position", goal), ("goal_position", goal), ("torque_enable", 1)):
        assert write(bus, 5, name, value).ok
    assert until(lambda: watch.read().motors[i].torque_on_writes == 2)
    seen = watch.read().motors[i]
    assert (seen.torque, seen.goal_position, seen.moved_goals) == (True, goal, 1)
    assert before.stamp_ns < seen.torque_since_ns < seen.moved_ns <= time.monotonic_ns()
    assert write(bus, 5, "torque_enable", 0).ok
    assert until(lambda: not watch.read().motors[i].torque)
    assert watch.read().motors[i].torque_since_ns > seen.torque_since_ns
    watch.close()


def test_what_is_seen_is_of_now_also_while_the_host_is_silent(pty):
    watch = MotorWatch(pty.path)
    stamp = watch.read().stamp_ns
    assert until(lambda: watch.read().stamp_ns > stamp + 20_000_000)
    assert time.monotonic_ns() - watch.read().stamp_ns < 1_000_000_000


def test_a_half_written_file_is_not_believed(tmp_path, emulated):
    port = tmp_path / "port"
    board, watch = MotorBoard(Path(f"{port}.motors"), emulated.motors), MotorWatch(port)
    board.show(7)
    assert watch.read().stamp_ns == 7
    with Path(f"{port}.motors").open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        struct.pack_into("<Q", memory, 16, 3)
    with pytest.raises(ConfigError, match="ended while it wrote"):
        watch.read()


def test_a_port_without_emulated_motors_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"no emulated bus shows its motors in .*port\.motors"):
        MotorWatch(tmp_path / "port")
    (tmp_path / "port.motors").write_bytes(b"something else, and long enough")
    with pytest.raises(ConfigError, match="begins with b'somethin'"):
        MotorWatch(tmp_path / "port")


# Faults from outside


def test_a_motor_is_made_silent_and_keeps_its_torque(pty, bus, emulated):
    assert write(bus, 5, "torque_enable", 1).ok
    switch_fault(pty.path, "silent 5")
    assert bus.ping(5) is None and answers(bus, 6)
    assert write(bus, 5, "torque_enable", 0) is None
    assert next(motor for motor in emulated.motors if motor.id == 5).torque
    switch_fault(pty.path, "silent all")
    assert bus.ping(6) is None
    switch_fault(pty.path, "none")
    assert answers(bus, 5) and answers(bus, 6)


def test_the_cable_is_pulled_and_comes_back_under_its_name(pty, bus):
    switch_fault(pty.path, "cable out")
    with pytest.raises(BusLostError):
        bus.ping(5)
    with pytest.raises(BusLostError, match="cannot be opened"):
        open_native(pty.path, BAUD)
    switch_fault(pty.path, "none")
    again = open_native(pty.path, BAUD)
    assert answers(again, 5)
    again.close()


def test_a_share_of_the_packets_gets_lost_both_ways(leap, emulated, tmp_path):
    port = VirtualPort(emulated)
    switch, bus = FaultSwitch(emulated, port, tmp_path / "port.faults"), NativeBus(port, timeout_s=0.01)
    assert switch.do("lose 0.3 7") == "ok"
    led = REGISTERS["led"]
    acknowledged = heard = 0
    for i in range(300):
        acknowledged += bus.write(5, led.address, bytes([i % 2])) is not None
        heard += next(motor for motor in emulated.motors if motor.id == 5).get("led") == i % 2
    assert 0.43 < acknowledged / 300 < 0.55  # 0.7 * 0.7
    assert heard > acknowledged
    assert switch.do("none") == "ok" and all(bus.ping(5) is not None for _ in range(20))
    switch.close()


@pytest.mark.parametrize(
    "line",
    ["", "silent", "silent 99", "silent 5 x", "cable", "cable in", "lose", "lose 2", "lose nan", "lose 0.3 -1", "fire"],
)
def test_a_line_that_is_no_fault_is_refused_and_changes_nothing(pty, bus, line):
    switch_fault(pty.path, "silent 5")
    with pytest.raises(ConfigError, match="is no fault; there are: none | silent"):
        switch_fault(pty.path, line)
    assert bus.ping(5) is None


def test_a_port_that_nobody_serves_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"no emulated bus listens on .*port\.faults"):
        switch_fault(tmp_path / "port", "none")


def test_a_folder_with_a_very_long_name_will_do(tmp_path, leap):
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    served = ServedBus(
        EmulatedBus(leap, StillJoints(leap.joint_names, np.array(leap.home_pos_rad)), WireModel()), folder / "bus"
    )
    switch_fault(served.path, "none")
    served.close()
    assert [path.name for path in folder.iterdir()] == ["bus.lock"]
