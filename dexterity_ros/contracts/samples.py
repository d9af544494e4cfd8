"""What flows between stages. Stamps are integer nanoseconds of one clock; arrays are in policy joint order.

Arrays may carry leading batch dimensions `(..., n)`; the robot uses none or one of size 1.
"""

from dataclasses import dataclass
from typing import Any, Protocol

Array = Any


class Sample(Protocol):
    """What every sample has: when it was true."""

    @property
    def stamp_ns(self) -> Array:
        """Time of the measurement."""
        ...


@dataclass(frozen=True, kw_only=True)
class JointSample:
    """Measured joints. pos_rad, vel_rad_s: (..., n); stamp_ns: when they were measured."""

    stamp_ns: Array
    pos_rad: Array
    vel_rad_s: Array


@dataclass(frozen=True, kw_only=True)
class MotorHealth:
    """State of the motors, each (n,): current_a as last measured; temperature_c and supply_v as read at seen_ns.

    NaN: not read yet. round_trip_s: how long the newest measurement took from question to answer.
    """

    current_a: Array
    temperature_c: Array
    supply_v: Array
    seen_ns: Array
    round_trip_s: float


@dataclass(frozen=True, kw_only=True)
class PoseSample:
    """T_hand_object: pos_m (..., 3), quat_wxyz (..., 4); stamp_ns: when the sensor saw it."""

    stamp_ns: Array
    pos_m: Array
    quat_wxyz: Array


@dataclass(frozen=True, kw_only=True)
class DepthSample:
    """A depth image: depth_mm (height, width) uint16 along the optical axis, 0 = not measured.

    rgb: (height, width, 3) uint8, pixel by pixel the colours of the same rays, or None.
    """

    stamp_ns: int
    depth_mm: Array
    rgb: Array = None


@dataclass(frozen=True, kw_only=True)
class CloudSample:
    """Points of the object in the hand frame: points_m (..., n, 3); stamp_ns: of the image they come from.

    rgb: (n, 3) uint8, colours of the points, or None.
    """

    stamp_ns: Array
    points_m: Array
    rgb: Array = None


@dataclass(frozen=True, kw_only=True)
class GoalSample:
    """Wanted rotation of the object in the hand frame: quat_wxyz (..., 4)."""

    stamp_ns: Array
    quat_wxyz: Array


@dataclass(frozen=True, kw_only=True)
class GamepadSample:
    """A gamepad: axes (k,) in -1 to 1, up and left positive; pressed (m,) bool, one for each button."""

    stamp_ns: Array
    axes: Array
    pressed: Array


@dataclass(frozen=True, kw_only=True)
class JointTarget:
    """Wanted joint positions as the policy commands them: pos_rad (..., n). stamp_ns: when it was decided."""

    stamp_ns: Array
    pos_rad: Array


@dataclass(frozen=True, kw_only=True)
class GatedTarget:
    """Joint positions that passed the gate: all that a HandPort accepts. Only safety/gate.py makes one."""

    stamp_ns: int
    pos_rad: Array
    current_limit_a: float
