"""Pictures of a hand, an object and its goal by ray casting: no GPU, no display, no system packages."""

from dataclasses import dataclass

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.faces import Labelled
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import load_object
from dexterity_ros.sim.depth_camera import face_pixels
from dexterity_ros.sim.scene import PhysicsConfig, build_scene, geom_colours, item_model

Image = NDArray[np.uint8]

EYE_M, LOOKED_AT_M = np.array([-0.14, 0.16, 0.24]), np.array([-0.01, 0.0, -0.005])  # from the grasp centre
FOCAL = 1.4  # focal length over the picture's height
_FAR_M = 2.0
GOAL_SHARE = 0.32  # the goal's picture over the height of the whole
_GOAL_FOCAL = 2.4  # focal length over the height of the goal's picture: what lies within 12 degrees is in it
_SKY, _FLOOR = np.array([247.0, 249.0, 251.0]), np.array([205.0, 213.0, 222.0])
_LIGHT = np.array([-0.35, -0.55, -0.75])  # towards the light: right, down, forwards of the eye
_AMBIENT, _DIFFUSE = 0.66, 0.44
_CREASE_M = 0.02  # what lies this much deeper than its surroundings is darkest
_CREASE = 0.35  # by so much of its brightness
_CARD = 0.55  # how white the card behind the goal is
_BEND = 0.3  # a normal that differs by so much from the next pixel's is another face's
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
        goal_model = item_model(object_name).compile()
        self._data, self._goal_data = mujoco.MjData(self._scene.model), mujoco.MjData(goal_model)
        centre = np.array(hand.grasp_centre_m)
        eye, side = centre + EYE_M, round(GOAL_SHARE * height)
        labels = load_object(object_name)
        self._all = Caster(self._scene.model, eye, centre + LOOKED_AT_M, (width, height), FOCAL, labels=labels)
        self._goal = Caster(goal_model, eye, centre, (side, side), _GOAL_FOCAL, labels=labels)
        self._centre = centre
        self._background = backdrop(width, height)

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


def backdrop(width: int, height: int) -> Floats:
    """Returns what is behind everything, (height, width, 3) in 0 to 255."""
    share = np.linspace(0.0, 1.0, height)[:, None, None]
    return np.broadcast_to(_SKY + share * (_FLOOR - _SKY), (height, width, 3))


class Caster:
    """Casts the rays of one eye at one model."""

    def __init__(
        self,
        model: mujoco.MjModel,
        eye_m: Floats,
        looked_at_m: Floats,
        size: tuple[int, int],
        focal: float,
        *,
        labels: Labelled | None = None,
    ) -> None:
        """size: (width, height) in pixels. focal: focal length over the height.

        labels: faces of the object, which is the model's last body, in place of its parts' colours.
        """
        self._labels = labels if labels is not None and labels.faces else None
        self.size, self._model, self._eye = size, model, eye_m
        self.axes = axes = _axes(looked_at_m - eye_m)
        columns, rows = (np.arange(2 * n) / 2 + 0.25 - n / 2 for n in size)
        rays = np.stack([*np.meshgrid(columns, rows), np.full((len(rows), len(columns)), focal * size[1])], axis=-1)
        fine = rays.reshape(size[1], 2, size[0], 2, 3).swapaxes(1, 2).reshape(size[1], size[0], 4, 3)
        self._fine = _unit(fine) @ axes
        self._rays = _unit(fine.mean(axis=2)) @ axes
        self._light = _LIGHT @ axes / np.linalg.norm(_LIGHT)
        _draw_looks_only(model)
        self._colours = geom_colours(model).astype(float)

    def over(self, background: Floats, data: mujoco.MjData) -> Floats:
        """Returns the model as it stands in `data` before a background, both (height, width, 3) in 0 to 255.

        One ray for each pixel, and four in its quarters where an edge would show stairs.
        """
        mujoco.mj_kinematics(self._model, data)
        geom, distance, normal = self._cast(data, self._rays)
        crease = _crease(geom >= 0, distance)
        picture = self._shaded(self._colour(data, self._rays, geom, distance), geom, normal, crease, background)
        at = _edges(geom, normal)
        geom, distance, normal = self._cast(data, self._fine[at])
        colour = self._colour(data, self._fine[at], geom, distance)
        picture[at] = self._shaded(colour, geom, normal, crease[at][:, None], background[at][:, None]).mean(axis=1)
        return picture

    def _colour(self, data: mujoco.MjData, rays: Floats, geom: NDArray[np.int32], distance: Floats) -> Floats:
        """Returns the colour of what each ray hits, (..., 3): that of its part, or of its face."""
        colour: Floats = self._colours[geom]
        if self._labels is not None:
            body = self._model.nbody - 1
            mine = (geom >= 0) & (self._model.geom_bodyid[geom] == body)
            hit = self._eye + rays[mine] * distance[mine][:, None]
            colour[mine] = face_pixels(self._labels, (hit - data.xpos[body]) @ data.xmat[body].reshape(3, 3))
        return colour

    def _cast(self, data: mujoco.MjData, rays: Floats) -> tuple[NDArray[np.int32], Floats, Floats]:
        """Returns what each ray, (..., 3), hits: geom (-1: nothing), distance in m, normal, (..., 3)."""
        shape = rays.shape[:-1]
        count = int(np.prod(shape))
        geom, distance, normal = np.full(count, -1, dtype=np.int32), np.zeros(count), np.zeros(3 * count)
        groups = np.array([1, 0, 0, 0, 0, 0], dtype=np.uint8)
        if count:
            mujoco.mj_multiRay(
                self._model, data, self._eye, np.ascontiguousarray(rays).ravel(), groups, 1, -1,
                geom, distance, normal, count, _FAR_M,
            )  # fmt: skip
        return geom.reshape(shape), distance.reshape(shape), normal.reshape(*shape, 3)

    def _shaded(
        self, colour: Floats, geom: NDArray[np.int32], normal: Floats, crease: Floats, background: Floats
    ) -> Floats:
        """Returns colours by Lambert's law with light from all sides, less in creases; the background elsewhere."""
        facing = np.maximum(normal @ self._light, 0.0)
        brightness = (_AMBIENT + _DIFFUSE * facing) * (1.0 - _CREASE * crease)
        return np.where((geom >= 0)[..., None], colour * brightness[..., None], background)


def _crease(hit: NDArray[np.bool_], distance: Floats) -> Floats:
    """Returns by how much each pixel lies deeper than what is around it, 0 to 1.

    Source: Luft, Colditz, Deussen, Image enhancement by unsharp masking the depth buffer, 2006, section 3.
    """
    window = (max(hit.shape[0] // 16, 1),) * 2
    depth = np.where(hit, distance, 0.0)
    around = cv2.blur(depth, window) / np.maximum(cv2.blur(hit.astype(float), window), 1e-6)
    crease: Floats = np.clip((depth - around) / _CREASE_M, 0.0, 1.0)
    return crease


def _edges(geom: NDArray[np.int32], normal: Floats) -> NDArray[np.bool_]:
    """Returns which pixels lie beside another part or another face."""
    edges = np.zeros(geom.shape, dtype=bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = (geom[one] != geom[other]) | (np.abs(normal[one] - normal[other]).max(axis=-1) > _BEND)
        edges[one] |= differ
        edges[other] |= differ
    return edges


def _unit(rays: Floats) -> Floats:
    unit: Floats = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    return unit


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
