"""What becomes of objects that are let go above a hand: do they rest in it, inside its parts, or fly out?"""

import logging
from dataclasses import dataclass

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import FULL_STATE, PhysicsConfig, Scene, build_scene

_LOG = logging.getLogger(__name__)
_SETTLE_S = 1.5
_DROP_HEIGHT_M = 0.035
_JOINT_SPREAD_RAD = 0.1
_STILL_M_S = 0.05
NEAR_M = 0.05
_CUBE_REACH_M = 0.061  # from the middle of cube70 to its corners
_FLUNG_M = 0.03
_LOOKED_AT = 32
_DEEP_M = 0.004  # of soft contacts; the cube of the shipped policies rests less than 1 mm deep
_FEW, _MANY = 0.05, 0.3  # shares


@dataclass(frozen=True, kw_only=True)
class FirstGrasps:
    """rested, flung: shares of the objects let go. deep_m: how deep those that rest lie in the hand, median."""

    rested: float
    flung: float
    deep_m: float

    @property
    def described(self) -> str:
        """A line that says all."""
        rest = f"{100 * self.rested:.0f} % of the objects let go above the hand rest in it"
        return f"{rest}, {1e3 * self.deep_m:.1f} mm deep in its parts; {100 * self.flung:.0f} % are flung up"

    @property
    def flung_text(self) -> str:
        """The end of a sentence about objects that fly, empty where few do."""
        if self.flung < _MANY:
            return ""
        return f"; {100 * self.flung:.0f} % were flung up at the first contact: they begin inside the hand"

    def check(self, hand: str) -> None:
        """Raises ConfigError where nothing can be learned from such grasps; warns where it will be hard."""
        if self.deep_m > _DEEP_M or self.flung > _MANY:
            raise ConfigError(
                f"{self.described}: the object is too large for the hand {hand}, or its grasp centre is wrong"
            )
        if self.rested < _FEW:
            _LOG.warning("%s: is the grasp centre of the hand %s right?", self.described, hand)


def first_grasps(scene: Scene, states: Floats, good: Bools, flung: Bools) -> FirstGrasps:
    """Returns what became of objects. states: (n, nstate) in the end. good, flung: which rest, which flew up, (n,)."""
    deep = [_deepest_m(scene, state) for state in states[good][:_LOOKED_AT]]
    return FirstGrasps(
        rested=float(good.mean()), flung=float(flung.mean()), deep_m=float(np.median(deep)) if deep else 0.0
    )


def try_grasps(hand: HandSpec, item: str | ObjectSpec, count: int = 64) -> FirstGrasps:
    """Returns what becomes of an object, by name or as it is, that is let go above a hand. Raises ConfigError."""
    scene = build_scene(hand, item, PhysicsConfig(timestep_s=0.005, substeps=10))
    physics = BatchPhysics(scene, [scene.model] * count, threads=1)
    states, good, flung = settle(hand, scene, physics, np.random.default_rng(0))
    physics.close()
    return first_grasps(scene, states, good, flung)


def settle(
    hand: HandSpec, scene: Scene, physics: BatchPhysics, rng: np.random.Generator
) -> tuple[Floats, Bools, Bools]:
    """Returns (the states in the end, which rest in the hand, which flew up from where they were let go)."""
    n = physics.count
    home = np.array(hand.home_pos_rad)
    target = home + rng.uniform(-_JOINT_SPREAD_RAD, _JOINT_SPREAD_RAD, size=(n, len(home)))
    target = np.clip(target, hand.lower_rad, hand.upper_rad)
    centre = np.array(hand.grasp_centre_m)
    position = centre + np.array([-0.015, 0.0, drop_height_m(scene)]) + rng.uniform(-0.01, 0.01, size=(n, 3))
    quat = rng.normal(size=(n, 4))
    quat /= np.sqrt((quat**2).sum(axis=-1, keepdims=True))
    state = physics.compose(joint_pos_rad=target, object_pos_m=position, object_quat_wxyz=quat)
    steps = round(_SETTLE_S / scene.model.opt.timestep)
    states, _ = physics.advance(state, np.repeat(target[:, None], steps, axis=1))
    final = states[:, -1].copy()
    final[:, 0] = 0.0
    speed = np.abs(physics.object_vel(final)[:, :3]).max(axis=-1)
    distance = np.sqrt(((physics.object_pos(final) - centre) ** 2).sum(axis=-1))
    flung = physics.object_pos(states)[:, :, 2].max(axis=1) > position[:, 2] + _FLUNG_M
    return final, (speed < _STILL_M_S) & (distance < NEAR_M), flung


def drop_height_m(scene: Scene) -> float:
    """Returns how far above the grasp centre objects are let go: higher by as much as they are larger than a cube."""
    mine = scene.model.geom_bodyid == scene.object_body
    reach = scene.model.geom_rbound[mine] + np.linalg.norm(scene.model.geom_pos[mine], axis=1)
    colliding = scene.model.geom_contype[mine] != 0
    return _DROP_HEIGHT_M + max(float(reach[colliding].max()) - _CUBE_REACH_M, 0.0)


def _deepest_m(scene: Scene, state: Floats) -> float:
    """Returns how deep the object lies in the hand's parts where it is deepest."""
    data = mujoco.MjData(scene.model)
    mujoco.mj_setState(scene.model, data, state, FULL_STATE)
    mujoco.mj_forward(scene.model, data)
    bodies = scene.model.geom_bodyid
    mine = [contact.dist for contact in data.contact if scene.object_body in bodies[contact.geom]]
    return max(-min(mine, default=0.0), 0.0)
