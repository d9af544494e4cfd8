"""What was measured of one individual, laid over a simulator: its model, its ranges, its delays. Never the MJCF itself.

A quantity that robot.yaml does not say stays as the model and its ranges have it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
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
        for name, write in _MODEL.items():
            values = measured(hand, robot.dynamics, name)
            known = np.isfinite(values)
            write(scene.model, scene.actuators[known], scene.joint_qvel[known], values[known])


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
    """Returns noise in which targets act as late as was measured: half of them earlier than the median, half later.

    Delays are drawn evenly about the median, up to the 99th percentile, but from 0 on at the least.
    """
    delay = None if robot is None or robot.latency is None else robot.latency.command_to_motion
    if delay is None:
        return noise
    median = round(delay.p50_s / timestep_s)
    half = min(round(delay.p99_s / timestep_s) - median, median)
    return replace(noise, latency_substeps=median - half, action_delay_substeps=2 * half)


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


def _set_stiffness(model: mujoco.MjModel, actuators: Ints, _dofs: Ints, values: Floats) -> None:
    model.actuator_gainprm[actuators, 0] = values
    model.actuator_biasprm[actuators, 1] = -values


def _set_damping(model: mujoco.MjModel, actuators: Ints, dofs: Ints, values: Floats) -> None:
    """Motor and gears keep their shares of the damping; where there was none, it is the gears'."""
    before = model.dof_damping[dofs] - model.actuator_biasprm[actuators, 2]
    factor = np.divide(values, before, out=np.zeros_like(values), where=before > 0.0)
    model.dof_damping[dofs] = np.where(before > 0.0, factor * model.dof_damping[dofs], values)
    model.actuator_biasprm[actuators, 2] *= factor


def _set_torque(model: mujoco.MjModel, _actuators: Ints, dofs: Ints, values: Floats) -> None:
    joints = model.dof_jntid[dofs]
    model.jnt_actfrcrange[joints] = np.stack([-values, values], axis=-1)
    model.jnt_actfrclimited[joints] = True


def _set_friction(model: mujoco.MjModel, _actuators: Ints, dofs: Ints, values: Floats) -> None:
    model.dof_frictionloss[dofs] = values


def _set_armature(model: mujoco.MjModel, _actuators: Ints, dofs: Ints, values: Floats) -> None:
    model.dof_armature[dofs] = values


_TERMS = {
    "stiffness": "stiffness_nm_rad",
    "damping": "damping_nm_s_rad",
    "friction_loss": "friction_loss_nm",
    "armature": "armature_kg_m2",
    "torque": "torque_limit_nm",
}
_MODEL: dict[str, Callable[[mujoco.MjModel, Ints, Ints, Floats], None]] = {
    "stiffness_nm_rad": _set_stiffness,
    "damping_nm_s_rad": _set_damping,
    "friction_loss_nm": _set_friction,
    "armature_kg_m2": _set_armature,
    "torque_limit_nm": _set_torque,
}
