"""A depth camera by ray casting against the primitives of a scene: no GPU, no display, no system packages."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.box_object import BoxObject
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.sim.scene import Scene

Floats = NDArray[np.float64]
Depth = NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class DepthNoise:
    """Errors of a stereo camera. All are zero for a perfect one.

    disparity_px: standard deviation of the disparity, which makes the error grow with the square of the distance.
    patch_px: over how many pixels it is the same, because a stereo matcher looks at blocks. baseline_m: of its eyes.
    grazing_dropout: share of pixels lost where a surface is seen edge-on. hole_share: share of all pixels lost.
    """

    disparity_px: float = 0.0
    patch_px: int = 5
    baseline_m: float = 0.05
    grazing_dropout: float = 0.0
    hole_share: float = 0.0


_BACKGROUND, _HAND = 90, 30  # grey values
_COLLIDING = (0, 0, 0, 1, 0, 0)  # geom group 3: what is drawn for people lies on top of it


class DepthCamera:
    """Renders the region of interest densely and the rest not at all (0)."""

    def __init__(
        self, scene: Scene, camera: CameraSpec, centre_m: Floats, radius_m: float, noise: DepthNoise, seed: int
    ) -> None:
        """centre_m, radius_m: ball in the hand frame whose image is rendered."""
        self.camera, self._scene, self._noise = camera, scene, noise
        self._rng = np.random.default_rng(seed)
        self._pos = np.array(camera.pos_m)
        rays = camera.rays()
        to_centre = centre_m - self._pos
        lengths = np.sqrt((rays**2).sum(axis=-1))
        cosine = (rays @ to_centre) / lengths / np.linalg.norm(to_centre)
        reach = np.arcsin(min(radius_m / float(np.linalg.norm(to_centre)), 1.0))
        inside = np.arccos(np.clip(cosine, -1.0, 1.0)) < reach
        self._at = np.flatnonzero(inside.ravel())
        self._lengths = lengths.ravel()[self._at]
        self._unit = np.ascontiguousarray(rays.reshape(-1, 3)[self._at] / self._lengths[:, None])
        self._groups = np.array(_COLLIDING, dtype=np.uint8)
        model = scene.model
        self._object_joint = next(j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE)
        self._geom = np.zeros(len(self._at), dtype=np.int32)
        self._distance = np.zeros(len(self._at))
        self._normal = np.zeros((len(self._at), 3))

    def render(self, data: mujoco.MjData) -> Depth:
        """Returns depth in mm, (height, width) uint16, 0 = not measured, with this camera's errors."""
        model = self._scene.model
        mujoco.mj_multiRay(
            model,
            data,
            self._pos,
            self._unit.ravel(),
            self._groups,
            1,
            -1,
            self._geom,
            self._distance,
            None,
            len(self._at),
            self.camera.depth_range_m[1],
        )
        depth_m = np.where(self._distance > 0.0, self._distance / self._lengths, 0.0)
        image = np.zeros(self.camera.height * self.camera.width)
        image[self._at] = depth_m
        return self._disturbed(image.reshape(self.camera.height, self.camera.width))

    def colours(self, data: mujoco.MjData, box: BoxObject) -> NDArray[np.uint8]:
        """Returns the colours of the last image, (height, width, 3): the box's faces, and grey for the rest."""
        object_body = self._scene.model.jnt_bodyid[self._object_joint]
        hit = (self._distance > 0.0) & (self._geom >= 0)
        on_box = hit & (self._scene.model.geom_bodyid[np.maximum(self._geom, 0)] == object_body)
        points = self._pos + self._unit[on_box] * self._distance[on_box, None]
        local = (points - data.xpos[object_body]) @ data.xmat[object_body].reshape(3, 3)
        image = np.full((self.camera.height * self.camera.width, 3), _BACKGROUND, dtype=np.uint8)
        image[self._at[hit]] = _HAND
        image[self._at[on_box]] = box.colours[box.face_of(local)].astype(np.uint8)
        return image.reshape(self.camera.height, self.camera.width, 3)

    def _disturbed(self, depth_m: Floats) -> Depth:
        noise, measured = self._noise, depth_m > 0.0
        if noise.disparity_px > 0.0:
            focal_baseline = self.camera.fx * noise.baseline_m
            disparity = focal_baseline / np.where(measured, depth_m, 1.0)
            shaken = disparity + noise.disparity_px * self._patchy(depth_m.shape)
            depth_m = np.where(measured, focal_baseline / np.maximum(shaken, 1e-3), 0.0)
        lost = self._rng.random(depth_m.shape) < noise.hole_share
        if noise.grazing_dropout > 0.0:
            slope = np.maximum(np.abs(np.gradient(depth_m, axis=0)), np.abs(np.gradient(depth_m, axis=1)))
            steep = slope * self.camera.fx > 3.0 * np.maximum(depth_m, 1e-6)
            lost |= steep & (self._rng.random(depth_m.shape) < noise.grazing_dropout)
        low, high = self.camera.depth_range_m
        usable = measured & ~lost & (depth_m > low) & (depth_m < high)
        return np.where(usable, np.rint(depth_m * 1e3), 0.0).astype(np.uint16)

    def _patchy(self, shape: tuple[int, ...]) -> Floats:
        """Returns normal noise that is the same over patches of pixels, with a share that differs in each."""
        patch = max(self._noise.patch_px, 1)
        coarse = self._rng.normal(size=(-(-shape[0] // patch), -(-shape[1] // patch)))
        spread = np.repeat(np.repeat(coarse, patch, axis=0), patch, axis=1)[: shape[0], : shape[1]]
        noisy: Floats = 0.8 * spread + 0.6 * self._rng.normal(size=shape)
        return noisy
