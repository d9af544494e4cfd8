"""A printed ChArUco board beside the hand: the other way to find out where the camera stands, where depth is poor.

A hand screwed to a table cannot carry a board through the large turns that hand-eye calibration needs (Tsai), so
the board lies still, at a place that a ruler measures from the hand, and one image is enough.
"""

import functools
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.ranges import UNIT_QUATERNION, Checked, Range

COLUMNS, ROWS = 7, 5
SQUARE_M, MARKER_M = 0.030, 0.022
RULER_M = 0.1
_DICTIONARY = cv2.aruco.DICT_4X4_50
_DPI = 300
_MM_PER_INCH = 25.4
_A4_MM = (297, 210)
_LEAST_CORNERS = 8  # of 24: fewer leave the tilt of the board open
_LEAST_SPREAD_PX = 0.15  # lens and print err alike at neighbouring corners, which their scatter does not show
_CHI_3 = 2.795  # radius of the ball that holds 95 % of a normal distribution in three dimensions

Image = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class BoardPlace(Checked):
    """Where the board lies: T_hand_board of its upper left corner, x along the upper edge, y down, z into the paper.

    interval_m, interval_rad: half the 95 % interval with which that was measured.
    """

    pos_m: Annotated[tuple[float, float, float], Range(-1.0, 1.0, "beside the hand")]
    quat_wxyz: Annotated[tuple[float, float, float, float], UNIT_QUATERNION]
    interval_m: Annotated[float, Range(1e-4, 0.05, "0.002 with a good ruler")]
    interval_rad: Annotated[float, Range(1e-4, 0.2, "0.02 is 2 mm along the board's edge")]


@dataclass(frozen=True, kw_only=True)
class BoardSeen:
    """T_camera_board: rotation (3, 3), pos_m (3,). corners: found. residual_px: root mean square of their reprojection.

    interval_m, interval_rad: radii that hold 95 % of the camera's place and turn, as the corners tell it.
    """

    rotation: Floats
    pos_m: Floats
    corners: int
    residual_px: float
    interval_m: float
    interval_rad: float


@functools.cache
def board() -> cv2.aruco.CharucoBoard:
    """Returns the board that is printed and looked for."""
    dictionary = cv2.aruco.getPredefinedDictionary(_DICTIONARY)
    return cv2.aruco.CharucoBoard((COLUMNS, ROWS), SQUARE_M, MARKER_M, dictionary)


def board_page() -> tuple[Image, int]:
    """Returns the page to print, A4 across, and its resolution in dots per inch: the board above, a ruler below."""
    width, height = (_px(mm) for mm in _A4_MM)
    page = np.full((height, width), 255, dtype=np.uint8)
    size = _px(COLUMNS * SQUARE_M * 1e3), _px(ROWS * SQUARE_M * 1e3)
    left, top = (width - size[0]) // 2, _px(14.0)
    page[top : top + size[1], left : left + size[0]] = board().generateImage(size)
    _say(page, "ORIGIN, x to the right, y down", left, top - _px(3.0))
    _draw_ruler(page, left, top + size[1] + _px(16.0))
    return page, _DPI


def find_board(rgb: Image, camera: CameraSpec) -> BoardSeen | None:
    """Returns where the board is in an image, (height, width, 3), or None when too little of it is seen."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    corners, ids, _, _ = cv2.aruco.CharucoDetector(board()).detectBoard(grey)
    if ids is None or len(ids) < _LEAST_CORNERS:
        return None
    objects, pixels = board().matchImagePoints(corners, ids)
    matrix, lens = camera.matrix.reshape(3, 3), np.zeros(5)
    found, turn, place = cv2.solvePnP(objects, pixels, matrix, lens, flags=cv2.SOLVEPNP_IPPE)
    if not found:
        return None
    turn, place = cv2.solvePnPRefineLM(objects, pixels, matrix, lens, turn, place)
    return _seen(objects, pixels, turn, place, matrix)


def _seen(objects: Floats, pixels: Floats, turn: Floats, place: Floats, matrix: Floats) -> BoardSeen:
    projected, jacobian = cv2.projectPoints(objects, turn, place, matrix, np.zeros(5))
    errors = projected.reshape(-1, 2) - pixels.reshape(-1, 2)
    residual_px = float(np.sqrt((errors**2).sum(axis=1).mean()))
    columns = jacobian[:, :6]
    spread_px = max(residual_px / np.sqrt(2.0), _LEAST_SPREAD_PX)
    covariance = spread_px**2 * np.linalg.inv(columns.T @ columns)
    rotation, by_turn = cv2.Rodrigues(turn)
    # How the camera's place in the board's frame moves with the rotation vector (columns) and the translation.
    turned = np.stack([-by_turn[k].reshape(3, 3).T @ place.ravel() for k in range(3)], axis=-1)
    moved = np.concatenate([turned, -rotation.T], axis=-1)
    spread = moved @ covariance @ moved.T
    return BoardSeen(
        rotation=rotation,
        pos_m=place.ravel(),
        corners=len(objects),
        residual_px=residual_px,
        interval_m=_CHI_3 * float(np.trace(spread) / 3.0) ** 0.5,
        interval_rad=_CHI_3 * float(np.trace(covariance[:3, :3]) / 3.0) ** 0.5,
    )


def camera_from_board(seen: BoardSeen, place: BoardPlace) -> tuple[Floats, Floats]:
    """Returns T_hand_camera: rotation (3, 3) and place (3,), m."""
    hand_board = quat_to_matrix(np.array(place.quat_wxyz))
    rotation: Floats = hand_board @ seen.rotation.T
    return rotation, np.array(place.pos_m) - rotation @ seen.pos_m


def _draw_ruler(page: Image, left: int, top: int) -> None:
    for mm in range(round(RULER_M * 1e3) + 1):
        length_mm = 6.0 if mm % 10 == 0 else 4.0 if mm % 5 == 0 else 2.5
        column = left + _px(mm)
        cv2.line(page, (column, top), (column, top + _px(length_mm)), 0, 2)
        if mm % 10 == 0:
            _say(page, str(mm), column - _px(1.0), top + _px(10.5))
    said = f"Print at 100 %, not fitted to the page: this ruler is {RULER_M * 1e3:.0f} mm long, squares are "
    _say(page, f"{said}{SQUARE_M * 1e3:.0f} mm. Glue it on something flat.", left, top - _px(4.0))


def _say(page: Image, text: str, left: int, baseline: int) -> None:
    cv2.putText(page, text, (left, baseline), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 0, 2, cv2.LINE_AA)


def _px(mm: float) -> int:
    return round(mm / _MM_PER_INCH * _DPI)
