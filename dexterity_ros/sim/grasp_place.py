"""Where an object comes to rest in a hand whose grasp centre nobody has said: tried out by letting it go."""

from dataclasses import dataclass, replace

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.sim.first_grasps import FirstGrasps, first_grasps, settle
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import PhysicsConfig, Scene, build_scene

CUBE = "cube70"
_PHYSICS = PhysicsConfig(timestep_s=0.005, substeps=10)
_HALF_CUBE_M = 0.035
_LET_GO = 32
_BETWEEN = (0.35, 0.6, 0.85)  # shares of the way from the knuckles to the fingertips
_HIGH_M = 0.5  # where rays come from


@dataclass(frozen=True, kw_only=True)
class GraspPlace:
    """A proposed grasp centre in the hand frame, m, and what becomes of cubes that are let go above it."""

    centre_m: tuple[float, float, float]
    grasps: FirstGrasps


def propose_place(hand: HandSpec) -> GraspPlace:
    """Returns the place where most of 32 cubes stay of those let go above the fingers in the home pose."""
    scene = build_scene(hand, CUBE, _PHYSICS)
    tried = [_let_go(hand, scene, centre) for centre in _candidates(hand, scene)]
    first = max(tried, key=lambda place: place.grasps.rested)
    again = _let_go(hand, scene, np.array(first.centre_m))
    return max((first, again), key=lambda place: place.grasps.rested)


def judge_place(hand: HandSpec) -> GraspPlace:
    """Returns what becomes of cubes that are let go above the hand's own grasp centre."""
    place = _let_go(hand, build_scene(hand, CUBE, _PHYSICS), np.array(hand.grasp_centre_m))
    return replace(place, centre_m=hand.grasp_centre_m)


def _let_go(hand: HandSpec, scene: Scene, centre_m: Floats) -> GraspPlace:
    at = replace(hand, grasp_centre_m=_rounded(centre_m))
    physics = BatchPhysics(scene, [scene.model] * _LET_GO, threads=1)
    states, good, flung = settle(at, scene, physics, np.random.default_rng(0))
    rests_m = physics.object_pos(states)[good]
    physics.close()
    centre = rests_m.mean(axis=0) if len(rests_m) else centre_m
    return GraspPlace(centre_m=_rounded(centre), grasps=first_grasps(scene, states, good, flung))


def _candidates(hand: HandSpec, scene: Scene) -> list[Floats]:
    """Returns places of a cube's centre between knuckles and fingertips, as high as what is below them lets it be."""
    data = mujoco.MjData(scene.model)
    data.qpos[scene.joint_qpos] = hand.home_pos_rad
    data.qpos[scene.object_qpos[:3]] = [0.0, 0.0, 10.0]
    mujoco.mj_forward(scene.model, data)
    tips = np.array([data.site(name).xpos for name in hand.fingertip_sites])
    knuckles = np.array([data.joint(name).xanchor for name in hand.joint_names])
    middle = np.median(knuckles, axis=0)
    places = [middle + share * (tips.mean(axis=0) - middle) for share in _BETWEEN]
    return [np.array([x, y, _top_m(scene, data, x, y, z) + _HALF_CUBE_M]) for x, y, z in places]


def _top_m(scene: Scene, data: mujoco.MjData, x: float, y: float, z: float) -> float:
    """Returns how high the hand's highest colliding part is at (x, y); where there is none, z less half a cube."""
    geom, groups = np.zeros(1, dtype=np.int32), np.array([0, 0, 0, 1, 0, 0], dtype=np.uint8)
    down = np.array([0.0, 0.0, -1.0])
    found = mujoco.mj_ray(scene.model, data, np.array([x, y, _HIGH_M]), down, groups, 1, -1, geom)
    return _HIGH_M - float(found) if found >= 0.0 else z - _HALF_CUBE_M


def _rounded(point: Floats) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 4) + 0.0 for value in point)
    return x, y, z
