"""Step camera with a printed board beside the hand in place of the hand itself. Nothing moves."""

from dataclasses import replace

import numpy as np

from dexterity_ros.bringup.board import BoardPlace, camera_from_board, find_board
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.walk import Measured, Walk
from dexterity_ros.contracts.frames import matrix_to_quat
from dexterity_ros.contracts.ports import EyePort
from dexterity_ros.contracts.robot import CameraPlace

_MOST_RESIDUAL_PX = 1.5


def camera_by_board(walk: Walk, eye: EyePort, place: BoardPlace) -> Measured:
    """Looks once. Raises HandError when the board is not seen, or not where its corners fit."""
    image = eye.see()
    seen = None if image.rgb is None else find_board(image.rgb, eye.camera)
    if seen is None:
        raise HandError(
            "no board in the image: is it the print of `dexterity print board`, flat, whole and in the light?"
        )
    if seen.residual_px > _MOST_RESIDUAL_PX:
        said = f"the board's corners are {seen.residual_px:.1f} px off where a flat board has them"
        raise HandError(f"{said}, expected at most {_MOST_RESIDUAL_PX}: is it bent, or the camera's file wrong?")
    rotation, pos = camera_from_board(seen, place)
    x, y, z = pos.tolist()
    quat = matrix_to_quat(rotation).tolist()
    away_m = float(np.linalg.norm(seen.pos_m))
    interval_m = float(np.linalg.norm([seen.interval_m, place.interval_m, place.interval_rad * away_m]))
    interval_rad = float(np.hypot(seen.interval_rad, place.interval_rad))
    found = CameraPlace(
        measured=walk.today(),
        residual_m=min(seen.residual_px / eye.camera.fx * away_m, 0.1),
        camera=eye.camera.name,
        pos_m=(x, y, z),
        quat_wxyz=(quat[0], quat[1], quat[2], quat[3]),
        interval_m=interval_m,
        interval_rad=interval_rad,
    )
    known = f"known to {interval_m * 1e3:.1f} mm and {np.rad2deg(interval_rad):.2f} degrees"
    said = f"{eye.camera.name} by {seen.corners} corners of the board, {seen.residual_px:.2f} px off; {known}"
    return Measured(robot=replace(walk.robot, camera=found), said=said)
