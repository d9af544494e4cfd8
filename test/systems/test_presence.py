"""Whether a system runs is known within a second where no process of this machine holds its name."""

import subprocess
import sys

import pytest

pytest.importorskip("rclpy")

from dexterity_ros.systems.presence import absence, no_system, runs_here

HOLD = """
import sys
from dexterity_ros.ros.name_lock import NameLock
NameLock("safety_node").take()
print("held", flush=True)
sys.stdin.read()
"""
SAID = "`dexterity up`, or ros2 launch dexterity_ros real.launch.py"


@pytest.fixture(autouse=True)
def own_locks(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("ROS_DOMAIN_ID", "17")


@pytest.fixture
def held():
    """A process that holds the name of safety_node."""
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        yield holder
        holder.kill()


class Time:
    """A clock that only the handling of messages moves."""

    def __init__(self):
        self.s = 0.0

    def spin(self, duration_s):
        self.s += duration_s

    def now(self):
        return self.s


def test_without_a_system_it_says_so_within_a_second():
    time = Time()
    why = absence("safety_node", lambda: False, time.spin, time.now)
    assert why == no_system() == f"no system runs in ROS domain 17: {SAID}"
    assert 0.9 < time.s < 1.2


def test_a_node_whose_process_lives_is_waited_for_longer(held):
    time = Time()
    why = absence("safety_node", lambda: False, time.spin, time.now)
    assert why == f"safety_node does not answer in ROS domain 17: {SAID}"
    assert 4.9 < time.s < 5.2


def test_a_node_of_another_machine_is_found_in_the_graph():
    time = Time()
    assert absence("safety_node", lambda: time.s > 0.6, time.spin, time.now) == ""
    assert time.s < 0.8


def test_who_dies_while_it_is_waited_for_is_gone_at_once(held):
    time = Time()

    def spin(duration_s):
        time.spin(duration_s)
        if time.s > 2.0 and held.poll() is None:
            held.kill()
            held.wait()

    assert absence("safety_node", lambda: False, spin, time.now) == no_system()
    assert time.s < 2.2


def test_names_are_looked_at_one_by_one_and_in_this_domain_only(held, monkeypatch):
    assert runs_here("safety_node") and runs_here("hand_node", "safety_node") and not runs_here("hand_node")
    monkeypatch.setenv("ROS_DOMAIN_ID", "18")
    assert not runs_here("safety_node")
