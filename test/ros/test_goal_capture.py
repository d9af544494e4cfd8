"""`dexterity goal capture` on a real graph: what eyes publish becomes a goal in a file."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from dexterity_ros import ros, wire
from dexterity_ros.contracts.capture import load_capture
from dexterity_ros.contracts.samples import CloudSample, PoseSample

pytestmark = pytest.mark.ros
CLI = [sys.executable, "-m", "dexterity_ros.cli.main", "goal", "capture"]
TURN = np.array([0.8, 0.6, 0.0, 0.0])
HOLD = """
from dexterity_ros.ros.name_lock import NameLock
NameLock("pose_node").take()
print("held", flush=True)
input()
"""


class Eyes:
    """Publishes what pose_node and a camera do, of a board that may be moved."""

    def __init__(self, graph, leap):
        self.graph, self.centre = graph, np.array(leap.grasp_centre_m)
        self.out = {key: ros.publisher(graph.node, key) for key in ("object_cloud", "camera_pose", "sim_object_pose")}
        self.rng = np.random.default_rng(0)

    def send(self, shift_m):
        now = ros.now_ns(self.graph.node)
        flat = self.rng.uniform(-0.03, 0.03, size=(400, 3)) * [1.0, 1.0, 0.02] + self.centre + shift_m
        cloud, field = CloudSample(stamp_ns=now, points_m=flat), ros.message_field("object_cloud")
        eye, upright = self.centre + np.array([0.0, 0.0, 0.4]), np.array([1.0, 0.0, 0.0, 0.0])
        pose = PoseSample(stamp_ns=now, pos_m=self.centre, quat_wxyz=TURN)
        self.out["camera_pose"].publish(wire.fill_transform(ros.message_class("camera_pose")(), now, eye, upright))
        self.out["sim_object_pose"].publish(wire.fill_pose(ros.message_class("sim_object_pose")(), pose))
        self.out["object_cloud"].publish(wire.fill_cloud(ros.message_class("object_cloud")(), field, cloud))
        self.graph.spin(0.05)


@pytest.fixture
def eyes(graph, leap):
    """They run on this machine, so that the command gives a busy one its time."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    yield Eyes(graph, leap)
    holder.communicate()


def captured(graph, eyes, folder, *words, moving=0.0):
    """Returns (status, what was printed) of the command, while the eyes look."""
    process = subprocess.Popen(
        [*CLI, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    )
    shift = 0.0
    while process.poll() is None:
        eyes.send(np.array([shift, 0.0, 0.0]))
        shift += moving
    return process.returncode, process.stdout.read()


def test_what_is_seen_of_a_still_object_becomes_a_goal_with_its_rotation_where_that_is_known(graph, eyes, tmp_path):
    status, said = captured(graph, eyes, tmp_path, "flat", "--json", "figures.json")
    assert status == 0, said
    capture = load_capture(str(tmp_path / "models/goals/flat.yaml"))
    assert capture.hand == "leap" and len(capture.points_mm) >= 60
    np.testing.assert_allclose(capture.quat_wxyz, TURN, atol=1e-9)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["points"] == len(capture.points_mm) and figures["images"] >= 15 and figures["moved_mm"] < 5.0
    status, said = captured(graph, eyes, tmp_path, "flat")
    assert status == 2 and "exists already" in said
    status, said = captured(graph, eyes, tmp_path, "flat", "--replace")
    assert status == 0, said


def test_an_object_that_moves_becomes_no_goal(graph, eyes, tmp_path):
    status, said = captured(graph, eyes, tmp_path, "moved", moving=0.001)
    assert status == 1 and "the object moved by" in said and not (tmp_path / "models/goals/moved.yaml").exists()


def test_without_eyes_it_says_what_is_missing_in_one_line(graph, tmp_path):
    process = subprocess.run([*CLI, "none"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 2 and "Traceback" not in process.stderr + process.stdout
    assert "dexterity up" in process.stderr + process.stdout
