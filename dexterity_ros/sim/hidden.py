"""Draws the truth about an emulated individual: a hidden.yaml, of the type that a robot.yaml has.

What the ranges stand for: zeros are horns that sit a spline's play off; signs and ids are mistakes of assembly; the
others are how far motors of one kind differ, and how little is known of them (published stiffnesses of one and the
same hand lie an order of magnitude apart: 0.3 to 3.0 N.m/rad; judo, drop, mujoco_playground).
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.random import Generator

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.robot import (
    CameraPlace,
    Delay,
    Dynamics,
    Estimate,
    JointDynamics,
    Latency,
    Links,
    RobotSpec,
    Stops,
    Supply,
    Wiring,
    Zeros,
)
from dexterity_ros.contracts.robot_hand import NOMINAL_ZERO_RAD

_DAY = "2026-01-01"  # nothing of it was measured
_ZERO_RAD, _STOP_RAD = np.deg2rad(8.0), np.deg2rad(2.0)
_STIFFNESS, _DAMPING, _FRICTION, _ARMATURE, _TORQUE = (0.4, 1.6), (0.5, 2.0), (0.5, 2.5), (0.7, 1.4), (0.85, 1.15)
_BACKLASH_RAD = (np.deg2rad(0.1), np.deg2rad(0.5))
_LOAD_FRICTION = (0.05, 0.2)  # an XL330-M288 loses 0.27 while it drives (Rhoban/bam, params/xl330/m6.json)
_DELAY_S, _SUPPLY, _LINK = 0.025, 0.08, 0.01
_CAMERA_M, _CAMERA_RAD = 0.025, np.deg2rad(6.0)


@dataclass(frozen=True, kw_only=True)
class _Nominal:
    """Of the hand's own model, each (n,)."""

    stiffness: Floats
    damping: Floats
    friction: Floats
    armature: Floats
    torque: Floats


def draw_hidden(hand: HandFile, camera: CameraSpec | None, seed: int) -> RobotSpec:
    """Returns one individual, the same for the same seed. camera: as its own file has it; it stands elsewhere."""
    rng = np.random.default_rng([seed, 20])
    return RobotSpec(
        name=f"hidden {seed}",
        hand=hand.name,
        hand_digest=hand.digest,
        wiring=_wiring(hand, rng),
        zeros=Zeros(
            measured=_DAY,
            residual_rad=0.0,
            zeros_rad=_table(hand, NOMINAL_ZERO_RAD + rng.uniform(-_ZERO_RAD, _ZERO_RAD, len(hand.joints))),
        ),
        dynamics=_dynamics(hand, rng),
        latency=_latency(rng.uniform(0.0, _DELAY_S)),
        supply=Supply(
            measured=_DAY,
            residual_v=0.0,
            supply_v=Estimate(nominal=hand.drive.supply_v * rng.uniform(1.0 - _SUPPLY, 1.0 + _SUPPLY)),
        ),
        stops=_stops(hand, rng),
        links=Links(
            measured=_DAY,
            residual_m=0.0,
            lengths=_table(hand, rng.uniform(1.0 - _LINK, 1.0 + _LINK, len(hand.joints))),
        ),
        camera=None if camera is None else _camera(camera, rng),
    )


def _wiring(hand: HandFile, rng: Generator) -> Wiring:
    names = list(hand.joint_names)
    flipped = rng.choice(names, size=int(rng.integers(0, 3)), replace=False)
    ids = dict(zip(names, hand.motor_ids, strict=True))
    one, other = rng.choice(names, size=2, replace=False)
    if rng.integers(0, 2):
        ids[one], ids[other] = ids[other], ids[one]
    signs = {name: -1 if name in flipped else 1 for name in names}
    return Wiring(measured=_DAY, residual_share=0.0, signs=signs, motor_ids=ids)


def _dynamics(hand: HandFile, rng: Generator) -> Dynamics:
    nominal, n = _nominal(hand), len(hand.joints)
    columns = {
        "stiffness_nm_rad": nominal.stiffness * rng.uniform(*_STIFFNESS, n),
        "damping_nm_s_rad": nominal.damping * rng.uniform(*_DAMPING, n),
        "friction_loss_nm": nominal.friction * rng.uniform(*_FRICTION, n),
        "armature_kg_m2": nominal.armature * rng.uniform(*_ARMATURE, n),
        "torque_limit_nm": nominal.torque * rng.uniform(*_TORQUE, n),
        "backlash_rad": rng.uniform(*_BACKLASH_RAD, n),
        "load_friction": rng.uniform(*_LOAD_FRICTION, n),
    }
    joints = {
        name: JointDynamics(**{key: Estimate(nominal=float(values[i])) for key, values in columns.items()})
        for i, name in enumerate(hand.joint_names)
    }
    return Dynamics(measured=_DAY, residual_rad=0.0, joints=joints)


def _nominal(hand: HandFile) -> _Nominal:
    model = mujoco.MjModel.from_xml_path(str(hand.mjcf_path))
    dofs = np.array([model.joint(name).dofadr[0] for name in hand.joint_names])
    actuators = np.array([model.actuator(name).id for name in hand.joint_names])
    return _Nominal(
        stiffness=model.actuator_gainprm[actuators, 0],
        damping=model.dof_damping[dofs] - model.actuator_biasprm[actuators, 2],
        friction=model.dof_frictionloss[dofs],
        armature=model.dof_armature[dofs],
        torque=model.jnt_actfrcrange[model.dof_jntid[dofs], 1],
    )


def _stops(hand: HandFile, rng: Generator) -> Stops:
    n = len(hand.joints)
    return Stops(
        measured=_DAY,
        residual_rad=0.0,
        lower_rad=_table(hand, hand.lower_rad + rng.uniform(-_STOP_RAD, _STOP_RAD, n)),
        upper_rad=_table(hand, hand.upper_rad + rng.uniform(-_STOP_RAD, _STOP_RAD, n)),
    )


def _latency(delay_s: float) -> Latency:
    return Latency(measured=_DAY, residual_s=0.0, command_to_motion=Delay(p50_s=delay_s, p99_s=delay_s))


def _camera(camera: CameraSpec, rng: Generator) -> CameraPlace:
    moved_m = _direction(rng) * rng.uniform(0.0, _CAMERA_M)
    turned_rad = _direction(rng) * rng.uniform(0.0, _CAMERA_RAD)
    quat = quat_multiply(rotvec_to_quat(turned_rad), np.array(camera.quat_wxyz))
    x, y, z = (np.array(camera.pos_m) + moved_m).tolist()
    return CameraPlace(
        measured=_DAY, residual_m=0.0, camera=camera.name, pos_m=(x, y, z), quat_wxyz=tuple(quat.tolist())
    )


def _direction(rng: Generator) -> Floats:
    vector: Floats = rng.normal(size=3)
    unit: Floats = vector / np.linalg.norm(vector)
    return unit


def _table(hand: HandFile, values: Floats) -> dict[str, Estimate]:
    return {name: Estimate(nominal=float(value)) for name, value in zip(hand.joint_names, values, strict=True)}
