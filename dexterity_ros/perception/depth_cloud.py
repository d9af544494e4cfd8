"""From a depth image to the object's points in the hand frame; a stage, fast enough for one core.

Order of work, each step on less than the one before: pixels whose ray crosses the workspace at that depth, flying
pixels out, deproject with precomputed rays, one point per voxel, the hand out by forward kinematics, a fixed number.
"""

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.contracts.samples import CloudSample, DepthSample
from dexterity_ros.perception.hand_shape import HandBody

Depth = NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class CloudConfig(Checked):
    """How a cloud is made.

    pixels_across: of wider images only every n-th pixel is used. radius_m: of the ball round the grasp centre that is
    looked at. jump_m: a pixel whose neighbours differ by more is flying. hand_margin_m: points this near to the hand
    are the hand's. voxel_m: one point per cube of this size. points: in the sample.
    """

    pixels_across: Annotated[int, Range(1, 16384, "at most all pixels of an image")]
    radius_m: Annotated[float, Range(1e-3, 2.0, "round the grasp centre, within reach of a hand")]
    jump_m: Annotated[float, Range(1e-4, 1.0, "between neighbouring pixels")]
    hand_margin_m: Annotated[float, Range(0.0, 0.1, "thinner than a finger")]
    voxel_m: Annotated[float, Range(1e-4, 0.1, "a part of an object that a hand can hold")]
    points: Annotated[int, Range(1, 100_000, "at most all pixels of a small image")]


