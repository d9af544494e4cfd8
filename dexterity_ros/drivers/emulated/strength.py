"""How hard a motor can pull its joint with what its registers say: gains, PWM, current, feed-forward.

The emulated joints are springs with a torque limit (models/hands), which stands for a motor with the gains and the
current that policies are trained with. A motor that was left weaker pulls at a shorter spring; one that is as strong
or stronger pulls as the joint does.
"""

import math
from dataclasses import dataclass

from dexterity_ros.drivers.dynamixel.control_table import (
    CURRENT_BASED_POSITION_MODE,
    FULL_PWM,
    POSITION_UNIT_RAD,
    MotorModel,
)
from dexterity_ros.drivers.emulated.control_memory import ControlMemory
from dexterity_ros.drivers.emulated.profile import Profile

JOINT_STIFFNESS_NM_RAD = 3.0  # kp of models/hands/leap/hand.xml
_FULL_STRENGTH_A = 0.35  # current limit of the shipped policies: from here on the joint's own torque limit holds
_P_DIVISOR, _FF_DIVISOR = 128.0, 4.0  # e-Manual, Position PID Gain: gain of the controller / gain of the table
_CONTROL_PERIOD_S = 1e-3  # ASSUMED A13: feed-forward acts on the way of one control period, in PWM units


@dataclass(frozen=True, kw_only=True)
class Strength:
    """stiffness: share of the joint's. reach_rad: error beyond which the pull grows no more. ff1, ff2: rad of error
    per ticks/s and per ticks/s^2 of the trajectory. weak: whether any of them makes a difference to the joint.
    """

    stiffness: float
    reach_rad: float
    ff1: float
    ff2: float
    torque_per_a: float
    torque_per_pwm: float
    limit_a: float

    @property
    def weak(self) -> bool:
        """Whether the motor pulls differently from the joint's own spring."""
        return self.stiffness < 1.0 or self.reach_rad < math.inf or self.ff1 > 0.0 or self.ff2 > 0.0

    def error_rad(self, error_rad: float, profile: Profile, sign: int) -> float:
        """Returns how far from where it stands the joint is pulled, for a controller's error. sign: of the drive."""
        forward = sign * (self.ff1 * profile.velocity + self.ff2 * profile.acceleration)
        wanted = self.stiffness * error_rad + forward
        return min(max(wanted, -self.reach_rad), self.reach_rad)

    def current_a(self, error_rad: float) -> float:
        """Returns the current for a pull of that error."""
        demand_a = JOINT_STIFFNESS_NM_RAD / self.torque_per_a * error_rad
        return min(max(demand_a, -self.limit_a), self.limit_a)

    def pwm(self, error_rad: float) -> int:
        """Returns the PWM for a pull of that error."""
        wanted = JOINT_STIFFNESS_NM_RAD / self.torque_per_pwm * error_rad
        return round(min(max(wanted, -FULL_PWM), FULL_PWM))


def read_strength(memory: ControlMemory, model: MotorModel) -> Strength:
    """Returns how strong a motor is with its present registers.

    Source: e-Manual, Position PID Gain(80, 82, 84): PWM = P / 128 for each tick of error, limited by Goal PWM(100) of
    885; Specifications: stall torque at full PWM; Goal Current(102): limits the current in mode 5.
    """
    torque_per_pwm = model.stall_torque_nm / FULL_PWM
    torque_per_a = model.stall_torque_nm / model.stall_current_a
    stiffness = memory.get("position_p_gain") / _P_DIVISOR / POSITION_UNIT_RAD * torque_per_pwm
    limit_a = _limit_a(memory, model)
    torque_nm = limit_a * torque_per_a if limit_a < _FULL_STRENGTH_A else math.inf
    pwm = min(abs(memory.get("goal_pwm")), memory.get("pwm_limit"))
    if pwm < FULL_PWM:
        torque_nm = min(torque_nm, pwm * torque_per_pwm)
    ff_rad = torque_per_pwm * _CONTROL_PERIOD_S / _FF_DIVISOR / JOINT_STIFFNESS_NM_RAD
    return Strength(
        stiffness=min(stiffness / JOINT_STIFFNESS_NM_RAD, 1.0),
        reach_rad=torque_nm / JOINT_STIFFNESS_NM_RAD,
        ff1=memory.get("feedforward_1st_gain") * ff_rad,
        ff2=memory.get("feedforward_2nd_gain") * ff_rad * _CONTROL_PERIOD_S,
        torque_per_a=torque_per_a,
        torque_per_pwm=torque_per_pwm,
        limit_a=limit_a,
    )


def _limit_a(memory: ControlMemory, model: MotorModel) -> float:
    limit = memory.get("current_limit")
    if memory.get("operating_mode") == CURRENT_BASED_POSITION_MODE:
        limit = min(limit, abs(memory.get("goal_current")))
    return limit * model.current_unit_a
