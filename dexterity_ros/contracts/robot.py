"""RobotSpec: what was measured of one individual hand; a robot.yaml that its user names, never inside the package."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.drive import MOTOR_ID, MOTORS, MotorGains, check_ids
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import ANGLE, HandSpec
from dexterity_ros.contracts.ranges import NAME, SHA256, SHARE, UNIT_QUATERNION, Checked, Pattern, Range

NO_ROBOT = ""  # in place of a robot.yaml: nothing was measured

_DAY = Pattern(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?", "a date such as 2026-11-21, or with the time 2026-11-21T14:03:00Z"
)
_DELAY = Range(0.0, 1.0, "a hand that acts a second late cannot be controlled")
_RESIDUAL_RAD = Range(0.0, math.pi, "half a turn is no fit")
_WHOLE = (
    "wiring.signs",
    "wiring.motor_ids",
    "zeros.zeros_rad",
    "gains.motors",
    "dynamics.gains",
)  # tables that need every joint of the hand
_PLACE = Range(-10.0, 10.0, "in the room of the hand")


@dataclass(frozen=True, kw_only=True)
class Estimate(Checked):
    """A number as measured. low, high: its 95 % interval; both absent: not known."""

    nominal: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.low is None) != (self.high is None):
            raise ConfigError(f"an interval has low and high, this one has {self.low} and {self.high}")
        if self.low is not None and self.high is not None and not self.low <= self.nominal <= self.high:
            raise ConfigError(f"nominal {self.nominal} is not between low {self.low} and high {self.high}")


@dataclass(frozen=True, kw_only=True)
class Wiring(Checked):
    """Which motor moves which joint, and which way: joint_rad = sign * (motor_rad - zero_rad).

    residual_share: share of the observations that contradicted what is written here.
    """

    measured: Annotated[str, _DAY]
    residual_share: Annotated[float, SHARE]
    signs: Annotated[dict[str, int] | None, Range(-1, 1, "1 or -1"), MOTORS] = None
    motor_ids: Annotated[dict[str, int] | None, MOTOR_ID, MOTORS] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        wrong = {joint: sign for joint, sign in (self.signs or {}).items() if sign not in (-1, 1)}
        if wrong:
            raise ConfigError(f"signs are {wrong}, expected 1 or -1")
        check_ids(self.motor_ids or {})


@dataclass(frozen=True, kw_only=True)
class Zeros(Checked):
    """Where the motors stand when their joints are at 0. residual_rad: root mean square of the fit."""

    measured: Annotated[str, _DAY]
    residual_rad: Annotated[float, _RESIDUAL_RAD]
    zeros_rad: Annotated[dict[str, Estimate], ANGLE, MOTORS]


@dataclass(frozen=True, kw_only=True)
class CameraPlace(Checked):
    """Where the camera stands: T_hand_camera of its optical frame.

    camera: its name in its own file. residual_m: root mean square distance of the hand's surface from the cloud.
    interval_m, interval_rad: half the 95 % interval of place and turn; absent: not known.
    """

    measured: Annotated[str, _DAY]
    residual_m: Annotated[float, Range(0.0, 0.1, "more is no calibration")]
    camera: Annotated[str, NAME]
    pos_m: Annotated[tuple[float, float, float], _PLACE]
    quat_wxyz: Annotated[tuple[float, float, float, float], UNIT_QUATERNION]
    interval_m: Annotated[float | None, Range(0.0, 1.0, "more is not known")] = None
    interval_rad: Annotated[float | None, Range(0.0, math.pi, "more is not known")] = None


@dataclass(frozen=True, kw_only=True)
class JointDynamics(Checked):
    """How one joint moves; absent: not identified. Damping includes the motor's back-EMF."""

    stiffness_nm_rad: Annotated[Estimate | None, Range(1e-3, 1000.0, "a spring; 3 N.m/rad in the shipped hands")] = None
    damping_nm_s_rad: Annotated[Estimate | None, Range(0.0, 100.0, "a damper; 0.2 N.m.s/rad in the shipped hands")] = (
        None
    )
    friction_loss_nm: Annotated[Estimate | None, Range(0.0, 10.0, "less than a hand's motor can give")] = None
    armature_kg_m2: Annotated[Estimate | None, Range(0.0, 1.0, "0.0015 with the gearbox of an XC330-M288")] = None
    torque_limit_nm: Annotated[Estimate | None, Range(1e-3, 100.0, "a hand's motor")] = None
    backlash_rad: Annotated[Estimate | None, Range(0.0, 0.5, "more is a broken gear")] = None
    load_friction: Annotated[Estimate | None, Range(0.0, 0.9, "share of the motor's torque that the gears eat")] = None


