"""Pictures of a hand, an object and its goal by ray casting: no GPU, no display, no system packages."""

from dataclasses import dataclass

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import object_folder
from dexterity_ros.sim.scene import PhysicsConfig, build_scene

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

_EYE_M, _LOOKED_AT_M = np.array([-0.14, 0.16, 0.24]), np.array([-0.01, 0.0, -0.005])  # from the grasp centre
_FOCAL = 1.4  # focal length over the picture's height
_FAR_M = 2.0
GOAL_SHARE = 0.32  # the goal's picture over the height of the whole
_GOAL_FOCAL = 2.4  # focal length over the height of the goal's picture: what lies within 12 degrees is in it
_SKY, _FLOOR = np.array([247.0, 249.0, 251.0]), np.array([205.0, 213.0, 222.0])
_LIGHT = np.array([-0.35, -0.55, -0.75])  # towards the light: right, down, forwards of the eye
_AMBIENT, _DIFFUSE = 0.66, 0.44
_CREASE_M = 0.02  # what lies this much deeper than its surroundings is darkest
_CREASE = 0.35  # by so much of its brightness
_CARD = 0.55  # how white the card behind the goal is
_FINE = 2  # rays per pixel and direction, against stairs at edges
_DRAWN, _HIDDEN = 0, 5  # geom groups


@dataclass(frozen=True, kw_only=True)
class Shot:
    """What a picture shows: joints_rad (n,); T_hand_object as position (3,) and quaternion (4,); goal, (4,).

    time_s: since the film began. goal: its number, from 1.
    """

    time_s: float
    joints_rad: Floats
    object_pos_m: Floats
    object_quat_wxyz: Floats
    goal_quat_wxyz: Floats
    goal: int

    @property
    def error_rad(self) -> float:
        """The angle between object and goal."""
        return float(rotation_angle(rotation_between(self.object_quat_wxyz, self.goal_quat_wxyz)))


class Painter:
    """Draws shots of one hand and one object."""

    def __init__(self, hand: HandSpec, object_name: str, width: int, height: int) -> None:
        """Raises ConfigError when hand or object are not known."""
        self._scene = build_scene(hand, object_name, PhysicsConfig(timestep_s=0.005, substeps=1))
        goal_model = mujoco.MjModel.from_xml_path(str(object_folder(object_name) / "object.xml"))
        self._data, self._goal_data = mujoco.MjData(self._scene.model), mujoco.MjData(goal_model)
        centre = np.array(hand.grasp_centre_m)
        eye, side = centre + _EYE_M, round(GOAL_SHARE * height)
        self._all = _Caster(self._scene.model, eye, centre + _LOOKED_AT_M, (width, height), _FOCAL)
        self._goal = _Caster(goal_model, eye, centre, (side, side), _GOAL_FOCAL)
        self._centre = centre
        share = np.linspace(0.0, 1.0, height)[:, None, None]
        self._background = np.broadcast_to(_SKY + share * (_FLOOR - _SKY), (height, width, 3))

    def paint(self, shot: Shot) -> Image:
        """Returns the picture, (height, width, 3), RGB: hand and object, the goal in the upper right corner."""
        self._pose(shot)
        image = self._all.over(self._background, self._data)
        side = self._goal.size[0]
        corner = image[:side, -side:]
        corner += _CARD * (255.0 - corner)
        self._goal_data.qpos[:] = np.concatenate([self._centre, shot.goal_quat_wxyz])
        image[:side, -side:] = self._goal.over(corner, self._goal_data)
        return np.clip(np.rint(image), 0, 255).astype(np.uint8)

    def _pose(self, shot: Shot) -> None:
        self._data.qpos[self._scene.joint_qpos] = shot.joints_rad
        self._data.qpos[self._scene.object_qpos] = np.concatenate([shot.object_pos_m, shot.object_quat_wxyz])


