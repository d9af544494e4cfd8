"""HandSpec: what the software must know about a hand; one YAML file each in config/hands."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import named_resource, resource


@dataclass(frozen=True, kw_only=True)
class MotorGains:
    """Position gains in the motor's register units."""

    p: int
    i: int
    d: int


@dataclass(frozen=True, kw_only=True)
class JointSpec:
    """One joint: joint_rad = sign * (motor_rad - zero_offset_rad), between lower_rad and upper_rad."""

    name: str
    lower_rad: float
    upper_rad: float
    motor_id: int
    sign: int
    zero_offset_rad: float
    gains: MotorGains

    def __post_init__(self) -> None:
        if not self.lower_rad < self.upper_rad:
            raise ConfigError(f"joint {self.name}: lower_rad {self.lower_rad} is not below upper_rad {self.upper_rad}")
        if self.sign not in (-1, 1):
            raise ConfigError(f"joint {self.name}: sign is {self.sign}, expected 1 or -1")


@dataclass(frozen=True, kw_only=True)
class HandSpec:
    """A hand. `joints` are in policy order; the max_* values are ceilings that no policy may exceed.

    supply_v: nominal voltage at the motors.
    """

    name: str
    mjcf: str
    motor_model: str
    baud_rate: int
    max_velocity_rad_s: float
    max_step_rad: float
    max_current_a: float
    max_temperature_c: float
    supply_v: float
    home_pos_rad: tuple[float, ...]
    grasp_centre_m: tuple[float, float, float]
    fingertip_sites: tuple[str, ...]
    joints: tuple[JointSpec, ...]

    def __post_init__(self) -> None:
        _check_unique("joint names", [j.name for j in self.joints])
        _check_unique("motor ids", [j.motor_id for j in self.joints])
        for key in ("max_velocity_rad_s", "max_step_rad", "max_current_a", "max_temperature_c", "supply_v"):
            value = getattr(self, key)
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{key} is {value}, expected a positive number")
        if len(self.home_pos_rad) != len(self.joints):
            raise ConfigError(f"home_pos_rad has {len(self.home_pos_rad)} values for {len(self.joints)} joints")
        for joint, home in zip(self.joints, self.home_pos_rad, strict=True):
            if not joint.lower_rad <= home <= joint.upper_rad:
                raise ConfigError(
                    f"home_pos_rad of {joint.name} is {home}, outside its limits [{joint.lower_rad}, {joint.upper_rad}]"
                )

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
        return resource(self.mjcf)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what a policy depends on: names, order, limits and the MJCF; not ids, zeros or gains."""
        content = hashlib.sha256()
        limits = [[j.name, repr(j.lower_rad), repr(j.upper_rad)] for j in self.joints]
        content.update(json.dumps([self.name, limits]).encode())
        content.update(self.mjcf_path.read_bytes())
        return content.hexdigest()


def load_hand(name: str) -> HandSpec:
    """Returns the hand called `name` in config/hands, or the one in the YAML file that `name` points to."""
    return config.load(HandSpec, named_resource("config/hands", name))


def _check_unique(what: str, values: Sequence[object]) -> None:
    doubled = sorted({str(v) for v in values if values.count(v) > 1})
    if doubled:
        raise ConfigError(f"{what} must differ, these occur more than once: {doubled}")
