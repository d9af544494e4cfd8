"""A drawing of where hand and camera stand, to scale, from their files: from the side and from above."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.perception.surface_points import surface_points

_PX_PER_M, _MARGIN_PX = 800.0, 55
_SPACING_M, _DOT_PX = 0.003, 2
# Housing of a RealSense D435, optical frame: width, height, depth. Source: Intel, D400 series datasheet, dimensions.
_BODY_M = (0.090, 0.025, 0.025)
_HAND, _CAMERA, _VIEW, _TEXT, _AXIS = (190, 160, 130), (70, 70, 70), (80, 190, 60), (40, 40, 40), (0, 0, 220)
_FONT, _LARGE, _SMALL = cv2.FONT_HERSHEY_SIMPLEX, 0.62, 0.5

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """One view: which axes of the hand frame go to the right and up, and where its lower left corner is, m."""

    title: str
    right: int
    up: int
    low_m: Floats
    size_px: tuple[int, int]

    def at(self, points_m: Floats) -> NDArray[np.int32]:
        """Returns pixels (n, 2) of points (n, 3) in the hand frame."""
        flat = (np.atleast_2d(points_m)[:, [self.right, self.up]] - self.low_m[[self.right, self.up]]) * _PX_PER_M
        column, row = _MARGIN_PX + flat[:, 0], self.size_px[1] - _MARGIN_PX - flat[:, 1]
        return np.rint(np.stack([column, row], axis=-1)).astype(np.int32)


def draw_mounting(hand: HandSpec, camera: CameraSpec) -> Picture:
    """Returns the drawing, BGR: the hand at home, the camera, what it sees, and the distances to keep."""
    shape = load_shape(hand)
    links = np.stack(HandBody(hand, shape).links(np.array(hand.home_pos_rad)))
    points, _ = surface_points(shape, _SPACING_M).placed(links)
    body, view = _body(camera), _view(hand, camera)
    everything = np.concatenate([points, body, view, np.zeros((1, 3))])
    panels = [
        _drawn(_panel(title, right, up, everything), hand, camera, points)
        for title, right, up in (("from the side", 0, 2), ("from above", 0, 1))
    ]
    width = max(panel.shape[1] for panel in panels)
    return np.concatenate([_widened(panel, width) for panel in panels])


def _panel(title: str, right: int, up: int, everything: Floats) -> _Panel:
    low, high = everything.min(axis=0), everything.max(axis=0)
    size = (high - low) * _PX_PER_M + 2 * _MARGIN_PX
    return _Panel(title=title, right=right, up=up, low_m=low, size_px=(int(size[right]), int(size[up])))


def _drawn(panel: _Panel, hand: HandSpec, camera: CameraSpec, points: Floats) -> Picture:
    picture = np.full((panel.size_px[1], panel.size_px[0], 3), 255, dtype=np.uint8)
    for column, row in panel.at(points):
        cv2.circle(picture, (int(column), int(row)), _DOT_PX, _HAND, -1)
    view = panel.at(_view(hand, camera))
    for corner in view[1:]:
        cv2.line(picture, view[0].tolist(), corner.tolist(), _VIEW, 1, cv2.LINE_AA)
    cv2.polylines(picture, [view[1:]], isClosed=True, color=_VIEW, thickness=1, lineType=cv2.LINE_AA)
    cv2.fillConvexPoly(picture, cv2.convexHull(panel.at(_body(camera))), _CAMERA, cv2.LINE_AA)
    _draw_frame(picture, panel)
    _draw_distances(picture, panel, camera, np.array(hand.grasp_centre_m))
    cv2.putText(
        picture, f"{hand.name} and camera {camera.name} {panel.title}", (12, 26), _FONT, _LARGE, _TEXT, 1, cv2.LINE_AA
    )
    return picture


def _draw_frame(picture: Picture, panel: _Panel) -> None:
    """Draws the hand's own frame, 40 mm of each axis."""
    names = "xyz"
    origin, *ends = panel.at(np.concatenate([np.zeros((1, 3)), 0.04 * np.eye(3)[[panel.right, panel.up]]]))
    for end, axis in zip(ends, (panel.right, panel.up), strict=True):
        cv2.arrowedLine(picture, origin.tolist(), end.tolist(), _AXIS, 2, cv2.LINE_AA, tipLength=0.2)
        cv2.putText(picture, names[axis], (int(end[0]) + 4, int(end[1]) - 4), _FONT, _SMALL, _AXIS, 1, cv2.LINE_AA)


def _draw_distances(picture: Picture, panel: _Panel, camera: CameraSpec, centre_m: Floats) -> None:
    """Draws how far the camera stands from the hand's frame along both axes, and from the grasp centre."""
    place = np.array(camera.pos_m)
    corner = np.zeros(3)
    corner[panel.right] = place[panel.right]
    for begin, end, axis in ((np.zeros(3), corner, panel.right), (corner, _flat(place, panel), panel.up)):
        one, other = panel.at(np.stack([begin, end]))
        cv2.line(picture, one.tolist(), other.tolist(), _TEXT, 1, cv2.LINE_AA)
        middle = (one + other) // 2
        said = f"{abs(place[axis]) * 1e3:.0f} mm"
        cv2.putText(picture, said, (int(middle[0]) + 6, int(middle[1]) + 18), _FONT, _SMALL, _TEXT, 1, cv2.LINE_AA)
    one, other = panel.at(np.stack([place, centre_m]))
    cv2.line(picture, one.tolist(), other.tolist(), _AXIS, 1, cv2.LINE_AA)
    cv2.circle(picture, other.tolist(), 4, _AXIS, -1, cv2.LINE_AA)
    away = f"lens to grasp centre {np.linalg.norm(place - centre_m) * 1e3:.0f} mm"
    cv2.putText(picture, away, (12, panel.size_px[1] - 12), _FONT, _SMALL, _AXIS, 1, cv2.LINE_AA)


def _flat(place_m: Floats, panel: _Panel) -> Floats:
    """Returns a place without its part towards the reader."""
    flat = np.zeros(3)
    flat[[panel.right, panel.up]] = place_m[[panel.right, panel.up]]
    return flat


def _body(camera: CameraSpec) -> Floats:
    """Returns the corners of the camera's housing in the hand frame, (8, 3): the lens is in its front."""
    signs = np.stack(np.meshgrid(*[(-0.5, 0.5)] * 2, (-1.0, 0.0)), axis=-1).reshape(-1, 3)
    corners: Floats = (signs * np.array(_BODY_M)) @ camera.rotation.T + np.array(camera.pos_m)
    return corners


def _view(hand: HandSpec, camera: CameraSpec) -> Floats:
    """Returns the lens and the corners of the image at the distance of the grasp centre, hand frame, (5, 3)."""
    place = np.array(camera.pos_m)
    depth = float((np.array(hand.grasp_centre_m) - place) @ camera.rotation[:, 2])
    pixels = [(0, 0), (camera.width, 0), (camera.width, camera.height), (0, camera.height)]
    rays = np.array([((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 1.0) for u, v in pixels])
    return np.concatenate([place[None], depth * rays @ camera.rotation.T + place])


def _widened(picture: Picture, width: int) -> Picture:
    return np.pad(picture, ((0, 0), (0, width - picture.shape[1]), (0, 0)), constant_values=255)
