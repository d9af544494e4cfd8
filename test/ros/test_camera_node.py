"""camera_node on a real graph: recordings of the vendor's software device, from the pipeline to a pose."""

import json
import time

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
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.sim.rendered_view import STEREO, RenderedView
from dexterity_ros.systems.spec import node_parameters

pytestmark = pytest.mark.ros
TURN = rotvec_to_quat(np.array([0.1, 0.2, 0.3]))


def camera_settings(**change):
    settings = node_parameters("config/nodes/camera_node.yaml", "camera_node")
    return settings | {"camera": "demo", "serial": "", "playback": ""} | change


@pytest.fixture(scope="module")
def recording(tmp_path_factory, realsense_recording, leap):
    """Eight seconds of the cube at rest in the hand, 320x240 at 15 Hz."""
    spec = load_camera("demo").scaled(320)
    view = RenderedView(leap, "cube70", spec, STEREO, seed=0)
    centre = np.array(leap.grasp_centre_m) + np.array([0.0, 0.0, 0.02])
    seen = view.render(np.array(leap.home_pos_rad), PoseSample(stamp_ns=0, pos_m=centre, quat_wxyz=TURN))
    path = tmp_path_factory.mktemp("camera") / "cube.db3"
    realsense_recording(path, [(seen.depth_mm, seen.rgb)] * 120, matrix=spec.matrix.tolist(), rate_hz=15)
    return path, centre


def test_a_recording_goes_through_camera_node_and_pose_node_to_the_objects_pose(graph, start, leap, recording):
    path, centre = recording
    poses, stands, said = [], [], {}
    ros.subscribe(graph.node, "object_pose", lambda m: poses.append(wire.pose_sample(m)))
    ros.subscribe(graph.node, "camera_pose", stands.append)
    ros.subscribe(graph.node, "diagnostics", lambda m: said.update({s.name: s for s in m.status}))
    joints = ros.publisher(graph.node, "joint_states")
    pose = node_parameters("config/nodes/pose_node.yaml", "pose_node")
    start("pose_node", **pose, hand="leap", object="cube70", camera="demo")
    graph.spin_until(lambda: graph.node.count_publishers("object_pose") > 0)
    start("camera_node", **camera_settings(playback=str(path), width=320, height=240, rate_hz=15))
    home, names = np.array(leap.home_pos_rad), leap.joint_names

    def send_joints():
        joints.publish(
            wire.fill_joint_state(
                ros.message_class("joint_states")(), names, ros.now_ns(graph.node), home, np.zeros_like(home)
            )
        )

    assert graph.spin_until(lambda: (send_joints(), len(poses) > 10)[1], 20.0), said
    assert np.linalg.norm(poses[-1].pos_m - centre) < 0.004
    assert np.rad2deg(rotation_angle(rotation_between(poses[-1].quat_wxyz, TURN))) < 3.0
    assert abs(poses[-1].stamp_ns - time.time_ns()) < 2e9  # the camera's own stamps, by our clock
    spec = load_camera("demo")
    assert graph.spin_until(lambda: bool(stands))
    shift = stands[0].transform.translation
    np.testing.assert_allclose([shift.x, shift.y, shift.z], spec.pos_m)
    assert stands[0].header.frame_id == "hand" and stands[0].child_frame_id == wire.CAMERA_FRAME
    images = "camera_node: images"
    assert graph.spin_until(lambda: images in said and "is over" in said[images].message, 15.0)  # and then it says so
    figures = {v.key: json.loads(v.value) for v in said[images].values}
    assert figures["images"] >= 11 and figures["age_ms"]["p50"] < 200.0


def test_without_a_camera_the_node_ends_at_once_and_says_why(start, realsense_recording):
    began = time.monotonic()
    process = start("camera_node", **camera_settings(serial="42"))
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2 and "there is no camera 42" in output and "Traceback" not in output
    assert time.monotonic() - began < 10.0  # starting Python and ROS included


def test_a_camera_that_is_unplugged_is_opened_again_when_it_is_back(graph, monkeypatch):
    from dexterity_ros.drivers.realsense.camera import CameraError, CameraImage
    from dexterity_ros.nodes import camera_node

    spec = load_camera("demo").scaled(320)
    world = {"plugged": True, "opened": 0, "number": 0}

    class Camera:
        """A cable that can be pulled."""

        name = "Cable 1"

        def __init__(self, _config):
            if not world["plugged"]:
                raise CameraError("there is no camera; connected: none")
            world["opened"] += 1

        def read(self, timeout_s, now_ns):
            time.sleep(0.02)
            if not world["plugged"]:
                raise CameraError("Cable 1 is no longer connected")
            world["number"] += 1
            pixels = np.full((240, 320), 500, dtype=np.uint16)
            sample = camera_node_sample(now_ns(), pixels)
            return CameraImage(sample=sample, matrix=spec.matrix, number=world["number"])

        def close(self):
            pass

    from dexterity_ros.contracts.samples import DepthSample

    def camera_node_sample(stamp_ns, pixels):
        return DepthSample(stamp_ns=stamp_ns, depth_mm=pixels, rgb=np.zeros((240, 320, 3), dtype=np.uint8))

    monkeypatch.setattr(camera_node, "RealSenseCamera", Camera)
    monkeypatch.setattr(camera_node, "_RETRY_S", 0.05)
    monkeypatch.setattr(camera_node.ros, "parameters", lambda _node, cls: cls(**camera_settings()))
    node, images = camera_node.CameraNode(), []
    ros.subscribe(graph.node, "depth", images.append)
    try:
        assert graph.spin_until(lambda: len(images) > 3)
        world["plugged"] = False
        assert graph.spin_until(lambda: "no camera" in node._report()[1])
        seen = len(images)
        world["plugged"] = True
        assert graph.spin_until(lambda: len(images) > seen + 3)
        assert world["opened"] == 2 and node._report()[2]["reconnects"] == 1
    finally:
        node.stop()
        node.destroy_node()
