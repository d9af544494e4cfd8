"""However a demo ends it prints its table, leaves no node, and says why; a stop of its emulated hand is not its end."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("rclpy")

from dexterity_ros.ros.name_lock import NameLock

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.soak]
DOMAIN = 140 + os.getpid() % 60
NODES = ("sim_node", "hand_node", "policy_node", "goal_node", "safety_node")
CLI = [sys.executable, "-u", "-m", "dexterity_ros.cli.main"]
ENVIRONMENT = dict(os.environ) | {"ROS_DOMAIN_ID": str(DOMAIN), "COLUMNS": "200"}


@pytest.fixture
def demo(tmp_path):
    """Starts a demo; what it left running is ended with the test."""
    running = []

    def start(*options):
        command = [*CLI, "demo", "--no-eyes", "--no-viewer", "--json", "d.json", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        running.append(subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, **pipes))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
    assert all(NameLock(name, domain=DOMAIN).wait_until_free(5.0) for name in NODES)


def read_until(process, text):
    lines = []
    while not lines or text not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], "".join(lines)
    return "".join(lines)


def ended(process, tmp_path):
    """Returns status, output and figures of a demo, and sees that it left no node."""
    output = " ".join(process.communicate(timeout=200)[0].split())
    assert not any(NameLock(name, domain=DOMAIN).held() for name in NODES)
    assert "goals" in output and "reached" in output and "realtime_factor" in output, output
    return process.returncode, output, json.loads((tmp_path / "d.json").read_text())


def test_a_stop_is_printed_and_counted_and_the_demo_goes_on(demo, tmp_path):
    process = demo("--goals", "8")
    read_until(process, "following")
    stopped = subprocess.run([*CLI, "estop"], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    status, output, figures = ended(process, tmp_path)
    assert status == 0 and figures["goals_attempted"] >= 8 and figures["ended"] == ""
    assert len(figures["stops"]) >= 1 and figures["stops"][0]["reason"].startswith("stopped: ")
    assert "disarming, preparing and arming again" in output and "1 x stopped: " in output
    assert 0.3 < figures["realtime_factor"] < 1.1


def test_with_the_short_way_over_topics_a_stop_is_the_end(demo, tmp_path):
    process = demo("--goals", "50", "--hardware", "direct")
    read_until(process, "following")
    subprocess.run([*CLI, "estop"], env=ENVIRONMENT, capture_output=True, timeout=60)
    status, output, figures = ended(process, tmp_path)
    assert status == 1 and "could not go on: the supervisor says stopped" in output and figures["stops"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_prints_what_was_reached(demo, tmp_path, number):
    process = demo("--goals", "50")
    read_until(process, "following")
    process.send_signal(number)
    process.send_signal(number)
    status, output, figures = ended(process, tmp_path)
    assert status == 130 and output.endswith("interrupted") and figures["ended"] == "interrupted"


def test_the_death_of_a_node_is_said_beside_what_was_reached(demo, tmp_path):
    process = demo("--goals", "50")
    read_until(process, "following")
    os.kill(int(NameLock("goal_node", domain=DOMAIN)._path.read_text().split()[0]), signal.SIGKILL)
    status, output, figures = ended(process, tmp_path)
    assert status == 1 and "could not go on: ended by themselves: {'goal_node': -9}" in output
    assert figures["ended"].startswith("ended by themselves")


def test_a_demo_ends_in_its_time_though_nothing_works(demo, tmp_path):
    began = time.monotonic()
    process = demo("--minutes", "0.05")
    status, output, _ = ended(process, tmp_path)
    assert status == 1 and "could not go on: time was up before the hand was armed" in output
    assert time.monotonic() - began < 30.0


def test_a_killed_demo_leaves_no_node(demo):
    process = demo("--goals", "50")
    read_until(process, "following")
    process.kill()
    assert all(NameLock(name, domain=DOMAIN).wait_until_free(10.0) for name in NODES)


def test_a_second_demo_in_the_same_domain_is_refused(demo):
    process = demo("--goals", "50")
    read_until(process, "following")
    second = subprocess.run([*CLI, "demo"], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert second.returncode == 2 and f"already runs in domain {DOMAIN}" in second.stderr
    assert process.poll() is None


def test_a_led_hand_follows_its_leader_and_the_table_says_how_late(demo, tmp_path):
    process = demo("--leader", "--goals", "6")
    status, output, figures = ended(process, tmp_path)
    leader = figures["leader"]
    assert status == 0 and figures["task"] == "hold"
    assert leader["seconds"] >= 10.0 and leader["rms_rad"] < 0.1 and len(leader["joints"]) == 16
    assert 20.0 < leader["delay_ms"]["p50"] <= leader["delay_ms"]["p99"] < 300.0
    assert "the hand that followed, against the hand that led" in output
