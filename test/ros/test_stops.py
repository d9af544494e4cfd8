"""`dexterity estop` asks every stop at once; `arm` and `disarm` say at once that there is no system to operate."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

pytestmark = pytest.mark.ros
CLI = [sys.executable, "-m", "dexterity_ros.cli.main"]
WATCHED = ["joint_states", "policy_state"]


def dexterity(command):
    began = time.monotonic()
    done = subprocess.run([*CLI, command], capture_output=True, text=True, timeout=60)
    return done.returncode, " ".join((done.stdout + done.stderr).split()), time.monotonic() - began


@pytest.fixture
def armed(bench, start, pty):
    """Motors with torque, and the nodes that gave it: (processes by name, motors)."""
    hand = {"hand": "leap", "policy": "none", "hardware": "dynamixel", "port": pty.path, "shadow": False}
    nodes = {
        "hand_node": start("hand_node", **hand, max_reboots_per_hour=0),
        "exercise_node": start("exercise_node", hand="leap"),
        "safety_node": start("safety_node", hand="leap", lifecycle_nodes=["hand_node"], watch=WATCHED),
    }
    bench.arm()
    yield nodes, bench.motors
    for process in nodes.values():
        process.send_signal(signal.SIGCONT)


def test_estop_says_what_every_stop_answered(armed):
    _, motors = armed
    status, said, _ = dexterity("estop")
    assert status == 0 and "the hand says that its torque is off" in said, said
    assert "hand_node/estop: " in said and "safety_node/estop: " in said and "no answer" not in said
    assert not any(motor.torque for motor in motors)


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
def test_estop_needs_no_supervisor(armed, how):
    nodes, motors = armed
    nodes["safety_node"].send_signal(how)
    status, said, took_s = dexterity("estop")
    assert status == 0 and "safety_node/estop: no" in said, said
    assert not any(motor.torque for motor in motors)
    assert took_s < 15.0


def test_estop_of_a_frozen_hand_says_that_nobody_took_the_torque(armed):
    nodes, _ = armed
    nodes["hand_node"].send_signal(signal.SIGSTOP)
    status, said, _ = dexterity("estop")
    assert status == 1 and "hand_node/estop: no answer within 5 s, but its process lives" in said, said
    assert "cut the power" in said


def test_foreign_diagnostics_break_neither_estop_nor_arming(armed, graph):
    _, motors = armed
    publisher = graph.node.create_publisher(DiagnosticArray, "/diagnostics", 10)
    values = [KeyValue(key="faults", value=text) for text in ("42 C", "[" * 9000, "NaN", "9" * 9000)]
    names = ("hand_node: loop", "policy_node: loop", "battery")
    foreign = DiagnosticArray(status=[DiagnosticStatus(name=name, values=values) for name in names])
    graph.node.create_timer(0.02, lambda: publisher.publish(foreign))
    for command in ("estop", "disarm"):
        process = subprocess.Popen([*CLI, command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert graph.spin_until(lambda p=process: p.poll() is not None, 60.0)
        assert process.returncode == 0, process.stdout.read()
    process = subprocess.Popen([*CLI, "arm", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert graph.spin_until(lambda: process.poll() is not None, 60.0)
    assert process.returncode == 0, process.stdout.read()
    assert graph.spin_until(lambda: all(motor.torque for motor in motors))


@pytest.mark.parametrize("command", ["arm", "disarm"])
def test_without_a_system_one_line_says_so_and_what_to_start(graph, command):
    status, said, took_s = dexterity(command)
    assert status == 2 and took_s < 15.0
    assert f"no system runs in ROS domain {os.environ['ROS_DOMAIN_ID']}: `dexterity up`" in said
