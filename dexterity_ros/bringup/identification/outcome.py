"""What the estimates become: gains that make joints move as policies expect, and the groups of a robot.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.bringup.identification.estimate import Estimates
from dexterity_ros.bringup.identification.joint_model import PARAMETERS
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.drive import GAIN, MotorGains, MotorSpec
from dexterity_ros.contracts.robot import Dynamics, Estimate, Gains, JointDynamics
from dexterity_ros.sim.joint_mechanics import Nominal

# What robot.yaml says of a joint. Not: d_part divides the damping, delay_s is the whole hand's (`latency`), tilt_rad is
# of the way the hand stood.
WRITTEN = tuple(name for name in PARAMETERS if name not in ("d_part", "delay_s", "tilt_rad"))
_STIFF, _DAMP, _D_PART = (PARAMETERS.index(name) for name in ("stiffness_nm_rad", "damping_nm_s_rad", "d_part"))
_FRICTION, _TORQUE = (PARAMETERS.index(name) for name in ("friction_loss_nm", "torque_limit_nm"))
_MOST_GAIN = int(GAIN.high)
_NEAR = 0.05  # share of what is wanted; more is named


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """gains by joint, and what they make of stiffness and damping, each (n,), as factors of what was identified."""

    gains: tuple[MotorGains, ...]
    stiffness_factor: Floats
    damping_factor: Floats


def tuned(estimates: Estimates, motors: Sequence[MotorSpec], wanted: Nominal) -> Tuned:
    """Returns the gains with which joints have the wanted stiffness and damping, as near as registers come.

    motors: with the gains at which the estimates hold. The stiffness goes with P; of the damping only a part with D.
    """
    values = estimates.values
    stiffness = wanted.stiffness_nm_rad / values[:, _STIFF]
    by_d = 1.0 + (wanted.damping_nm_s_rad / values[:, _DAMP] - 1.0) / values[:, _D_PART]
    gains = tuple(
        MotorGains(p=_register(motor.gains.p * p), i=motor.gains.i, d=_register(motor.gains.d * d))
        for motor, p, d in zip(motors, stiffness, by_d, strict=True)
    )
    p_share = np.array([new.p / motor.gains.p for new, motor in zip(gains, motors, strict=True)])
    d_share = np.array([new.d / max(motor.gains.d, 1) for new, motor in zip(gains, motors, strict=True)])
    damping = 1.0 + values[:, _D_PART] * (d_share - 1.0)
    return Tuned(gains=gains, stiffness_factor=p_share, damping_factor=damping)


def gains_group(tuned_to: Tuned, estimates: Estimates, names: Sequence[str], wanted: Nominal, measured: str) -> Gains:
    """Returns the group `gains` of a robot.yaml."""
    left = estimates.values[:, _STIFF] * tuned_to.stiffness_factor / wanted.stiffness_nm_rad - 1.0
    motors = dict(zip(names, tuned_to.gains, strict=True))
    return Gains(measured=measured, residual_share=round(float(np.abs(left).max()), 4), motors=motors)


def dynamics_group(tuned_to: Tuned, estimates: Estimates, names: Sequence[str], measured: str) -> Dynamics:
    """Returns the group `dynamics` of a robot.yaml, under the gains that are set; only what was identified."""
    factor = np.ones_like(estimates.values)
    factor[:, _STIFF], factor[:, _DAMP] = tuned_to.stiffness_factor, tuned_to.damping_factor
    scaled = replace(
        estimates, values=estimates.values * factor, low=estimates.low * factor, high=estimates.high * factor
    )
    return Dynamics(
        measured=measured,
        residual_rad=round(float(estimates.held_out_rad.max()), 6),
        joints={name: _joint(scaled, i) for i, name in enumerate(names)},
        gains=dict(zip(names, tuned_to.gains, strict=True)),
    )


def left_over(tuned_to: Tuned, estimates: Estimates, names: Sequence[str], wanted: Nominal) -> list[str]:
    """Returns what gains could not set right, each in a line that names joint, quantity and both values."""
    values = estimates.values
    rows = {
        "stiffness": (values[:, _STIFF] * tuned_to.stiffness_factor, wanted.stiffness_nm_rad, "N.m/rad", False),
        "damping": (values[:, _DAMP] * tuned_to.damping_factor, wanted.damping_nm_s_rad, "N.m.s/rad", False),
        "friction": (values[:, _FRICTION], wanted.friction_loss_nm, "N.m", True),
        "torque": (values[:, _TORQUE], wanted.torque_limit_nm, "N.m", True),
    }
    return [
        f"{name}: {what} {found[i]:.3g} {unit}, expected {right[i]:.3g}{', which no gain changes' if fixed else ''}"
        for what, (found, right, unit, fixed) in rows.items()
        for i, name in enumerate(names)
        if abs(found[i] / right[i] - 1.0) > _NEAR
    ]


def not_identified(estimates: Estimates, names: Sequence[str]) -> list[str]:
    """Returns what the motions do not tell, by name, with the least singular value of the joint's slopes."""
    lines = []
    for i, name in enumerate(names):
        unknown = [name for name in WRITTEN if not estimates.identified[i, PARAMETERS.index(name)]]
        if unknown:
            least = estimates.singular[i, -1] / estimates.singular[i, 0]
            lines.append(f"{name}: {', '.join(unknown)} (least singular value {least:.1e} of the largest)")
    return lines


def _joint(estimates: Estimates, i: int) -> JointDynamics:
    known = {name: _estimate(estimates, i, PARAMETERS.index(name)) for name in WRITTEN}
    return JointDynamics(**known)


def _estimate(estimates: Estimates, i: int, k: int) -> Estimate | None:
    if not estimates.identified[i, k]:
        return None
    nominal, low, high = (float(f"{part[i, k]:.5g}") for part in (estimates.values, estimates.low, estimates.high))
    return Estimate(nominal=nominal, low=min(low, nominal), high=max(high, nominal))


def _register(value: float) -> int:
    return int(np.clip(round(float(value)), 0, _MOST_GAIN))
