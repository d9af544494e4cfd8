"""The mechanics of an emulated motor: from its goal registers to the pull on the joint, and back to what it shows."""

import struct
from dataclasses import dataclass

from dexterity_ros.drivers.dynamixel.control_table import (
    ACCELERATION_UNIT_RAD_S2,
    POSITION_MODE,
    POSITION_UNIT_RAD,
    TICKS_PER_TURN,
    VELOCITY_UNIT_RAD_S,
    MotorModel,
)
from dexterity_ros.drivers.emulated.control_memory import ControlMemory
from dexterity_ros.drivers.emulated.profile import STEP, Profile, ProfilePlan, time_plan
from dexterity_ros.drivers.emulated.strength import read_strength

_REVERSE, _TIME_BASED = 1, 4  # bits of drive_mode (e-Manual, Drive Mode)
_POSITION_MODE_OFFSET = 1024  # larger homing offsets are ignored in mode 3 (e-Manual, Homing Offset)
_TRAPEZOID, _RECTANGLE, _ONGOING, _IN_POSITION = 0x30, 0x10, 0x02, 0x01  # e-Manual, Moving Status
_NEAR_TICKS = 10  # ASSUMED A14: how near counts as in position
_TICK_MS = 32768  # realtime_tick wraps here (e-Manual, Realtime Tick)
_PRESENT = (  # they follow each other
    "realtime_tick",
    "moving",
    "moving_status",
    "present_pwm",
    "present_current",
    "present_velocity",
    "present_position",
    "velocity_trajectory",
    "position_trajectory",
    "present_input_voltage",
    "present_temperature",
)
_PRESENT_LAYOUT = struct.Struct("<HBBhhiiiiHB")


@dataclass(frozen=True, kw_only=True)
class JointState:
    """What the joint behind the motor does: motor angle in rad (not joint angle) and speed.

    current_a: what the motor draws, in the direction of its angle; None: as its own registers have it.
    """

    pos_rad: float
    vel_rad_s: float
    current_a: float | None = None


class Drive:
    """Profile, direction, offset, strength and turns of one motor.

    hold_rad: motor angle at which it was stopped, in place of the goal; None while it follows its goal.
    """

    def __init__(self, memory: ControlMemory, model: MotorModel) -> None:
        self._memory, self._model = memory, model
        self._profile = Profile()
        self._turns = 0
        self.joint = JointState(pos_rad=0.0, vel_rad_s=0.0)
        self.hold_rad: float | None = None
        self.refresh()

    @property
    def still(self) -> bool:
        """Whether the joint moves no faster than the moving threshold."""
        return abs(self.joint.vel_rad_s) <= self._memory.get("moving_threshold") * VELOCITY_UNIT_RAD_S

    def refresh(self) -> None:
        """Takes over what the registers say now."""
        self._strength = read_strength(self._memory, self._model)
        self._sign = -1 if self._memory.get("drive_mode") & _REVERSE else 1
        # In reverse mode the manual does not reverse the offset.
        offset = self._memory.get("homing_offset")
        ignored = abs(offset) > _POSITION_MODE_OFFSET and self._memory.get("operating_mode") == POSITION_MODE
        self._offset = 0 if ignored else offset
        self._plan()

    def go_to(self, goal: int) -> None:
        """Sets the goal and plans the way there."""
        self._memory.put("goal_position", goal)
        self._plan()

    def stand(self) -> None:
        """Makes the present position the goal."""
        present = self.ticks()
        self._memory.put("goal_position", present)
        self._profile.start(present)

    def forget_turns(self) -> None:
        """Shows the position within one turn from now on (e-Manual, Present Position, note)."""
        self._turns = int(self._sign * self.joint.pos_rad / POSITION_UNIT_RAD // TICKS_PER_TURN)

    def ticks(self) -> int:
        """Returns the present position as the register shows it."""
        ticks = round(self._sign * self.joint.pos_rad / POSITION_UNIT_RAD)
        return ticks - TICKS_PER_TURN * self._turns + self._offset

    def advance(self, joint: JointState, elapsed_s: float) -> float:
        """Moves along the profile. Returns the current in A that a motor with torque draws."""
        self.joint = joint
        self._profile.advance(self._memory.get("goal_position"), elapsed_s)
        return self._strength.current_a(self._error_rad()) if joint.current_a is None else joint.current_a

    def goal_rad(self) -> float:
        """Returns the motor angle that it was told to go to, or at which it was stopped."""
        return self._motor_rad(self._memory.get("goal_position")) if self.hold_rad is None else self.hold_rad

    def pull_rad(self) -> float:
        """Returns the motor angle that a motor with torque pulls the joint towards."""
        if self._strength.weak:
            return self.joint.pos_rad + self._error_rad()
        return self.target_rad()

    @property
    def limit_a(self) -> float:
        """The current that its registers allow."""
        return self._strength.limit_a

    def target_rad(self) -> float:
        """Returns the motor angle that its controller follows now: of the profile, or where it was stopped."""
        return self._motor_rad(self._profile.position) if self.hold_rad is None else self.hold_rad

    def show(self, age_s: float, current_a: float, supply_v: float, temperature_c: float) -> None:
        """Writes the present values, current_a 0 for a motor without torque. age_s: since power-up."""
        sign, profile, present = self._sign, self._profile, self.ticks()
        values = (
            int(age_s * 1000.0) % _TICK_MS,
            int(not self.still),
            self._moving_status(present),
            sign * (self._strength.pwm(self._error_rad()) if current_a else 0),
            sign * round(current_a / self._model.current_unit_a),
            sign * round(self.joint.vel_rad_s / VELOCITY_UNIT_RAD_S),
            present,
            round(profile.velocity * POSITION_UNIT_RAD / VELOCITY_UNIT_RAD_S),
            round(profile.position),
            round(supply_v * 10.0),
            min(round(temperature_c), 255),
        )
        self._memory.put_run(_PRESENT, _PRESENT_LAYOUT, values)

    def _plan(self) -> None:
        """Plans the way from where the profile is to the goal."""
        velocity, acceleration = self._memory.get("profile_velocity"), self._memory.get("profile_acceleration")
        if velocity == 0:
            self._profile.plan = STEP
            self._profile.start(self._memory.get("goal_position"))
        elif self._memory.get("drive_mode") & _TIME_BASED:
            distance = self._memory.get("goal_position") - self._profile.position
            self._profile.plan = time_plan(distance, velocity * 1e-3, acceleration * 1e-3)
        else:
            self._profile.plan = ProfilePlan(
                velocity=velocity * VELOCITY_UNIT_RAD_S / POSITION_UNIT_RAD,
                acceleration=acceleration * ACCELERATION_UNIT_RAD_S2 / POSITION_UNIT_RAD,
            )

    def _error_rad(self) -> float:
        return self._strength.error_rad(self.target_rad() - self.joint.pos_rad, self._profile, self._sign)

    def _motor_rad(self, ticks: float) -> float:
        return self._sign * (ticks - self._offset + TICKS_PER_TURN * self._turns) * POSITION_UNIT_RAD

    def _moving_status(self, present: int) -> int:
        near = _IN_POSITION if abs(self._memory.get("goal_position") - present) <= _NEAR_TICKS else 0
        if self._profile.velocity == 0.0:
            return near
        return near | _ONGOING | (_TRAPEZOID if self._profile.plan.acceleration > 0.0 else _RECTANGLE)