@dataclass(frozen=True, kw_only=True)
class Dynamics(Checked):
    """Identified parameters by joint.

    residual_rad: root mean square error of a motion that was not fitted. gains: of the motors, with which stiffness and
    damping hold; absent: as the hand's file has them.
    """

    measured: Annotated[str, _DAY]
    residual_rad: Annotated[float, _RESIDUAL_RAD]
    joints: Annotated[dict[str, JointDynamics], MOTORS]
    gains: Annotated[dict[str, MotorGains] | None, MOTORS] = None


@dataclass(frozen=True, kw_only=True)
class Gains(Checked):
    """Position gains that the motors are given in place of the hand file's, so that joints move as a policy expects.

    residual_share: largest share by which a joint's stiffness still differs from what was wanted.
    """

    measured: Annotated[str, _DAY]
    residual_share: Annotated[float, Range(0.0, 1000.0, "a stiffness a thousand times the wanted one is none")]
    motors: Annotated[dict[str, MotorGains], MOTORS]


@dataclass(frozen=True, kw_only=True)
class Stops(Checked):
    """Where joints meet their mechanical stops, as joint angles. residual_rad: how far repeated touches differ, rms."""

    measured: Annotated[str, _DAY]
    residual_rad: Annotated[float, _RESIDUAL_RAD]
    lower_rad: Annotated[dict[str, Estimate], ANGLE, MOTORS]
    upper_rad: Annotated[dict[str, Estimate], ANGLE, MOTORS]


@dataclass(frozen=True, kw_only=True)
class Links(Checked):
    """Length of the link that each joint moves, as a share of the model's. residual_m: root mean square of the fit."""

    measured: Annotated[str, _DAY]
    residual_m: Annotated[float, Range(0.0, 0.1, "more is another hand")]
    lengths: Annotated[dict[str, Estimate], Range(0.5, 2.0, "more is another hand"), MOTORS]


@dataclass(frozen=True, kw_only=True)
class Delay(Checked):
    """A delay's median and 99th percentile."""

    p50_s: Annotated[float, _DELAY]
    p99_s: Annotated[float, _DELAY]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.p50_s > self.p99_s:
            raise ConfigError(f"p50_s {self.p50_s} is above p99_s {self.p99_s}")


@dataclass(frozen=True, kw_only=True)
class Latency(Checked):
    """From a command to the joint's motion, from motion to the image, from the image to the pose.

    residual_s: spread of repeated measurements of the first, root mean square.
    """

    measured: Annotated[str, _DAY]
    residual_s: Annotated[float, _DELAY]
    command_to_motion: Delay | None = None
    motion_to_image: Delay | None = None
    image_to_pose: Delay | None = None


@dataclass(frozen=True, kw_only=True)
class Supply(Checked):
    """Voltage at the motors. residual_v: spread of the readings, root mean square."""

    measured: Annotated[str, _DAY]
    residual_v: Annotated[float, Range(0.0, 10.0, "more is no supply")]
    supply_v: Annotated[Estimate, Range(1.0, 60.0, "small servo motors")]


