"""HandSpec: a hand's anatomy, all that a policy depends on. HandFile: with its drive; one file each in config/hands."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.based import resolved
from dexterity_ros.contracts.drive import DriveSpec, MotorSpec
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.ranges import NAME, PART_NAME, PATH, UNSAID_AT_DEFAULT, Checked, Length, Range
from dexterity_ros.contracts.resources import exists, named_resource, shipped_or_own

HANDS = "config/hands"
HAND_FILE = "hand.yaml"  # in the folder of an imported hand
MOST_JOINTS = 64
_MJCF_BYTES = 50_000_000
# Round the grasp centre: farther away an object counts as dropped, nothing is looked for, and policies hold.
WORKSPACE_M = 0.09
ANGLE = Range(-2.0 * math.pi, 2.0 * math.pi, "at most one turn either way: the motors' sensor turns once (e-Manual)")


@dataclass(frozen=True, kw_only=True)
class JointSpec(Checked):
    """One joint and its limits."""

    name: Annotated[str, PART_NAME]
    lower_rad: Annotated[float, ANGLE]
    upper_rad: Annotated[float, ANGLE]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lower_rad < self.upper_rad:
            raise ConfigError(f"joint {self.name}: lower_rad {self.lower_rad} is not below upper_rad {self.upper_rad}")


@dataclass(frozen=True, kw_only=True)
class HandSpec(Checked):
    """A hand's anatomy. `joints` are in policy order; the max_* values are ceilings that no policy may exceed."""

    name: Annotated[str, NAME]
    mjcf: Annotated[str, PATH]
    max_velocity_rad_s: Annotated[float, Range(0.01, 100.0, "a hand's joint; less than the motor's no-load speed")]
    max_step_rad: Annotated[float, Range(1e-3, math.pi, "of one target; less than the widest range of a joint")]
    max_current_a: Annotated[float, Range(0.01, 10.0, "a hand's motor; at most what the motor's register takes")]
    home_pos_rad: Annotated[tuple[float, ...], ANGLE]
    grasp_centre_m: Annotated[tuple[float, float, float], Range(-1.0, 1.0, "within reach of the hand's own frame")]
    fingertip_sites: Annotated[tuple[str, ...], PART_NAME, Length(1, 16, "at least one finger")]
    joints: Annotated[tuple[JointSpec, ...], Length(1, MOST_JOINTS, "a hand")]

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_unique("joint names", [j.name for j in self.joints])
        _check_unique("fingertip sites", self.fingertip_sites)
        if len(self.home_pos_rad) != len(self.joints):
            raise ConfigError(f"home_pos_rad has {len(self.home_pos_rad)} values for {len(self.joints)} joints")
        self.check_pose("home_pos_rad", self.home_pos_rad)
        widest = max(joint.upper_rad - joint.lower_rad for joint in self.joints)
        _check_most("max_step_rad", self.max_step_rad, widest, "widest range of a joint")

    def check_pose(self, name: str, pos_rad: Sequence[float]) -> None:
        """Raises ConfigError when a pose, (n,) in policy order, is outside the joints' limits. name: of the pose."""
        for joint, value in zip(self.joints, pos_rad, strict=True):
            if not joint.lower_rad <= value <= joint.upper_rad:
                limits = f"[{joint.lower_rad}, {joint.upper_rad}]"
                raise ConfigError(f"{name} of {joint.name} is {value}, outside its limits {limits}")

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
        """SHA-256 of what a policy depends on: names, order, limits and the MJCF; not the drive."""
        content = hashlib.sha256()
        limits = [[j.name, repr(j.lower_rad), repr(j.upper_rad)] for j in self.joints]
        content.update(json.dumps([self.name, limits]).encode())
        content.update(read_bounded(self.mjcf_path, _MJCF_BYTES))
        return content.hexdigest()


@dataclass(frozen=True, kw_only=True)
class HandFile(HandSpec):
    """A hand as its file has it: anatomy, and the motors that drive it.

    unverified: what of the file nobody has confirmed, by key: stand-ins and proposals of `dexterity import hand`.
    """

    drive: DriveSpec
    unverified: Annotated[tuple[str, ...], PART_NAME, Length(0, 100, "as many as there are keys")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if set(self.drive.motors) != set(self.joint_names):
            said = f"expected one for each joint of {self.name}: {list(self.joint_names)}"
            raise ConfigError(f"drive.motors has {sorted(self.drive.motors)}, {said}")
        motor = self.drive.ceilings
        speed, current = motor.max_velocity_rad_s, motor.max_current_a
        _check_most("max_velocity_rad_s", self.max_velocity_rad_s, speed, f"no-load speed of the {motor.name}")
        _check_most("max_current_a", self.max_current_a, current, f"current limit of the {motor.name}")

    @cached_property
    def motors(self) -> tuple[MotorSpec, ...]:
        """Motors in policy order."""
        return tuple(self.drive.motors[name] for name in self.joint_names)

    @cached_property
    def motor_ids(self) -> tuple[int, ...]:
        """Ids of the motors in policy order."""
        return tuple(motor.id for motor in self.motors)


def load_hand(name: str) -> HandFile:
    """Returns the hand called `name`, see `hand_path`. Raises ConfigError."""
    path = hand_path(name)
    content = resolved(path, _read_beside, HANDS)
    _refuse_moved(content, shown_path(path))
    return config.from_mapping(HandFile, content, where=shown_path(path))


def hand_path(name: str) -> Path:
    """Returns the file of a hand: one in config/hands, or the user's own YAML file, or the folder of an imported one.

    Raises ConfigError: there is none; the message lists the names.
    """
    path = named_resource(HANDS, name)
    return path / HAND_FILE if path.is_dir() else path


def _read_beside(path: Path) -> dict[str, Any]:
    """Returns what a hand's file says; a model that begins with a dot is looked for beside the file first."""
    content = config.read_mapping(path)
    mjcf = content.get("mjcf")
    if isinstance(mjcf, str) and mjcf.startswith(".") and exists(path.parent / mjcf):
        content["mjcf"] = str((path.parent / mjcf).resolve())
    return content


# Keys that older files have elsewhere: {key: where it belongs}, of the file and of each joint.
_DRIVE, _ROBOT = "below `drive:`", "into the robot.yaml of this one hand"
_MOVED = dict.fromkeys(("motor_model", "baud_rate", "max_temperature_c", "supply_v"), _DRIVE)
_MOVED_OF_JOINT = {"sign": _ROBOT, "zero_offset_rad": _ROBOT, "motor_id": _DRIVE, "gains": _DRIVE}


def _refuse_moved(content: Mapping[str, Any], where: str) -> None:
    """Raises ConfigError for a key of an older hand file, and says where it belongs."""
    joints = content.get("joints")
    first = joints[0] if isinstance(joints, list) and joints and isinstance(joints[0], Mapping) else {}
    moved = [f"joints[0].{key} belongs {place}" for key, place in _MOVED_OF_JOINT.items() if key in first]
    moved += [f"{key} belongs {place}" for key, place in _MOVED.items() if key in content]
    if moved:
        raise ConfigError(f"{where}: {'; '.join(moved)} (docs/add_a_hand.md)")


def _check_most(name: str, value: float, most: float, whose: str) -> None:
    if value > most:
        raise ConfigError(f"{name} is {value}, expected at most {most:.4g}: {whose}")


def _check_unique(what: str, values: Sequence[object]) -> None:
    doubled = sorted({str(v) for v in values if values.count(v) > 1})
    if doubled:
        raise ConfigError(f"{what} must differ, these occur more than once: {doubled}")
