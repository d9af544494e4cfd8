"""Trials on the emulated robot, unattended: two trials of two goals, broken off and gone on with."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("rclpy")
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

from dexterity_ros.recording.bag_reader import Bag

COMMAND = ("trials", "--system", "eyes", "--goals", "2", "--unattended", "--folder", "t", "--json", "t.json")


def started(cwd, *more):
    environment = {k: v for k, v in os.environ.items() if k != "ROS_DOMAIN_ID"} | {"COLUMNS": "160"}
    command = [sys.executable, "-m", "dexterity_ros.cli.main", *COMMAND, *more]
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def rows(folder):
    return list(csv.DictReader((folder / "t" / "trials.csv").open())) if (folder / "t" / "trials.csv").exists() else []


def wait_for(condition, timeout_s):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_two_trials_that_are_broken_off_in_the_second_go_on_and_have_a_bag_each(tmp_path):
    first = started(tmp_path, "--episodes", "2")
    wait_for(lambda: (tmp_path / "t" / "episode_002").exists() or first.poll() is not None, 240)
    first.send_signal(signal.SIGINT)
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 130, said
    assert [row["outcome"] for row in rows(tmp_path)][1:] == ["interrupted"]

    second = started(tmp_path, "--episodes", "2")
    said, _ = second.communicate(timeout=240)
    assert second.returncode == 0, said
    found = json.loads((tmp_path / "t.json").read_text())
    counted = [row for row in rows(tmp_path) if row["counts"] == "yes"]
    assert found["ended"] == "" and found["episodes"] == rows(tmp_path) and len(counted) == 2
    for row in counted:
        events = [json.loads(value.data)["event"] for _, value in Bag(tmp_path / "t" / row["bag"]).values("goal_event")]
        assert events.count("reached") == int(row["goals_in_a_row"]) and events[0] == "issued"
    (policy,) = found["policies"]
    assert policy["goals_reached"] == sum(int(row["goals_in_a_row"]) for row in counted)
    assert (tmp_path / "t" / "trials.html").stat().st_size > 10_000