@dataclass(frozen=True, kw_only=True)
class RobotSpec(Checked):
    """One individual. hand, hand_digest: the hand that it is one of. Each group says when it was measured, how well.

    A hidden.yaml is one too: the truth about an emulated individual (sim/hidden.py), with every group.
    """

    name: Annotated[str, NAME]
    hand: Annotated[str, NAME]
    hand_digest: Annotated[str, SHA256]
    wiring: Wiring | None = None
    zeros: Zeros | None = None
    camera: CameraPlace | None = None
    gains: Gains | None = None
    dynamics: Dynamics | None = None
    latency: Latency | None = None
    supply: Supply | None = None
    stops: Stops | None = None
    links: Links | None = None

    def check_hand(self, hand: HandSpec) -> None:
        """Raises ConfigError when this was measured on another hand, or of other joints."""
        if self.hand != hand.name:
            raise ConfigError(f"robot {self.name} is a {self.hand}, this is the hand {hand.name}")
        if self.hand_digest != hand.digest:
            said = f"robot {self.name} was measured as a {self.hand} with digest {self.hand_digest}"
            raise ConfigError(f"{said}, the hand's file has {hand.digest}: names, limits or MJCF differ")
        for group, names in self._joints():
            self._check_joints(group, names, hand, whole=group in _WHOLE)

    def _joints(self) -> Iterable[tuple[str, Mapping[str, object]]]:
        """Yields the tables by joint that are there, by name."""
        for group in (*_WHOLE, "dynamics.joints", "stops.lower_rad", "stops.upper_rad", "links.lengths"):
            first, second = group.split(".")
            table = getattr(getattr(self, first), second, None)
            if table is not None:
                yield group, table

    def _check_joints(self, group: str, names: Iterable[str], hand: HandSpec, *, whole: bool) -> None:
        strange = sorted(set(names) - set(hand.joint_names))
        if strange:
            raise ConfigError(f"robot {self.name}: {group} names {strange}, {hand.name} has {list(hand.joint_names)}")
        missing = [name for name in hand.joint_names if name not in set(names)]
        if whole and missing:
            raise ConfigError(f"robot {self.name}: {group} lacks {missing}, expected every joint of {hand.name}")

    def placed(self, camera: CameraSpec) -> CameraSpec:
        """Returns the camera where it was measured to stand; as its own file says when it was not.

        Raises ConfigError when the camera that was measured is another one.
        """
        if self.camera is None:
            return camera
        if self.camera.camera != camera.name:
            raise ConfigError(f"robot {self.name} was measured with the camera {self.camera.camera}, not {camera.name}")
        return replace(camera, pos_m=self.camera.pos_m, quat_wxyz=self.camera.quat_wxyz)

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says."""
        return hashlib.sha256(json.dumps(config.to_mapping(self), sort_keys=True).encode()).hexdigest()

    @property
    def label(self) -> str:
        """Its name, with the beginning of its digest: what tells it from all others."""
        return f"{self.name} ({self.digest[:12]})"

    @property
    def said(self) -> str:
        """Which groups were measured, and when."""
        groups = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        there = [f"{name} {value.measured}" for name, value in groups.items() if hasattr(value, "measured")]
        return f"{self.name}: {', '.join(there) or 'nothing measured'}"


def load_robot(file: str) -> RobotSpec | None:
    """Returns what a robot.yaml says, or None for NO_ROBOT. Raises ConfigError."""
    return None if file == NO_ROBOT else config.load(RobotSpec, Path(file).expanduser())


def robot_text(file: str) -> str:
    """Returns a robot.yaml as it stands there, for a recording; empty for NO_ROBOT. Raises ConfigError."""
    return "" if load_robot(file) is None else Path(file).expanduser().read_text()


def load_placed_camera(camera: CameraSpec, robot: str) -> CameraSpec:
    """Returns a camera where the file `robot` says that it stands. Raises ConfigError."""
    spec = load_robot(robot)
    return camera if spec is None else spec.placed(camera)
