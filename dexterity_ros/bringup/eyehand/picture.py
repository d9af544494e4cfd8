"""The hand's outline, as it should be seen, drawn over what the camera sees."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.perception.surface_points import SurfacePoints

Picture = NDArray[np.uint8]

BEFORE_BGR, AFTER_BGR = (60, 60, 220), (80, 190, 60)
_NEAR_SHADE, _FAR_SHADE = 230.0, 90.0  # grey of the nearest and the deepest point
_MARGIN_PX = 30


def shaded(image: DepthSample) -> Picture:
    """Returns a depth image to look at, BGR: what is near is bright, what was not measured is white."""
    depth = image.depth_mm.astype(float)
    measured = depth > 0.0
    seen = depth[measured] if measured.any() else np.zeros(1)
    near, far = (float(depth_mm) for depth_mm in np.percentile(seen, [1.0, 99.0]))
    share = np.clip((depth - near) / max(far - near, 1.0), 0.0, 1.0)
    grey = np.where(measured, _NEAR_SHADE + share * (_FAR_SHADE - _NEAR_SHADE), 255.0)
    return np.repeat(grey[..., None].astype(np.uint8), 3, axis=-1)


def draw_outline(
    picture: Picture, points: SurfacePoints, links: Floats, camera: CameraSpec, bgr: tuple[int, ...]
) -> None:
    """Draws the outline of a hand, links (k, 4, 4) in the hand frame, as a camera should see it."""
    mask = silhouette(points, links, camera)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, bgr, 2)


def silhouette(points: SurfacePoints, links: Floats, camera: CameraSpec) -> Picture:
    """Returns where the hand should be in the image, 255 or 0.

    points: dense, or there are holes. links: T_hand_link, (links, 4, 4).
    """
    placed, _ = points.placed(links)
    local = (placed - np.array(camera.pos_m)) @ camera.rotation
    local = local[local[:, 2] > camera.depth_range_m[0]]
    u = np.rint(local[:, 0] / local[:, 2] * camera.fx + camera.cx).astype(int)
    v = np.rint(local[:, 1] / local[:, 2] * camera.fy + camera.cy).astype(int)
    inside = (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
    mask = np.zeros((camera.height, camera.width), dtype=np.uint8)
    mask[v[inside], u[inside]] = 255
    closing = np.ones((5, 5), dtype=np.uint8)
    closed: Picture = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, closing)
    return closed


def cropped(picture: Picture, masks: list[Picture]) -> Picture:
    """Returns the part of a picture in which something of the masks is."""
    rows, columns = np.nonzero(np.max(masks, axis=0))
    if not len(rows):
        return picture
    top, left = max(rows.min() - _MARGIN_PX, 0), max(columns.min() - _MARGIN_PX, 0)
    part: Picture = picture[top : rows.max() + _MARGIN_PX, left : columns.max() + _MARGIN_PX]
    return part
