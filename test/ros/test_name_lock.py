"""One node of a name per domain and namespace: the second is refused with who holds the name, until the first dies."""

import subprocess
import sys

import pytest

pytest.importorskip("rclpy")

from dexterity_ros.ros.name_lock import NameLock, NameTakenError

pytestmark = pytest.mark.ros
HOLD = """
import sys
from dexterity_ros.ros.name_lock import NameLock
NameLock(sys.argv[1], sys.argv[2], int(sys.argv[3])).take()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(tmp_path, monkeypatch):
    """Starts a process that holds a name; ended with the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    running = []

    def start(name, namespace="", domain=7):
        command = [sys.executable, "-c", HOLD, name, namespace, str(domain)]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert running[-1].stdout.readline() == "held\n"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_a_second_of_a_name_is_refused_and_told_who_holds_it(hold):
    holder = hold("policy_node")
    with pytest.raises(NameTakenError, match=rf"policy_node already runs in domain 7 \(pid {holder.pid}, since .*\); "):
        NameLock("policy_node", domain=7).take()
    with pytest.raises(NameTakenError, match="stop it, or use another ROS_DOMAIN_ID"):
        NameLock("policy_node", domain=7).check()


def test_the_kernel_frees_the_name_of_a_killed_process(hold):
    holder = hold("policy_node")
    assert NameLock("policy_node", domain=7).held() and not NameLock("policy_node", domain=7).wait_until_free(0.05)
    holder.kill()
    assert NameLock("policy_node", domain=7).wait_until_free(5.0)
    NameLock("policy_node", domain=7).take()


def test_other_names_domains_and_namespaces_are_free(hold):
    hold("policy_node", "/left")
    for free in (
        NameLock("hand_node", "/left", 7),
        NameLock("policy_node", "/left", 8),
        NameLock("policy_node", "/right", 7),
        NameLock("policy_node", "/", 7),
    ):
        free.take()
    assert NameLock("policy_node", "left/", 7).held()


def test_who_only_looks_takes_nothing_and_keeps_nobody_from_taking(hold):
    lock = NameLock("goal_node", domain=7)
    for _ in range(3):
        lock.check()
    hold("goal_node")


def test_a_link_in_place_of_the_lock_is_not_followed(hold, tmp_path):
    (tmp_path / "dexterity_ros.7.goal_node.lock").symlink_to(tmp_path / "precious")
    (tmp_path / "precious").write_text("content")
    with pytest.raises(NameTakenError, match="cannot be opened"):
        NameLock("goal_node", domain=7).take()
    assert (tmp_path / "precious").read_text() == "content"
