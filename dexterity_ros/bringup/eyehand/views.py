"""Depth images of the hand as points to fit: evenly over the image, away from edges, in the camera's frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.samples import DepthSample

# Stereo noise is nearly the same over a block of so many pixels. Source: docs/stereo_errors.md, "disparity noise".
_PATCH_SHARE = 7 / 640
_STRIDE_SHARE = 4 / 640
_EDGE_SHARE = (
    3 / 640
)  # nearer to an edge than this, depth shows what is in front (docs/stereo_errors.md, "edge fattening")
_MOVED_MM = 15  # by so much a place must be deeper in another image
_OPEN, _NOTHING_MM = 0.4, np.iinfo(np.uint16).max  # where so many images measure nothing, there is nothing near
_EDGE_MM = 8  # a step in depth this large is an edge


@dataclass(frozen=True, kw_only=True)
class View:
    """What the camera saw of the hand in one pose. joints_rad: as read, (n,). points_m: in the optical frame, (k, 3).

    moved (k,): whether something else was seen there in another pose; that is of the fingers, whatever lies behind
    them. worth: how many independent measurements one point is, at most 1.
    """

    joints_rad: Floats
    points_m: Floats
    moved: NDArray[np.bool_]
    worth: float

    def only(self, kept: NDArray[np.bool_]) -> "View":
        """Returns some of the points. kept: (n,)."""
        return replace(self, points_m=self.points_m[kept], moved=self.moved[kept])

    def thinned(self, every: int) -> "View":
        """Returns every n-th point."""
        return replace(
            self, points_m=self.points_m[::every], moved=self.moved[::every], worth=min(self.worth * every, 1.0)
        )


def views(images: Sequence[DepthSample], joints_rad: Sequence[Floats], camera: CameraSpec, far_m: float) -> list[View]:
    """Returns the points of images nearer than far_m. camera: whose intrinsics; where it stands plays no part.

    joints_rad: as read with each image, (n,).
    """
    depths = np.stack([image.depth_mm for image in images])
    open_behind = (depths == 0).mean(axis=0) > _OPEN
    behind_mm = np.where(open_behind, _NOTHING_MM, depths.max(axis=0))
    return [_view(depth, read, camera, far_m, behind_mm) for depth, read in zip(depths, joints_rad, strict=True)]


def _view(
    depth: NDArray[np.uint16], joints_rad: Floats, camera: CameraSpec, far_m: float, behind_mm: NDArray[np.uint16]
) -> View:
    stride = max(round(_STRIDE_SHARE * camera.width), 1)
    worth = min((stride / camera.width / _PATCH_SHARE) ** 2, 1.0)
    inside = _inside(depth, max(round(_EDGE_SHARE * camera.width), 1))
    rows, columns = (np.arange(stride // 2, n, stride) for n in depth.shape)
    v, u = np.meshgrid(rows, columns, indexing="ij")
    z = depth[v, u] * 1e-3
    moved = behind_mm[v, u] > depth[v, u].astype(int) + _MOVED_MM
    kept = inside[v, u] & (z < far_m)
    z, u, v = z[kept], u[kept], v[kept]
    points = np.stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z], axis=-1)
    read = np.asarray(joints_rad, dtype=float)
    return View(joints_rad=read, points_m=points, moved=moved[kept], worth=worth)


def _inside(depth_mm: NDArray[np.uint16], reach: int) -> NDArray[np.bool_]:
    """Returns which pixels are measured and lie so many pixels from the next edge; holes are no edges."""
    depth = cv2.medianBlur(depth_mm, 5)
    measured = depth_mm > 0
    far = np.where(depth > 0, depth, np.iinfo(np.uint16).max)
    window = np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)
    nearest, deepest = cv2.erode(far, window), cv2.dilate(far, window)
    return measured & (deepest.astype(int) - nearest < _EDGE_MM * reach)
