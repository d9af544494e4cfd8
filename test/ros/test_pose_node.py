"""pose_node on a real graph: what it refuses, that it says so, and that it goes on when the trouble ends."""

import json

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("cv2")

from dexterity_ros import (
    ros,
    wire,
)
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.frames import rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.sim.rendered_view import STEREO, RenderedView

pytestmark = pytest.mark.ros
SETTINGS = {
    "hand": "leap",
    "object": "cube70",
    "camera": "demo",
    "pixels_across": 320,
    "radius_m": 0.09,
    "jump_m": 0.012,
    "hand_margin_m": 0.004,
    "voxel_m": 0.004,
    "points": 512,
}


class Camera:
    """Sends what a camera and a hand would send."""

    def __init__(self, graph, leap):
        self.graph, self.names, self.home = graph, leap.joint_names, np.array(leap.home_pos_rad)
        self.spec = load_camera("demo").scaled(320)
        self.view = RenderedView(leap, "cube70", self.spec, STEREO, seed=0)
        self.turn = rotvec_to_quat(np.array([0.1, 0.2, 0.3]))
        self.centre = np.array(leap.grasp_centre_m) + np.array([0.0, 0.0, 0.02])
        self.out = {key: ros.publisher(graph.node, key) for key in ("depth", "colour", "camera_info", "joint_states")}
        self.poses, self.bases, self.said = [], [], ""
        ros.subscribe(graph.node, "pose_basis", lambda m: self.bases.append(json.loads(m.data)))
        ros.subscribe(graph.node, "object_pose", self.poses.append)
        ros.subscribe(graph.node, "diagnostics", self.listen)

    def listen(self, message):
        for status in message.status:
            if status.name == "pose_node: pose":
                self.said = status.message
                self.values = {v.key: json.loads(v.value) for v in status.values}

    def send(self, *, k=None, encoding="16UC1", info=True):
        now = ros.now_ns(self.graph.node)
        seen = self.view.render(self.home, PoseSample(stamp_ns=now, pos_m=self.centre, quat_wxyz=self.turn))
        told = ros.message_class("camera_info")(width=320, height=240)
        told.k = self.spec.matrix if k is None else k
        make = ros.message_class("depth")
        joints = wire.fill_joint_state(ros.message_class("joint_states")(), self.names, now, self.home, 0.0 * self.home)
        if info:
            self.out["camera_info"].publish(told)
        self.out["joint_states"].publish(joints)
        self.out["colour"].publish(wire.fill_image(make(), now, "rgb8", np.ascontiguousarray(seen.rgb)))
        self.graph.spin(0.02)
        self.out["depth"].publish(wire.fill_image(make(), now, encoding, seen.depth_mm))
        self.graph.spin(0.05)

    def until(self, condition, **what):
        return self.graph.spin_until(lambda: (self.send(**what), condition())[1], timeout_s=20.0)


def test_it_refuses_a_camera_that_is_not_the_one_and_bad_images_and_goes_on_afterwards(graph, start, leap):
    start("pose_node", **SETTINGS)
    camera = Camera(graph, leap)
    assert camera.until(lambda: "camera_info says" in camera.said, k=np.zeros(9)), camera.said
    assert camera.poses == []
    assert camera.until(lambda: len(camera.poses) > 5), camera.said
    found = wire.pose_sample(camera.poses[-1])
    turn = rotation_angle(rotation_between(found.quat_wxyz, camera.turn))
    assert np.linalg.norm(found.pos_m - camera.centre) < 0.004 and np.rad2deg(turn) < 3.0
    assert camera.until(lambda: "expected 16UC1" in camera.said, encoding="mono16"), camera.said
    others = ros.message_class("joint_states")(name=["elbow"], position=[0.0], velocity=[0.0])
    camera.out["joint_states"].publish(others)  # somebody else's joints are a fault, not the end of the node
    sent = len(camera.poses)
    assert camera.until(lambda: len(camera.poses) > sent + 3), camera.said
    assert camera.until(lambda: camera.said.startswith("tracked")), camera.said
    assert camera.values["faults"]["depth_invalid"] >= 2 and camera.values["faults"]["joints_invalid"] == 1


def test_a_wrong_parameter_ends_the_node_with_one_line(start):
    process = start("pose_node", **(SETTINGS | {"camera": "nothing"}))
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2 and "it has ['demo']" in output and "Traceback" not in output


def test_two_cameras_on_one_topic_and_a_missing_camera_info_are_named_and_hold_the_hand(graph, start, leap):
    start("pose_node", **SETTINGS)
    camera = Camera(graph, leap)
    assert camera.until(lambda: "camera_info yet" in camera.said, info=False), camera.said
    assert camera.until(lambda: camera.said.startswith("tracked")), camera.said
    other = ros.publisher(graph.node, "depth")
    assert camera.until(lambda: "2 publishers on" in camera.said), camera.said
    sent = len(camera.poses)
    camera.bases.clear()
    camera.until(lambda: len(camera.bases) > 5)
    assert len(camera.poses) == sent and "2 publishers" in camera.bases[-1]["basis"]
    graph.node.destroy_publisher(other)
    assert camera.until(lambda: len(camera.poses) > sent + 3), camera.said


def test_it_shows_the_points_that_a_pose_rests_on_and_says_why(graph, start, leap):
    start("pose_node", **SETTINGS)
    camera, clouds = Camera(graph, leap), []
    ros.subscribe(graph.node, "object_cloud", clouds.append)
    assert camera.until(lambda: len(clouds) > 2 and len(camera.poses) > 2), camera.said
    cloud = clouds[-1]
    points = np.frombuffer(bytes(cloud.data), dtype=np.float32).reshape(-1, 4)
    assert [f.name for f in cloud.fields] == ["x", "y", "z", "rgb"] and cloud.header.frame_id == "hand"
    assert len(points) == 512 and np.linalg.norm(points[:, :3] - camera.centre, axis=1).max() < 0.07
    colours = {tuple(c) for c in points[:, 3].copy().view(np.uint8).reshape(-1, 4)[:, 2::-1].tolist()}
    assert len(colours & {tuple(c) for c in load_box("cube70").colours.astype(int).tolist()}) >= 2, colours
    assert camera.bases[-1]["basis"] == "tracked" and camera.bases[-1]["inliers"] > 100


def test_for_a_policy_of_points_it_looks_for_no_pose_and_needs_no_model(graph, start, leap):
    start("pose_node", **(SETTINGS | {"object": "none", "sight": "object_cloud"}))
    camera, clouds = Camera(graph, leap), []
    ros.subscribe(graph.node, "object_cloud", clouds.append)
    assert camera.until(lambda: len(clouds) > 5), camera.said
    assert np.linalg.norm(wire.cloud_sample(clouds[-1]).points_m.mean(axis=0) - camera.centre) < 0.04
    assert camera.until(lambda: camera.said == "512 points"), camera.said
    assert camera.poses == [] and camera.bases[-1]["basis"] == "points" and camera.bases[-1]["joints_ns"] > 0