class DepthCloud:
    """One camera's depth images to clouds."""

    def __init__(self, camera: CameraSpec, centre_m: Floats, config: CloudConfig, body: HandBody | None) -> None:
        """centre_m: of what is looked at, hand frame. body: None leaves the hand in."""
        self.camera, self.config, self._body = camera, config, body
        self._stride = max(round(camera.width / config.pixels_across), 1)
        rays = camera.rays(self._stride)
        self._rays = rays.reshape(-1, 3).astype(np.float32)
        near_mm, far_mm = _workspace_mm(rays, np.array(camera.pos_m), centre_m, config.radius_m)
        inside = near_mm < far_mm
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if not len(rows):
            rows = columns = np.array([0])
        self._rows, self._columns = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        self._near, self._far = near_mm[self._rows, self._columns], far_mm[self._rows, self._columns]
        self._index = np.arange(rays.shape[0] * rays.shape[1]).reshape(rays.shape[:2])[self._rows, self._columns]
        self._pos = np.array(camera.pos_m, dtype=np.float32)

    def step(self, depth: DepthSample, joints_rad: Floats | None) -> CloudSample | Fault:
        """Returns the object's points, or the fault that prevented it. joints_rad: (n,) at the time of the image."""
        fault = check_depth(depth, self.camera)
        if fault is not None:
            return fault
        points, pixels = self.deproject(depth.depth_mm)
        kept = one_per_voxel(points, self.config.voxel_m)
        if self._body is not None and joints_rad is not None and len(kept):
            kept = kept[~self._body.near(points[kept], joints_rad, self.config.hand_margin_m)]
        if not len(kept):
            return Fault(code=FaultCode.CLOUD_EMPTY, detail="no point in the workspace that is not the hand's")
        kept = kept[fixed_size(len(kept), self.config.points, depth.stamp_ns)]
        rgb = None if depth.rgb is None else depth.rgb[self._pixel(pixels[kept])]
        return CloudSample(stamp_ns=depth.stamp_ns, points_m=points[kept], rgb=rgb)

    def _pixel(self, index: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns rows and columns in the whole image of pixels counted through every stride-th one."""
        row, column = np.divmod(index, -(-self.camera.width // self._stride))
        return row * self._stride, column * self._stride

    def deproject(self, depth_mm: Depth) -> tuple[Floats, NDArray[np.int64]]:
        """Returns the points inside the workspace without flying pixels, (n, 3) in the hand frame, and their pixels.

        Pixels count through the image of every stride-th row and column.
        """
        step = self._stride
        part = np.ascontiguousarray(depth_mm[::step, ::step][self._rows, self._columns])
        keep = (part > self._near) & (part < self._far) & _steady(part, round(self.config.jump_m * 1e3))
        metres = part[keep].astype(np.float32) * np.float32(1e-3)
        pixels = self._index[keep]
        points: Floats = (self._rays[pixels] * metres[:, None] + self._pos).astype(np.float64)
        return points, pixels


def check_depth(depth: DepthSample, camera: CameraSpec) -> Fault | None:
    """Returns why an image cannot be used, or None."""
    image = depth.depth_mm
    if image.shape != (camera.height, camera.width) or image.dtype != np.uint16:
        found = f"{image.dtype} {image.shape[1] if image.ndim > 1 else '?'}x{image.shape[0]}"
        said = f"depth is {found}, expected uint16 {camera.width}x{camera.height}"
        return Fault(code=FaultCode.DEPTH_INVALID, detail=said)
    if not image[:: max(camera.height // 24, 1), :: max(camera.width // 32, 1)].any() and not image.any():
        return Fault(code=FaultCode.DEPTH_INVALID, detail="every depth is zero: covered lens, or nothing in range")
    return None


def one_per_voxel(points_m: Floats, voxel_m: float) -> NDArray[np.int64]:
    """Returns which point is the first in each occupied cube, (m,), in the order of the cubes."""
    if not len(points_m):
        return np.zeros(0, dtype=np.int64)
    cells = np.floor(points_m / voxel_m).astype(np.int64)
    cells -= cells.min(axis=0)
    size = cells.max(axis=0) + 1
    key = (cells[:, 0] * size[1] + cells[:, 1]) * size[2] + cells[:, 2]
    first: NDArray[np.int64] = np.unique(key, return_index=True)[1]
    return first


def fixed_size(available: int, count: int, stamp_ns: int) -> NDArray[np.int64]:
    """Returns exactly `count` of `available` indices, drawn by the stamp so that a replay draws the same.

    When there are too few, some are repeated.
    """
    rng = np.random.Generator(np.random.PCG64(stamp_ns))
    chosen = rng.permutation(available)[:count]
    if len(chosen) < count:
        chosen = np.concatenate([chosen, rng.integers(0, available, size=count - len(chosen))])
    return chosen


def _steady(depth_mm: Depth, jump_mm: int) -> NDArray[np.bool_]:
    """Returns pixels that do not hang between an edge and what is behind it: with one neighbour nearer, one deeper.

    The edge itself has deeper neighbours only and stays; without it an object would look smaller than it is.
    """
    kernel, depth = np.ones((3, 3), dtype=np.uint8), depth_mm.astype(np.int32)
    nearer, deeper = depth - cv2.erode(depth_mm, kernel), cv2.dilate(depth_mm, kernel) - depth
    return (nearer <= jump_mm) | (deeper <= jump_mm)


def _workspace_mm(rays: Floats, pos_m: Floats, centre_m: Floats, radius_m: float) -> tuple[Depth, Depth]:
    """Returns the depths at which each ray enters and leaves the ball, mm; one that misses leaves before it enters."""
    to_centre = centre_m - pos_m
    square = (rays**2).sum(axis=-1)
    middle = (rays @ to_centre) / square
    inside = middle**2 - (float(to_centre @ to_centre) - radius_m**2) / square
    half = np.sqrt(np.maximum(inside, 0.0))
    near, far = np.where(inside > 0.0, middle - half, 1.0), np.where(inside > 0.0, middle + half, 0.0)
    limit = np.iinfo(np.uint16).max
    return (
        np.clip(near * 1e3, 0, limit).astype(np.uint16),
        np.clip(far * 1e3, 0, limit).astype(np.uint16),
    )
