"""What a depth camera sees of an emulated individual, from where that camera really stands."""

from dataclasses import replace

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.sim.depth_camera import DepthCamera
from dexterity_ros.sim.rendered_view import STEREO

_VIEW_M = 0.2  # this far round the grasp centre the image is rendered: the whole of a hand


class IndividualView:
    """A stereo camera before one hand; its errors are those of docs/stereo_errors.md."""

    def __init__(
        self, model: mujoco.MjModel, camera: CameraSpec, centre_m: tuple[float, float, float], seed: int
    ) -> None:
        """camera: where it really stands. centre_m: of what it looks at, hand frame."""
        errors = replace(STEREO, extrinsic_m=0.0, extrinsic_rad=0.0)
        self._camera = DepthCamera(model, camera, np.array(centre_m), _VIEW_M, errors, seed)
        self._model, self._data = model, mujoco.MjData(model)

    def see(self, qpos: Floats, stamp_ns: int) -> DepthSample:
        """Returns the image of a hand that stands so. qpos: of its model, (nq,)."""
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        return DepthSample(stamp_ns=stamp_ns, depth_mm=self._camera.see_hand(self._data))
