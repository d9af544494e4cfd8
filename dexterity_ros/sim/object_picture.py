"""A picture of an object: alone from four sides, and in a hand."""

import cv2
import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.sim.picture import EYE_M, Caster, Image
from dexterity_ros.sim.scene import PhysicsConfig, build_scene, item_model

_TILE, _HAND = 300, (600, 600)
_FROM = ((0.6, 0.7, 0.5), (-0.7, 0.6, 0.5), (-0.6, -0.7, -0.5), (0.7, -0.6, -0.5))  # towards the eye
_FOCAL, _FILLED = 1.6, 0.85
_ABOVE_M = 0.015
_WHITE = 246.0


def object_picture(spec: ObjectSpec, hand: HandSpec) -> Image:
    """Returns the object from four sides with its axes (x red, y green, z blue), and in a hand, (600, 1200, 3) RGB."""
    tiles = [_alone(spec, np.array(side)) for side in _FROM]
    alone = np.concatenate([np.concatenate(tiles[:2], axis=1), np.concatenate(tiles[2:], axis=1)])
    return np.concatenate([alone, _in_hand(spec, hand)], axis=1)


def _alone(spec: ObjectSpec, side: Floats) -> Image:
    model = item_model(spec).compile()
    data = mujoco.MjData(model)
    reach = float((model.geom_rbound + np.linalg.norm(model.geom_pos, axis=1)).max())
    away = 2.0 * _FOCAL * reach / _FILLED
    eye_m = side / np.linalg.norm(side) * away
    caster = Caster(model, eye_m, np.zeros(3), (_TILE, _TILE), _FOCAL, labels=spec)
    picture = _rounded(caster.over(np.full((_TILE, _TILE, 3), _WHITE), data))
    _draw_axes(picture, caster)
    return picture


def _draw_axes(picture: Image, caster: Caster) -> None:
    corner = np.array([0.2, 0.84]) * _TILE
    for axis, colour in zip(np.eye(3), ((200, 40, 40), (30, 140, 50), (40, 80, 210)), strict=True):
        tip = corner + 0.16 * _TILE * (caster.axes @ axis)[:2]
        ends = [tuple(round(float(v)) for v in end) for end in (corner, tip)]
        cv2.arrowedLine(picture, ends[0], ends[1], colour, 2, cv2.LINE_AA, tipLength=0.25)


def _in_hand(spec: ObjectSpec, hand: HandSpec) -> Image:
    scene = build_scene(hand, spec, PhysicsConfig(timestep_s=0.005, substeps=1))
    data = mujoco.MjData(scene.model)
    centre = np.array(hand.grasp_centre_m)
    data.qpos[scene.joint_qpos] = hand.home_pos_rad
    turn = rotvec_to_quat(np.zeros(3))
    data.qpos[scene.object_qpos] = np.concatenate([centre + np.array([0.0, 0.0, _ABOVE_M]), turn])
    caster = Caster(scene.model, centre + EYE_M, centre, _HAND, 1.3, labels=spec)
    return _rounded(caster.over(np.full((*_HAND, 3), _WHITE), data))


def _rounded(picture: Floats) -> Image:
    return np.ascontiguousarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
