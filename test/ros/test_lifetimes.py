"""A system ends with who started it, the torque first; a loop that dies takes its node along; a name is held once."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("rclpy")


from dexterity_ros.ros.name_lock import NameLock

pytestmark = pytest.mark.ros
CLI = [sys.executable, "-u", "-m", "dexterity_ros.cli.main"]


def up(bench, *arguments):
    command = [*CLI, "up", str(bench.file), *arguments]
    heard = lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)  # noqa: E731  also where the tests run under nohup
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=heard)


@contextlib.contextmanager
def ended_with_the_test(process):
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_however_up_ends_no_node_lives_on_and_no_motor_has_torque(bench, number):
    with ended_with_the_test(up(bench)) as command:
        bench.arm()
        command.send_signal(number)
        if number is not signal.SIGKILL:
            command.send_signal(signal.SIGTERM)  # a second one interrupts nothing
        lasted_s, in_order = bench.end_in_order()
        assert lasted_s < 1.0 and in_order
        assert command.wait(timeout=5.0) == (-9 if number is signal.SIGKILL else 0)


def test_the_death_of_a_node_ends_the_system_torque_first(bench):
    with ended_with_the_test(up(bench)) as command:
        bench.arm()
        os.kill(bench.holder("exercise_node"), signal.SIGKILL)
        assert bench.end_in_order()[0] < 2.0
        assert command.wait(timeout=5.0) == 1
        assert "ended by itself: {'exercise_node': -9}" in command.stdout.read()


def test_a_frozen_hand_node_is_killed_and_its_guardian_takes_the_torque(bench):
    with ended_with_the_test(up(bench)) as command:
        bench.arm()
        os.kill(bench.holder("hand_node"), signal.SIGSTOP)
        command.terminate()
        said = " ".join(command.communicate(timeout=10.0)[0].split())
        assert "hand_node did not end within 3 s and was killed" in said
        assert "hand_node ended before it could let go; the torque of all its motors was switched off" in said
        assert "cut the power" not in said.lower() and bench.torques() == 0
        assert not any(NameLock(name).held() for name in bench.nodes)


def test_a_killed_hand_node_whose_bus_is_gone_tells_a_person_to_cut_the_power(bench, pty):
    with ended_with_the_test(up(bench)) as command:
        bench.arm()
        hand_node = bench.holder("hand_node")
        pty.unplugged = True
        os.kill(hand_node, signal.SIGKILL)
        command.wait(timeout=10.0)
        pty.unplugged = False
        said = " ".join(command.stdout.read().split())
        assert "hand_node was killed; its motors may still have torque, cut the power" in said
        assert "CUT THE POWER: hand_node has ended, and" in said
        assert bench.torques() == 0


def test_a_motor_that_was_silent_at_the_end_is_relieved_of_its_torque_when_it_answers_again(bench, emulated):
    with ended_with_the_test(up(bench)) as command:
        bench.arm()
        emulated.connected[4] = False
        command.terminate()
        command.wait(timeout=10.0)
        assert bench.torques() == 1
        emulated.connected[4] = True
        said = " ".join(command.stdout.read().split())
        assert "CUT THE POWER: torque_enable = 0 was not confirmed by 1 of 16 motors" in said
        assert bench.torques() == 0


def test_the_guardian_of_a_hand_node_that_never_had_the_port_leaves_its_owners_motors_alone(bench):
    with ended_with_the_test(up(bench)) as command:
        bench.arm()
        elsewhere = os.environ | {"ROS_DOMAIN_ID": str((int(os.environ["ROS_DOMAIN_ID"]) + 1) % 100)}
        command_line = [*CLI, "up", str(bench.file)]
        out = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        second = subprocess.Popen(command_line, env=elsewhere, **out)
        with ended_with_the_test(second):
            said = ""
            while "not ready, trying again" not in said:
                said += second.stdout.readline()
            os.kill(NameLock("hand_node", domain=int(elsewhere["ROS_DOMAIN_ID"])).holder(), signal.SIGKILL)
            said += second.communicate(timeout=10.0)[0]
        assert "hand_node has ended, and" not in said and "before it could let go" not in said
        assert bench.torques() == 16 and command.poll() is None
        command.terminate()
        bench.end_in_order()


def test_a_second_system_in_the_domain_is_refused_by_name_and_the_first_goes_on(bench):
    with ended_with_the_test(up(bench)) as command:
        bench.arm()
        second = subprocess.run([*CLI, "up", str(bench.file)], capture_output=True, text=True, timeout=30)
        assert second.returncode == 2
        expected = f"NameTakenError: hand_node already runs in domain {os.environ['ROS_DOMAIN_ID']} (pid "
        assert second.stderr.startswith(expected) and second.stderr.count("\n") == 1
        assert command.poll() is None and bench.torques() == 16
        command.terminate()
        bench.end_in_order()


def test_a_system_that_is_opened_to_the_network_says_so_and_is_stopped_from_this_machine(bench):
    with ended_with_the_test(up(bench, "--arg", "network:=lan")) as command:
        bench.arm()
        done = subprocess.run([*CLI, "estop"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stdout + done.stderr
        assert bench.torques() == 0
        command.terminate()
        bench.end_in_order()
        assert "network:=lan: every machine on this network may join" in " ".join(command.stdout.read().split())


def test_a_node_that_runs_already_is_refused_a_second_time(start, graph):
    parameters = {"hand": "leap", "lifecycle_nodes": ["hand_node"], "watch": ["joint_states"]}
    first = start("safety_node", **parameters)
    assert graph.spin_until(NameLock("safety_node").held)
    second = start("safety_node", **parameters)
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 2 and f"safety_node already runs in domain {os.environ['ROS_DOMAIN_ID']}" in output
    assert str(first.pid) in output and first.poll() is None


PLANT = """
import sys
from dexterity_ros.nodes import exercise_node as module
def broken(self, *_):
    raise ZeroDivisionError("planted")
setattr(module.ExerciseNode, sys.argv.pop(1), broken)
sys.argv[0] = "exercise_node"
module.main()
"""


@pytest.mark.parametrize("where", ["_cycle", "_report"])
def test_an_exception_in_the_loop_or_in_a_callback_ends_the_node_with_its_traceback(graph, where):
    planted = [sys.executable, "-c", PLANT, where, "--ros-args", "-p", "hand:=leap"]
    done = subprocess.run(planted, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "ends: ZeroDivisionError: planted" in done.stderr and "in broken" in done.stderr
