"""A port that is a socket has one host at a time, notices a pulled cable, and answers nobody at the wrong baud rate."""

import os
import socket
import subprocess
import sys

import pytest

from dexterity_ros.drivers.dynamixel.bus import BusLostError
from dexterity_ros.drivers.dynamixel.native_bus import open_native
from dexterity_ros.drivers.dynamixel.socket_port import SocketPort
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel
from dexterity_ros.drivers.emulated.served_bus import ServedBus

pytestmark = pytest.mark.realtime

BAUD = 4_000_000
HOLDER = (
    "import sys, time; from dexterity_ros.drivers.dynamixel.native_bus import open_native\n"
    "bus = open_native(sys.argv[1], 4000000); print(any(bus.ping(5) for _ in range(200)), flush=True); time.sleep(60)"
)


@pytest.fixture
def served(tmp_path, emulated):
    made = ServedBus(emulated, tmp_path / "bus.sock")
    yield made
    made.close()


def lost(path):
    """Whether a port cannot be opened now."""
    try:
        SocketPort(path, BAUD).close()
    except BusLostError:
        return True
    return False


def test_all_motors_answer_through_it(served, emulated):
    bus = open_native(served.path, BAUD)
    assert bus.scan() == {motor.id: 1240 for motor in emulated.motors}
    bus.close()


def test_nobody_answers_at_another_baud_rate(served):
    bus = open_native(served.path, 57600)
    assert bus.ping(5) is None
    bus.close()


def test_a_second_host_is_told_who_has_it_and_a_dead_one_is_no_obstacle(served, tmp_path):
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    with subprocess.Popen([sys.executable, str(script), served.path], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "True\n"
        with pytest.raises(BusLostError, match=rf"bus.sock is in use by process {owner.pid} \(holder\)"):
            SocketPort(served.path, BAUD)
        owner.kill()
    SocketPort(served.path, BAUD).close()


def test_a_pulled_cable_is_a_lost_bus_and_the_port_comes_back_under_its_name(served):
    bus = open_native(served.path, BAUD)
    served.unplugged = True
    with pytest.raises(BusLostError, match="is gone"):
        for _ in range(50):
            bus.ping(5)
    bus.close()
    assert lost(served.path)
    served.unplugged = False
    bus = open_native(served.path, BAUD)
    assert any(bus.ping(5) is not None for _ in range(5))
    bus.close()


def test_a_stranger_who_says_nothing_is_dropped_and_the_next_host_served(served):
    stranger = socket.socket(socket.AF_UNIX)
    stranger.connect(served.path)
    bus = open_native(served.path, BAUD)
    assert any(bus.ping(5) is not None for _ in range(5))
    bus.close()
    stranger.close()


def test_what_a_killed_emulator_left_is_taken_over(tmp_path, leap, joints):
    path = tmp_path / "bus.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(BusLostError, match="cannot be opened"):
        SocketPort(str(path), BAUD)
    served = ServedBus(EmulatedBus(leap, joints, WireModel()), path)
    SocketPort(str(path), BAUD).close()
    served.close()
    assert not os.path.lexists(path)
