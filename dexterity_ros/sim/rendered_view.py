"""What a depth camera would see of a hand and an object at given joints and pose."""

from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import load_labels
from dexterity_ros.contracts.samples import DepthSample, PoseSample
from dexterity_ros.sim.depth_camera import DepthCamera, StereoErrors
from dexterity_ros.sim.scene import PhysicsConfig, build_scene

_VIEW_M = 0.12  # this far round the grasp centre the image is rendered
# A stereo depth camera like a RealSense D435 at half a metre, well calibrated; docs/stereo_errors.md.
STEREO = StereoErrors(
    disparity_px=0.1,
    bias_px=0.05,
    step_px=1.0 / 32.0,
    fattening_px=2,
    grazing_dropout=0.7,
    dark_dropout=0.1,
    hole_share=0.02,
    extrinsic_m=0.001,
    extrinsic_rad=0.003,
    joint_zero_rad=0.01,
)
_LARGER = ("disparity_px", "bias_px", "grazing_dropout", "dark_dropout", "hole_share")


def more_noise(errors: StereoErrors, factor: float) -> StereoErrors:
    """Returns errors whose noise is so many times as large; shares stay below one, calibration stays as it is."""
    values = {name: factor * getattr(errors, name) for name in _LARGER}
    for name in _LARGER[2:]:
        values[name] = min(values[name], 0.95)
    return replace(errors, **values, fattening_px=round(factor * errors.fattening_px))


class RenderedView:
    """Renders images of one scene; nothing moves by itself."""

    def __init__(self, hand: HandSpec, object_name: str, camera: CameraSpec, errors: StereoErrors, seed: int) -> None:
        self._scene = build_scene(hand, object_name, PhysicsConfig(timestep_s=0.005, substeps=1))
        self._data = mujoco.MjData(self._scene.model)
        self._labels = load_labels(object_name)
        self._camera = DepthCamera(self._scene.model, camera, np.array(hand.grasp_centre_m), _VIEW_M, errors, seed)
        rng = np.random.default_rng([seed, 1])
        self._joint_zero = errors.joint_zero_rad * rng.normal(size=len(hand.joints))

    def render(self, joints_rad: NDArray[np.float64], pose: PoseSample) -> DepthSample:
        """Returns depth and colours, stamped as the pose. joints_rad: as reported, (n,); they stand elsewhere."""
        self._data.qpos[self._scene.joint_qpos] = joints_rad + self._joint_zero
        self._data.qpos[self._scene.object_qpos] = np.concatenate([pose.pos_m, pose.quat_wxyz])
        mujoco.mj_kinematics(self._scene.model, self._data)
        depth, rgb = self._camera.see(self._data, self._labels)
        return DepthSample(stamp_ns=int(pose.stamp_ns), depth_mm=depth, rgb=rgb)
