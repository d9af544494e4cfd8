"""A served bus whose process was stopped for half a second, as on a busy machine: its motors blame nobody for it."""

import signal
import subprocess
import sys
import time

import pytest

from dexterity_ros.drivers.dynamixel.hand import DynamixelHand
from dexterity_ros.drivers.dynamixel.native_bus import open_native
from dexterity_ros.drivers.emulated.motor_watch import MotorWatch

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def cycle(hand, duration_s):
    """Reads the hand as a control loop does."""
    end = time.monotonic() + duration_s
    while time.monotonic() < end:
        hand.read(time.monotonic_ns())
        time.sleep(0.005)


@pytest.fixture
def server():
    command = [sys.executable, "-m", "dexterity_ros.drivers.emulated.serve", "--hand", "leap"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)


def test_an_emulator_that_was_stopped_trips_no_watchdog_and_a_host_that_falls_silent_does(server, leap):
    process, port = server
    hand = DynamixelHand(leap, lambda: open_native(port, leap.drive.baud_rate), current_limit_a=0.35)
    assert hand.connect() == [] and hand.set_torque(True) is None
    cycle(hand, 0.2)
    process.send_signal(signal.SIGSTOP)
    cycle(hand, 0.5)
    process.send_signal(signal.SIGCONT)
    cycle(hand, 0.3)
    assert hand.registers("bus_watchdog") == [5] * 16
    time.sleep(0.3)
    assert hand.registers("bus_watchdog") == [-1] * 16
    assert all(motor.torque for motor in MotorWatch(port).read().motors)
    hand.close()
