"""Who was killed before it could let go of the hand is named; who never had the hand is not."""

import os
import sys
import time

import pytest

pytest.importorskip("rclpy")

from dexterity_ros.systems import processes
from dexterity_ros.systems.processes import Processes
from dexterity_ros.systems.spec import NodeStart

STAND_IN = """#!{python}
import time
from dexterity_ros.ros.name_lock import NameLock
{take}
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """Returns a system whose hand_node, a stand-in that only takes its name, or does not, has just been killed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(processes, "_LET_GO_S", 0.0)
    started = []

    def start(take):
        node, log = tmp_path / "node.py", tmp_path / "log"
        node.write_text(STAND_IN.format(python=sys.executable, take=take))
        node.chmod(0o755)
        monkeypatch.setattr(processes.sys, "executable", str(node))
        starts = [NodeStart(executable="hand_node", parameters={}, lifecycle=True)]
        started.append(Processes(starts, os.environ | {"ROS_DOMAIN_ID": "7"}, log=log.open("w")))
        deadline = time.monotonic() + 60.0
        while "up" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        node = started[-1].running["hand_node"]
        node.kill()
        node.wait()
        return started[-1]

    yield start
    for system in started:
        system.stop()


def test_a_hand_node_that_was_killed_may_have_left_torque(killed):
    assert killed('NameLock("hand_node", domain=7).take()').torque_remains() == ["hand_node"]


def test_a_hand_node_that_was_killed_before_it_could_open_a_port_has_left_none(killed):
    assert killed("").torque_remains() == []


def test_a_hand_node_whose_guardian_has_switched_the_torque_off_has_left_none(killed):
    done = 'lock = NameLock("hand_node", domain=7); lock.take(); lock.leave("torque off")'
    assert killed(done).torque_remains() == []
