"""HandSpec: what the software must know about a hand; one YAML file each in config/hands."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import read_bounded
from dexterity_ros.contracts.motor import MotorCeilings, load_ceilings
from dexterity_ros.contracts.ranges import NAME, PART_NAME, PATH, Checked, Length, Range
from dexterity_ros.contracts.resources import named_resource, shipped_or_own

MOST_JOINTS = 64
_MJCF_BYTES = 50_000_000
ANGLE = Range(-2.0 * math.pi, 2.0 * math.pi, "at most one turn either way: the motors' sensor turns once (e-Manual)")
GAIN = Range(0, 16383, "range of the position gains' registers (e-Manual, X series, control table)")


@dataclass(frozen=True, kw_only=True)
class MotorGains(Checked):
    """Position gains in the motor's register units."""

    p: Annotated[int, GAIN]
    i: Annotated[int, GAIN]
    d: Annotated[int, GAIN]


@dataclass(frozen=True, kw_only=True)
class JointSpec(Checked):
    """One joint: joint_rad = sign * (motor_rad - zero_offset_rad), between lower_rad and upper_rad."""

    name: Annotated[str, PART_NAME]
    lower_rad: Annotated[float, ANGLE]
    upper_rad: Annotated[float, ANGLE]
    motor_id: Annotated[int, Range(0, 252, "253 to 255 are reserved or mean all motors (e-Manual, Protocol 2.0)")]
    sign: Annotated[int, Range(-1, 1, "1 or -1")]
    zero_offset_rad: Annotated[float, ANGLE]
    gains: MotorGains

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lower_rad < self.upper_rad:
            raise ConfigError(f"joint {self.name}: lower_rad {self.lower_rad} is not below upper_rad {self.upper_rad}")
        if self.sign not in (-1, 1):
            raise ConfigError(f"joint {self.name}: sign is {self.sign}, expected 1 or -1")


@dataclass(frozen=True, kw_only=True)
class HandSpec(Checked):
    """A hand. `joints` are in policy order; the max_* values are ceilings that no policy may exceed.

    motor_model: name in config/motors; its data bound the ceilings. supply_v: nominal voltage at the motors.
    """

    name: Annotated[str, NAME]
    mjcf: Annotated[str, PATH]
    motor_model: Annotated[str, PATH]
    baud_rate: Annotated[int, Range(9600, 10_500_000, "slowest and fastest of all Dynamixels (e-Manual)")]
    max_velocity_rad_s: Annotated[float, Range(0.01, 100.0, "a hand's joint; less than the motor's no-load speed")]
    max_step_rad: Annotated[float, Range(1e-3, math.pi, "of one target; less than the widest range of a joint")]
    max_current_a: Annotated[float, Range(0.01, 10.0, "a hand's motor; at most what the motor's register takes")]
    max_temperature_c: Annotated[float, Range(20.0, 100.0, "from warm to where the motor's own limit ends (e-Manual)")]
    supply_v: Annotated[float, Range(1.0, 60.0, "small servo motors; within the motor's own range")]
    home_pos_rad: Annotated[tuple[float, ...], ANGLE]
    grasp_centre_m: Annotated[tuple[float, float, float], Range(-1.0, 1.0, "within reach of the hand's own frame")]
    fingertip_sites: Annotated[tuple[str, ...], PART_NAME, Length(1, 16, "at least one finger")]
    joints: Annotated[tuple[JointSpec, ...], Length(1, MOST_JOINTS, "a hand")]

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_unique("joint names", [j.name for j in self.joints])
        _check_unique("motor ids", [j.motor_id for j in self.joints])
        _check_unique("fingertip sites", self.fingertip_sites)
        if len(self.home_pos_rad) != len(self.joints):
            raise ConfigError(f"home_pos_rad has {len(self.home_pos_rad)} values for {len(self.joints)} joints")
        self.check_pose("home_pos_rad", self.home_pos_rad)
        self._check_ceilings(load_ceilings(self.motor_model))

    def check_pose(self, name: str, pos_rad: Sequence[float]) -> None:
        """Raises ConfigError when a pose, (n,) in policy order, is outside the joints' limits. name: of the pose."""
        for joint, value in zip(self.joints, pos_rad, strict=True):
            if not joint.lower_rad <= value <= joint.upper_rad:
                limits = f"[{joint.lower_rad}, {joint.upper_rad}]"
                raise ConfigError(f"{name} of {joint.name} is {value}, outside its limits {limits}")

    def _check_ceilings(self, motor: MotorCeilings) -> None:
        widest = max(joint.upper_rad - joint.lower_rad for joint in self.joints)
        for name, most, whose in (
            ("max_velocity_rad_s", motor.max_velocity_rad_s, f"no-load speed of the {motor.name}"),
            ("max_step_rad", widest, "widest range of a joint"),
            ("max_current_a", motor.max_current_a, f"current limit of the {motor.name}"),
            ("max_temperature_c", motor.temperature_limit_c, f"temperature limit of the {motor.name}"),
        ):
            if getattr(self, name) > most:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected at most {most:.4g}: {whose}")
        low, high = motor.voltage_range_v
        if not low <= self.supply_v <= high:
            raise ConfigError(f"supply_v is {self.supply_v}, expected {low} to {high}: range of the {motor.name}")
        if self.baud_rate not in motor.baud_rates:
            raise ConfigError(f"baud_rate is {self.baud_rate}, the {motor.name} has {list(motor.baud_rates)}")

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """Joint names in policy order."""
        return tuple(joint.name for joint in self.joints)

    @cached_property
    def lower_rad(self) -> NDArray[np.float64]:
        """Lower position limits in policy order, shape (n,)."""
        return np.array([joint.lower_rad for joint in self.joints])

    @cached_property
    def upper_rad(self) -> NDArray[np.float64]:
        """Upper position limits in policy order, shape (n,)."""
        return np.array([joint.upper_rad for joint in self.joints])

    @property
    def mjcf_path(self) -> Path:
        """The hand's MuJoCo model on this machine."""
        return shipped_or_own(self.mjcf)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what a policy depends on: names, order, limits and the MJCF; not ids, zeros or gains."""
        content = hashlib.sha256()
        limits = [[j.name, repr(j.lower_rad), repr(j.upper_rad)] for j in self.joints]
        content.update(json.dumps([self.name, limits]).encode())
        content.update(read_bounded(self.mjcf_path, _MJCF_BYTES))
        return content.hexdigest()


def load_hand(name: str) -> HandSpec:
    """Returns the hand called `name` in config/hands, or the one in the YAML file that `name` points to."""
    return config.load(HandSpec, named_resource("config/hands", name))


def _check_unique(what: str, values: Sequence[object]) -> None:
    doubled = sorted({str(v) for v in values if values.count(v) > 1})
    if doubled:
        raise ConfigError(f"{what} must differ, these occur more than once: {doubled}")
