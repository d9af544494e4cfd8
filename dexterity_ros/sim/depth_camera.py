"""A depth camera by ray casting against the primitives of a scene: no GPU, no display, no system packages."""

from dataclasses import dataclass, replace

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.faces import Labelled
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.perception.face_tags import tag_paper
from dexterity_ros.sim.scene import geom_colours

Depth = NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class StereoErrors:
    """Errors of a stereo camera. All are zero for a perfect one. Pixels are those of an image 640 wide.

    disparity_px: standard deviation of the disparity, which makes the error grow with the square of the distance.
    bias_px: of the disparity, its size; the sign is drawn once. step_px: disparity is a multiple of this.
    patch_px: over how many pixels the noise is nearly the same, because a stereo matcher looks at blocks.
    fattening_px: by how much things in front grow over what is behind, at places that change from patch to patch.
    baseline_m: of its eyes. grazing_dropout: share of pixels lost where a surface is seen edge-on.
    dark_dropout: share lost on dark surfaces. hole_share: share of all patches lost.
    extrinsic_m, extrinsic_rad: how far the camera stands from where its file says, in a direction drawn once.
    joint_zero_rad: how far the joints stand from what is reported, a standard deviation, drawn once.

    Sources: docs/stereo_errors.md.
    """

    disparity_px: float = 0.0
    bias_px: float = 0.0
    step_px: float = 0.0
    patch_px: int = 7
    fattening_px: int = 0
    baseline_m: float = 0.05
    grazing_dropout: float = 0.0
    dark_dropout: float = 0.0
    hole_share: float = 0.0
    extrinsic_m: float = 0.0
    extrinsic_rad: float = 0.0
    joint_zero_rad: float = 0.0


_BACKGROUND, _HAND = 90, 30  # grey values
_DARK = 40  # a brightness that a projector's pattern hardly shows on
_IMAGE_PX = 640  # width of the images that errors in pixels are given for
_PAPER_M = 2e-3  # off a face's plane, as parts that are near a mesh may be; what is further does not carry its tag
_EDGE_M = 0.01  # a step in depth this large is an edge
_SMOOTHED = 1.5  # interpolation between patches shrinks noise by this factor
_GROWN = 0.25  # share of patches in which an edge is overgrown
_COLLIDING = (0, 0, 0, 1, 0, 0)  # geom group 3: what is drawn for people lies on top of it


