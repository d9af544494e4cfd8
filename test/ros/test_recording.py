"""The recorder and the player on a real graph: a kill leaves all but the last second; a bag drives a live policy."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("mcap")
pytestmark = [pytest.mark.ros, pytest.mark.slow]

COMMAND = [sys.executable, "-u", "-m", "dexterity_ros.cli.main"]


def dexterity(*arguments, cwd, status=0):
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=200, cwd=cwd)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_a_killed_recorder_leaves_all_but_the_last_second(graph, tmp_path):
    import numpy as np

    from dexterity_ros import ros, wire
    from dexterity_ros.recording.bag_reader import Bag

    names = tuple(f"j{i}" for i in range(16))
    publisher = ros.publisher(graph.node, "joint_states")
    recorder = subprocess.Popen(
        [*COMMAND, "record", str(tmp_path / "b")], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    rng = np.random.default_rng(0)

    def publish(duration_s):
        end = time.monotonic() + duration_s
        while time.monotonic() < end:
            now = ros.now_ns(graph.node)
            values = rng.normal(size=16)
            publisher.publish(wire.fill_joint_state(ros.message_class("joint_states")(), names, now, values, values))
            graph.spin(0.01)

    while publisher.get_subscription_count() == 0:
        publish(0.1)
    publish(4.0)
    killed_ns = time.time_ns()
    (node,) = [line for line in children(recorder.pid) if "recorder_node" in line[1]]
    os.kill(node[0], signal.SIGKILL)
    recorder.wait(timeout=10)
    dexterity("bag", "info", "b", cwd=tmp_path, status=2)
    assert "it was cut off" in dexterity("bag", "recover", "b", cwd=tmp_path, status=1)
    saved = Bag(tmp_path / "b_recovered")
    assert killed_ns - saved.end_ns < 1e9
    left = Bag(tmp_path / "b", unfinished=True)
    assert saved.counts["/joint_states"] == left.counts["/joint_states"]


def children(pid):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (entry / "cmdline").read_text().replace("\0", " ")
        except (OSError, IndexError, ValueError):
            continue
        if parent == pid:
            found.append((int(entry.name), command))
    return found


def test_a_bag_is_played_to_a_live_policy_at_twice_its_speed(graph, tmp_path):
    from dexterity_ros import ros

    short_run = Path(__file__).parents[1] / "data" / "short_run"
    ticks = []
    ros.subscribe(graph.node, "policy_tick", ticks.append)
    played = subprocess.Popen(
        [*COMMAND, "up", "replay", "--arg", f"bag:={short_run}", "rate:=2.0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert graph.spin_until(lambda: len(ticks) > 120, timeout_s=20.0), len(ticks)
    finally:
        played.send_signal(signal.SIGINT)
        played.wait(timeout=15)
