"""What a depth camera would see of a hand and an object at given joints and pose."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.box_object import load_box
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.samples import DepthSample, PoseSample
from dexterity_ros.sim.depth_camera import DepthCamera, DepthNoise
from dexterity_ros.sim.scene import PhysicsConfig, build_scene

_VIEW_M = 0.12  # this far round the grasp centre the image is rendered
STEREO = DepthNoise(disparity_px=0.08, grazing_dropout=0.7, hole_share=0.02)


class RenderedView:
    """Renders images of one scene; nothing moves by itself."""

    def __init__(self, hand: HandSpec, object_name: str, camera: CameraSpec, noise: DepthNoise, seed: int) -> None:
        self._scene = build_scene(hand, object_name, PhysicsConfig(timestep_s=0.005, substeps=1))
        self._data = mujoco.MjData(self._scene.model)
        self._box = load_box(object_name)
        self._camera = DepthCamera(self._scene, camera, np.array(hand.grasp_centre_m), _VIEW_M, noise, seed)

    def render(self, joints_rad: NDArray[np.float64], pose: PoseSample) -> DepthSample:
        """Returns depth and colours, stamped as the pose."""
        self._data.qpos[self._scene.joint_qpos] = joints_rad
        self._data.qpos[self._scene.object_qpos] = np.concatenate([pose.pos_m, pose.quat_wxyz])
        mujoco.mj_kinematics(self._scene.model, self._data)
        depth = self._camera.render(self._data)
        rgb = self._camera.colours(self._data, self._box)
        return DepthSample(stamp_ns=int(pose.stamp_ns), depth_mm=depth, rgb=rgb)