class DepthCamera:
    """Renders the region of interest densely and the rest not at all (0)."""

    def __init__(
        self,
        model: mujoco.MjModel,
        camera: CameraSpec,
        centre_m: Floats,
        radius_m: float,
        errors: StereoErrors,
        seed: int,
    ) -> None:
        """model: whose world is the hand frame. centre_m, radius_m: ball in it whose image is rendered."""
        self.camera, self._model, self._errors = camera, model, errors
        self._rng = np.random.default_rng(seed)
        stands = _displaced(camera, errors, self._rng)
        self._bias_px = errors.bias_px * self._rng.choice([-1.0, 1.0])
        self._pos = np.array(stands.pos_m)
        rays = stands.rays()
        to_centre = centre_m - self._pos
        lengths = np.sqrt((rays**2).sum(axis=-1))
        cosine = (rays @ to_centre) / lengths / np.linalg.norm(to_centre)
        reach = np.arcsin(min(radius_m / float(np.linalg.norm(to_centre)), 1.0))
        inside = np.arccos(np.clip(cosine, -1.0, 1.0)) < reach
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        self._window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        self._shape = (len(range(*self._window[0].indices(camera.height))), columns[-1] + 1 - columns[0])
        self._at = np.flatnonzero(inside[self._window].ravel())
        self._lengths = lengths[self._window].ravel()[self._at]
        self._unit = np.ascontiguousarray(rays[self._window].reshape(-1, 3)[self._at] / self._lengths[:, None])
        self._groups = np.array(_COLLIDING, dtype=np.uint8)
        self._geom = np.zeros(len(self._at), dtype=np.int32)
        self._distance = np.zeros(len(self._at))

    def see(self, data: mujoco.MjData, labels: Labelled | None) -> tuple[Depth, NDArray[np.uint8]]:
        """Returns depth in mm, (height, width) uint16, 0 = not measured, and colours (height, width, 3).

        labels: faces of the object. Colours are theirs, or those of the object's parts where it has no faces, and grey
        for the rest. Both have this camera's errors.
        """
        depth_m = self.cast(data)
        colours = self._colours(data, labels)
        depth = self._depth(depth_m, colours.max(axis=-1) < _DARK)
        image = np.full((self.camera.height, self.camera.width, 3), _BACKGROUND, dtype=np.uint8)
        image[self._window] = colours
        return depth, image

    def see_hand(self, data: mujoco.MjData) -> Depth:
        """Returns depth in mm, as `see`, where there is no object: everything is as dark as a hand."""
        depth_m = self.cast(data)
        return self._depth(depth_m, depth_m > 0.0)

    def _depth(self, depth_m: Floats, dark: NDArray[np.bool_]) -> Depth:
        depth = np.zeros((self.camera.height, self.camera.width), dtype=np.uint16)
        depth[self._window] = self._disturbed(depth_m, dark)
        return depth

    def cast(self, data: mujoco.MjData) -> Floats:
        """Returns the true depth in m of the window that is looked at, 0 where nothing is hit."""
        limit = self.camera.depth_range_m[1]
        mujoco.mj_multiRay(
            self._model,
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
            limit,
        )
        image = np.zeros(self._shape[0] * self._shape[1])
        image[self._at] = np.where(self._distance > 0.0, self._distance / self._lengths, 0.0)
        return image.reshape(self._shape)

    def _colours(self, data: mujoco.MjData, labels: Labelled | None) -> NDArray[np.uint8]:
        object_body = _free_body(self._model)
        hit = (self._distance > 0.0) & (self._geom >= 0)
        on_object = hit & (self._model.geom_bodyid[np.maximum(self._geom, 0)] == object_body)
        image = np.full((self._shape[0] * self._shape[1], 3), _BACKGROUND, dtype=np.uint8)
        image[self._at[hit]] = _HAND
        if labels is None or not labels.faces:
            image[self._at[on_object]] = geom_colours(self._model)[self._geom[on_object]]
            return image.reshape(*self._shape, 3)
        points = self._pos + self._unit[on_object] * self._distance[on_object, None]
        local = (points - data.xpos[object_body]) @ data.xmat[object_body].reshape(3, 3)
        image[self._at[on_object]] = face_pixels(labels, local)
        return image.reshape(*self._shape, 3)

    def _disturbed(self, depth_m: Floats, dark: NDArray[np.bool_]) -> Depth:
        """Returns what a stereo matcher makes of true depths, mm."""
        errors = self._errors
        depth_m = self._fattened(depth_m)
        measured = depth_m > 0.0
        focal_baseline = self.camera.fx * errors.baseline_m * _IMAGE_PX / self.camera.width
        disparity = focal_baseline / np.where(measured, depth_m, 1.0) + self._bias_px
        if errors.disparity_px > 0.0:
            disparity += errors.disparity_px * self._patchy(depth_m.shape)
        if errors.step_px > 0.0:
            disparity = np.rint(disparity / errors.step_px) * errors.step_px
        seen_m = np.where(measured, focal_baseline / np.maximum(disparity, 1e-3), 0.0)
        low, high = self.camera.depth_range_m
        usable = measured & ~self._lost(depth_m, dark) & (seen_m > low) & (seen_m < high)
        depth: Depth = np.where(usable, np.rint(seen_m * 1e3), 0.0).astype(np.uint16)
        return depth

    def _lost(self, depth_m: Floats, dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
        errors = self._errors
        lost: NDArray[np.bool_] = self._spread(self._rng.random(self._coarse(depth_m.shape))) < errors.hole_share
        if errors.dark_dropout > 0.0:
            lost |= dark & (self._rng.random(depth_m.shape) < errors.dark_dropout)
        if errors.grazing_dropout > 0.0:
            slope = np.maximum(np.abs(np.gradient(depth_m, axis=0)), np.abs(np.gradient(depth_m, axis=1)))
            steep = slope * self.camera.fx > 3.0 * np.maximum(depth_m, 1e-6)
            lost |= steep & (self._rng.random(depth_m.shape) < errors.grazing_dropout)
        return lost

    def _fattened(self, depth_m: Floats) -> Floats:
        """Returns depths in which what is in front has grown over what is behind, in some patches."""
        reach = round(self._errors.fattening_px * self.camera.width / _IMAGE_PX)
        if reach < 1:
            return depth_m
        far = np.where(depth_m > 0.0, depth_m, np.inf).astype(np.float32)
        nearest = cv2.erode(far, np.ones((1, 2 * reach + 1), dtype=np.uint8))  # along the baseline
        grows = (nearest < far - _EDGE_M) & (self._spread(self._rng.random(self._coarse(depth_m.shape))) < _GROWN)
        return np.where(grows, nearest, depth_m)

    def _patchy(self, shape: tuple[int, ...]) -> Floats:
        """Returns normal noise that is nearly the same over patches of pixels."""
        coarse = self._rng.normal(size=self._coarse(shape)).astype(np.float32)
        smooth = _SMOOTHED * cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        noisy: Floats = 0.95 * smooth + 0.3 * self._rng.normal(size=shape)
        return noisy

    def _coarse(self, shape: tuple[int, ...]) -> tuple[int, int]:
        patch = self._patch
        return -(-shape[0] // patch), -(-shape[1] // patch)

    def _spread(self, coarse: Floats) -> Floats:
        """Returns one number per patch as one per pixel of the window."""
        patch = self._patch
        return np.repeat(np.repeat(coarse, patch, axis=0), patch, axis=1)[: self._shape[0], : self._shape[1]]

    @property
    def _patch(self) -> int:
        return max(round(self._errors.patch_px * self.camera.width / _IMAGE_PX), 1)


def _free_body(model: mujoco.MjModel) -> int:
    """Returns the number of the body that nothing holds: the object."""
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)[0]
    return int(model.jnt_bodyid[free])


def face_pixels(labels: Labelled, local_m: Floats) -> NDArray[np.uint8]:
    """Returns the colours, (n, 3), of points on an object, (n, 3) in its frame: its faces', and tags on them."""
    faces = labels.face_of(local_m)
    colours: NDArray[np.uint8] = labels.colours[faces].astype(np.uint8)
    if labels.tag_m > 0.0:
        for face in np.unique(faces):
            on_face = faces == face
            if labels.faces[face].tag is None:
                continue
            colours[on_face] = _with_tag(labels, int(face), local_m[on_face], colours[on_face])
    return colours


def _with_tag(labels: Labelled, face: int, local_m: Floats, colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    right, up = labels.tag_axes(face)
    centre = labels.tag_corners(face).mean(axis=0)
    paper = tag_paper(labels.faces[face].tag or 0)
    cells = len(paper) - 2
    size_m = labels.tag_m / cells
    row = np.floor(cells / 2 + 1 - ((local_m - centre) @ up) / size_m).astype(int)
    column = np.floor(cells / 2 + 1 + ((local_m - centre) @ right) / size_m).astype(int)
    near = np.abs((local_m - centre) @ np.array(labels.faces[face].normal)) < _PAPER_M
    inside = near & (row >= 0) & (row < cells + 2) & (column >= 0) & (column < cells + 2)
    colours[inside] = paper[row[inside], column[inside], None]
    return colours


def _displaced(camera: CameraSpec, errors: StereoErrors, rng: np.random.Generator) -> CameraSpec:
    """Returns where the camera really stands."""
    shift, axis = rng.normal(size=(2, 3))
    pos = np.array(camera.pos_m) + errors.extrinsic_m * shift / np.linalg.norm(shift)
    turn = rotvec_to_quat(errors.extrinsic_rad * axis / np.linalg.norm(axis))
    quat = quat_multiply(turn, np.array(camera.quat_wxyz))
    return replace(camera, pos_m=(pos[0], pos[1], pos[2]), quat_wxyz=(quat[0], quat[1], quat[2], quat[3]))
