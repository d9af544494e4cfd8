"""A printed board tells where the camera stands; the print is checked by a ruler, and a wrong one is refused."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from dexterity_ros.bringup.board import (
    COLUMNS,
    ROWS,
    RULER_M,
    SQUARE_M,
    BoardPlace,
    board,
    board_page,
    camera_from_board,
    find_board,
)
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.steps.table import STEPS
from dexterity_ros.bringup.walk import run
from dexterity_ros.cli.board import print_board
from dexterity_ros.cli.options.board import PrintBoardOptions
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import matrix_to_quat, quat_to_matrix, rotation_angle, rotation_between
from dexterity_ros.contracts.samples import DepthSample

_DPI_DRAWN = 150
PLACE = BoardPlace(pos_m=(0.02, 0.1, -0.05), quat_wxyz=(0.0, 1.0, 0.0, 0.0), interval_m=0.002, interval_rad=0.02)


def photograph(camera, place, noise=2.0):
    """Returns what a camera sees of a board that lies there, (height, width, 3)."""
    size = (round(COLUMNS * SQUARE_M / 0.0254 * _DPI_DRAWN), round(ROWS * SQUARE_M / 0.0254 * _DPI_DRAWN))
    flat = board().generateImage(size)
    corners = np.array([[0, 0, 0], [COLUMNS, 0, 0], [COLUMNS, ROWS, 0], [0, ROWS, 0]]) * SQUARE_M
    in_hand = corners @ quat_to_matrix(np.array(place.quat_wxyz)).T + np.array(place.pos_m)
    local = (in_hand - np.array(camera.pos_m)) @ camera.rotation
    pixels = local[:, :2] / local[:, 2:] * [camera.fx, camera.fy] + [camera.cx, camera.cy]
    drawn = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], dtype=np.float32) - 0.5
    turn = cv2.getPerspectiveTransform(drawn, (4.0 * (pixels + 0.5) - 0.5).astype(np.float32))
    large = cv2.warpPerspective(flat, turn, (4 * camera.width, 4 * camera.height), borderValue=200)
    grey = cv2.resize(large, (camera.width, camera.height), interpolation=cv2.INTER_AREA).astype(float)
    grey += noise * np.random.default_rng(0).normal(size=grey.shape)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


class Eye:
    def __init__(self, camera, rgb):
        self.camera, self._rgb = camera, rgb

    def see(self):
        return DepthSample(stamp_ns=1, depth_mm=np.zeros(self._rgb.shape[:2], dtype=np.uint16), rgb=self._rgb)


def test_the_camera_is_found_from_one_image_of_the_board():
    camera = load_camera("demo")
    seen = find_board(photograph(camera, PLACE), camera)
    rotation, pos = camera_from_board(seen, PLACE)
    shift = np.linalg.norm(pos - np.array(camera.pos_m))
    turn = rotation_angle(rotation_between(matrix_to_quat(rotation), np.array(camera.quat_wxyz)))
    assert shift < 1.5e-3
    assert turn < np.deg2rad(0.3)
    assert shift < seen.interval_m < 5e-3


def test_the_step_writes_the_camera_and_moves_nothing(walk_on):
    camera = load_camera("demo")
    on = walk_on()
    walk = on.walk(eye=Eye(camera, photograph(camera, PLACE)), board=PLACE)
    run(walk, STEPS, "camera")
    place = walk.robot.camera
    assert np.linalg.norm(np.array(place.pos_m) - np.array(camera.pos_m)) < place.interval_m
    assert place.interval_m > PLACE.interval_m
    assert on.figures()["most_rad_s"] == 0.0


def test_an_image_without_the_board_is_refused(walk_on):
    camera = load_camera("demo")
    grey = np.full((camera.height, camera.width, 3), 128, dtype=np.uint8)
    with pytest.raises(HandError, match="no board in the image"):
        run(walk_on().walk(eye=Eye(camera, grey), board=PLACE), STEPS, "camera")


def test_a_board_that_a_wrong_lens_bends_is_refused(walk_on):
    camera = load_camera("demo")
    wrong = replace(camera, fx=1.3 * camera.fx)
    with pytest.raises(HandError, match="px off where a flat board has them"):
        run(walk_on().walk(eye=Eye(wrong, photograph(camera, PLACE)), board=PLACE), STEPS, "camera")


def test_the_page_is_a4_at_full_scale_with_a_ruler(tmp_path):
    page, dpi = board_page()
    assert page.shape == (round(210 / 25.4 * dpi), round(297 / 25.4 * dpi))
    corners, ids, _, _ = cv2.aruco.CharucoDetector(board()).detectBoard(page)
    assert len(ids) == (COLUMNS - 1) * (ROWS - 1)
    order = np.argsort(ids.ravel())
    across = np.linalg.norm(np.diff(corners.reshape(-1, 2)[order][: COLUMNS - 1], axis=0), axis=1) / dpi * 0.0254
    np.testing.assert_allclose(across, SQUARE_M, atol=2e-4)
    ticks = np.flatnonzero((page[-700:] < 128).any(axis=0))
    assert (ticks.max() - ticks.min()) / dpi * 0.0254 >= RULER_M
    print_board(PrintBoardOptions(out=tmp_path / "board.pdf"))
    assert (tmp_path / "board.pdf").read_bytes().startswith(b"%PDF")


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"expected a \.pdf"):
        print_board(PrintBoardOptions(out=tmp_path / "board.svg"))
    with pytest.raises(ConfigError, match="cannot be written"):
        print_board(PrintBoardOptions(out=tmp_path / "nowhere" / "board.pdf"))