class _Caster:
    """Casts the rays of one eye at one model."""

    def __init__(
        self, model: mujoco.MjModel, eye_m: Floats, looked_at_m: Floats, size: tuple[int, int], focal: float
    ) -> None:
        """size: (width, height) in pixels. focal: focal length over the height."""
        self.size, self._model, self._eye = size, model, eye_m
        self._fine = (_FINE * size[1], _FINE * size[0])
        axes = _axes(looked_at_m - eye_m)
        rows, columns = (np.arange(n) + 0.5 - n / 2 for n in self._fine)
        flat = np.stack([*np.meshgrid(columns, rows), np.full(self._fine, focal * self._fine[0])], axis=-1)
        flat /= np.linalg.norm(flat, axis=-1, keepdims=True)
        self._rays = np.ascontiguousarray(flat.reshape(-1, 3) @ axes)
        self._light = _LIGHT @ axes / np.linalg.norm(_LIGHT)
        _draw_looks_only(model)
        self._colours = 255.0 * _colours(model)
        self._geom = np.zeros(len(self._rays), dtype=np.int32)
        self._distance = np.zeros(len(self._rays))
        self._normal = np.zeros((len(self._rays), 3))

    def over(self, background: Floats, data: mujoco.MjData) -> Floats:
        """Returns the model as it stands in `data` before a background, both (height, width, 3) in 0 to 255."""
        mujoco.mj_kinematics(self._model, data)
        groups = np.array([1, 0, 0, 0, 0, 0], dtype=np.uint8)
        mujoco.mj_multiRay(
            self._model, data, self._eye, self._rays.ravel(), groups, 1, -1,
            self._geom, self._distance, self._normal.ravel(), len(self._rays), _FAR_M,
        )  # fmt: skip
        hit = (self._geom >= 0).reshape(self._fine)
        shaded = self._colours[self._geom] * self._brightness(hit)[..., None].reshape(-1, 1)
        colour = np.where(hit[..., None], shaded.reshape(*self._fine, 3), 0.0)
        cover = cv2.resize(hit.astype(float), self.size, interpolation=cv2.INTER_AREA)[..., None]
        drawn: Floats = cv2.resize(colour, self.size, interpolation=cv2.INTER_AREA)
        return drawn + (1.0 - cover) * background

    def _brightness(self, hit: NDArray[np.bool_]) -> Floats:
        """Returns Lambert's law with light from all sides, less in creases, (rows, columns).

        Creases are where the depth exceeds its blurred self.
        Source: Luft, Colditz, Deussen, Image enhancement by unsharp masking the depth buffer, 2006, section 3.
        """
        facing = np.maximum(self._normal @ self._light, 0.0).reshape(self._fine)
        depth = np.where(hit, self._distance.reshape(self._fine), 0.0)
        share = cv2.blur(hit.astype(float), (self._fine[0] // 16,) * 2)
        around = cv2.blur(depth, (self._fine[0] // 16,) * 2) / np.maximum(share, 1e-6)
        crease = np.clip((depth - around) / _CREASE_M, 0.0, 1.0)
        return (_AMBIENT + _DIFFUSE * facing) * (1.0 - _CREASE * crease)


def _axes(forwards: Floats) -> Floats:
    """Returns right, down, forwards of an eye that stands upright, (3, 3), a row each."""
    forwards = forwards / np.linalg.norm(forwards)
    right = np.cross(forwards, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forwards, right), forwards])


def _draw_looks_only(model: mujoco.MjModel) -> None:
    """Hides what only collides (group 3 and on), except where a model has nothing else to look at."""
    looks = model.geom_group < 3
    object_body = model.nbody - 1
    for of_object in (True, False):
        part = (model.geom_bodyid == object_body) == of_object
        shown = looks & part if (looks & part).any() else part
        model.geom_group[part] = np.where(shown[part], _DRAWN, _HIDDEN)


def _colours(model: mujoco.MjModel) -> Floats:
    """Returns the colour of each geom in 0 to 1, (ngeom, 3): its material's where it has one."""
    colours: Floats = model.geom_rgba[:, :3].astype(float)
    painted = model.geom_matid >= 0
    colours[painted] = model.mat_rgba[model.geom_matid[painted], :3]
    return colours
