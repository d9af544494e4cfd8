"""A hand that holds the cube still, seen by a camera."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

import mujoco

from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.samples import DepthSample, PoseSample
from dexterity_ros.perception.depth_cloud import CloudConfig, DepthCloud
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.sim.depth_camera import DepthCamera
from dexterity_ros.sim.rendered_view import STEREO
from dexterity_ros.sim.scene import PhysicsConfig, build_scene

BOX = load_box("cube70")


@pytest.fixture(scope="module")
def camera():
    return load_camera("demo")


@pytest.fixture(scope="module")
def scene(leap):
    return build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.005, substeps=1))


def _cloud_config(**change):
    values = {
        "pixels_across": 320,
        "radius_m": 0.09,
        "jump_m": 0.012,
        "hand_margin_m": 0.004,
        "voxel_m": 0.004,
        "points": 512,
    }
    return CloudConfig(**(values | change))


class Stage:
    """A hand at home with the cube held still, seen by a camera."""

    def __init__(self, leap, camera, scene, noise):
        self.leap, self.scene = leap, scene
        self.data = mujoco.MjData(scene.model)
        centre = np.array(leap.grasp_centre_m)
        self.camera = DepthCamera(scene.model, camera, centre, 0.12, noise, seed=0)
        self.cloud = DepthCloud(camera, centre, _cloud_config(), HandBody(leap, load_shape(leap)))
        self.home = np.array(leap.home_pos_rad)
        self.stamp = 0

    def see(self, pose):
        """Returns the cloud of the cube at a pose."""
        self.stamp += 33_000_000
        self.data.qpos[self.scene.joint_qpos] = self.home
        self.data.qpos[self.scene.object_qpos] = np.concatenate([pose.pos_m, pose.quat_wxyz])
        mujoco.mj_kinematics(self.scene.model, self.data)
        image, rgb = self.camera.see(self.data, BOX)
        depth = DepthSample(stamp_ns=self.stamp, depth_mm=image, rgb=rgb)
        return self.cloud.step(depth, self.home)

    def pose(self, offset=(0.0, 0.0, 0.0), turn=(0.0, 0.0, 0.0)):
        position = np.array(self.leap.grasp_centre_m) + np.array(offset) + np.array([0.0, 0.0, 0.02])
        return PoseSample(stamp_ns=self.stamp, pos_m=position, quat_wxyz=rotvec_to_quat(np.array(turn)))


@pytest.fixture
def stage(leap, camera, scene):
    calibrated = replace(STEREO, extrinsic_m=0.0, extrinsic_rad=0.0, joint_zero_rad=0.0)
    return Stage(leap, camera, scene, calibrated)


@pytest.fixture
def cloud_config():
    """Returns what makes a configuration of the cloud, with changes."""
    return _cloud_config
