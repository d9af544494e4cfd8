"""What was measured of one individual, laid over a simulator: its model, its ranges, its delays. Never the MJCF itself.

A quantity that robot.yaml does not say stays as the model and its ranges have it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.robot import Dynamics, Estimate, RobotSpec
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.sim.randomisation import Factors, ModelRandomisation
from dexterity_ros.sim.scene import Scene
from dexterity_ros.sim.sensors import SampleNoise


def lay_over(scenes: Iterable[Scene], hand: HandSpec, robot: RobotSpec | None) -> None:
    """Gives the scenes' models what was measured of a hand's joints. Raises ConfigError for another hand's."""
    if robot is None:
        return
    robot.check_hand(hand)
    for scene in scenes:
        for name, (read, write) in _MODEL.items():
            values = read(scene)
            write(scene, np.where(np.isnan(found := measured(hand, robot.dynamics, name)), values, found))


def as_measured(config: EnvConfig, robot: RobotSpec | None) -> EnvConfig:
    """Returns an environment with the ranges and delays that were measured."""
    noise = delayed(config.noise, robot, config.physics.timestep_s)
    return replace(config, noise=noise, randomisation=narrowed(config.randomisation, robot))


def narrowed(ranges: ModelRandomisation | None, robot: RobotSpec | None) -> ModelRandomisation | None:
    """Returns ranges about what was measured: no wider than its 95 % intervals, and never wider than they were."""
    if ranges is None or robot is None or robot.dynamics is None:
        return ranges
    for term, name in _TERMS.items():
        changed: dict[str, Any] = {term: _within(getattr(ranges, term), _factors(robot.dynamics, name))}
        ranges = replace(ranges, **changed)
    return ranges


def delayed(noise: SampleNoise, robot: RobotSpec | None, timestep_s: float) -> SampleNoise:
    """Returns noise in which targets act as late as was measured: always the median, and up to the 99th percentile."""
    delay = None if robot is None or robot.latency is None else robot.latency.command_to_motion
    if delay is None:
        return noise
    always, most = round(delay.p50_s / timestep_s), round(delay.p99_s / timestep_s)
    return replace(noise, latency_substeps=always, action_delay_substeps=most - always)


def measured(hand: HandSpec, dynamics: Dynamics | None, name: str) -> Floats:
    """Returns one parameter of JointDynamics in policy order, (n,); NaN where it was not identified."""
    found = [_estimate(dynamics, joint, name) for joint in hand.joint_names]
    return np.array([np.nan if value is None else value.nominal for value in found])


def _estimate(dynamics: Dynamics | None, joint: str, name: str) -> Estimate | None:
    known = None if dynamics is None else dynamics.joints.get(joint)
    return None if known is None else getattr(known, name)


def _factors(dynamics: Dynamics, name: str) -> Factors | None:
    """Returns the widest interval of any joint over its nominal value; None when one of them is not known."""
    found = [_estimate(dynamics, joint, name) for joint in dynamics.joints]
    known = [value for value in found if value is not None and value.low is not None and value.nominal > 0.0]
    if len(known) < len(found) or not known:
        return None
    low = min((value.low or 0.0) / value.nominal for value in known)
    return low, max((value.high or 0.0) / value.nominal for value in known)


def _within(range_before: Factors, interval: Factors | None) -> Factors:
    if interval is None:
        return range_before
    return max(range_before[0], interval[0]), min(range_before[1], interval[1])


def _set_stiffness(scene: Scene, values: Floats) -> None:
    scene.model.actuator_gainprm[scene.actuators, 0] = values
    scene.model.actuator_biasprm[scene.actuators, 1] = -values


def _damping(scene: Scene) -> Floats:
    damping: Floats = scene.model.dof_damping[scene.joint_qvel] - scene.model.actuator_biasprm[scene.actuators, 2]
    return damping


def _set_damping(scene: Scene, values: Floats) -> None:
    """Motor and gears keep their shares of the damping."""
    factor = values / _damping(scene)
    scene.model.dof_damping[scene.joint_qvel] *= factor
    scene.model.actuator_biasprm[scene.actuators, 2] *= factor


def _joints(model: mujoco.MjModel, scene: Scene) -> Floats:
    return model.dof_jntid[scene.joint_qvel]


def _set_torque(scene: Scene, values: Floats) -> None:
    scene.model.jnt_actfrcrange[_joints(scene.model, scene)] = np.stack([-values, values], axis=-1)


def _set_friction(scene: Scene, values: Floats) -> None:
    scene.model.dof_frictionloss[scene.joint_qvel] = values


def _set_armature(scene: Scene, values: Floats) -> None:
    scene.model.dof_armature[scene.joint_qvel] = values


_TERMS = {
    "stiffness": "stiffness_nm_rad",
    "damping": "damping_nm_s_rad",
    "friction_loss": "friction_loss_nm",
    "armature": "armature_kg_m2",
    "torque": "torque_limit_nm",
}
_MODEL: dict[str, tuple[Callable[[Scene], Floats], Callable[[Scene, Floats], None]]] = {
    "stiffness_nm_rad": (lambda scene: scene.model.actuator_gainprm[scene.actuators, 0], _set_stiffness),
    "damping_nm_s_rad": (_damping, _set_damping),
    "friction_loss_nm": (lambda scene: scene.model.dof_frictionloss[scene.joint_qvel], _set_friction),
    "armature_kg_m2": (lambda scene: scene.model.dof_armature[scene.joint_qvel], _set_armature),
    "torque_limit_nm": (lambda scene: scene.model.jnt_actfrcrange[_joints(scene.model, scene), 1], _set_torque),
}
