"""What a hand's model file does not say, what a person answers, and what stands in where nobody knows yet."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Annotated, Literal

from dexterity_ros.contracts import config
from dexterity_ros.contracts.drive import DriveSpec, MotorGains, MotorSpec
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import ANGLE
from dexterity_ros.contracts.motor import MotorCeilings, load_ceilings, motor_file
from dexterity_ros.contracts.ranges import PART_NAME, Checked, Length, Range
from dexterity_ros.sim.foreign_hand import ForeignJoint

Axis = Literal["+x", "-x", "+y", "-y", "+z", "-z"]
_TORQUE = Range(1e-3, 100.0, "a hand's motor")


@dataclass(frozen=True, kw_only=True)
class Answers(Checked):
    """The file of --answers; each key may be left out. Words of each: QUESTIONS.

    limits, home, fixed, motor_ids: by the name of a joint. fixed: joints that stand still, slides in m.
    fingertips: names of the links whose ends they are. up, forward: axes of the file's frame, out of the palm and along
    the fingers. unknown: questions that nobody can answer yet; something stands in, and hand.yaml lists it as
    unverified.
    """

    motor_model: str | None = None
    baud_rate: int | None = None
    supply_v: float | None = None
    max_temperature_c: float | None = None
    motor_ids: dict[str, int] | None = None
    gains: MotorGains | None = None
    max_velocity_rad_s: float | None = None
    max_step_rad: float | None = None
    max_current_a: float | None = None
    limits: Annotated[dict[str, tuple[float, float]] | None, ANGLE] = None
    stiffness_nm_rad: Annotated[float | None, Range(1e-3, 1000.0, "a spring; 3 N.m/rad in the shipped hands")] = None
    damping_nm_s_rad: Annotated[float | None, Range(0.0, 100.0, "a damper; 0.2 in the shipped LEAP hand")] = None
    friction_nm: Annotated[float | None, Range(0.0, 10.0, "less than the motor gives")] = None
    armature_kg_m2: Annotated[float | None, Range(0.0, 1.0, "0.0015 with the gears of an XC330-M288")] = None
    torque_nm: Annotated[float | None, _TORQUE] = None
    fixed: Annotated[dict[str, float] | None, ANGLE] = None
    fingertips: Annotated[tuple[str, ...], Length(0, 16, "fingers")] = ()
    up: Axis | None = None
    forward: Axis | None = None
    home: Annotated[dict[str, float] | None, ANGLE] = None
    grasp_centre_m: Annotated[tuple[float, float, float] | None, Range(-1.0, 1.0, "within reach of the hand")] = None
    unknown: Annotated[tuple[str, ...], PART_NAME] = ()


# {question: its words}; those of a joint are asked where a joint's is not in the file.
QUESTIONS = {
    "motor_model": "of the motors, a name in config/motors; with a bus of another kind, the nearest of them",
    "baud_rate": "of the bus",
    "supply_v": "voltage at the motors",
    "max_temperature_c": "the hand stops when a motor is hotter",
    "motor_ids": "{joint: id}",
    "gains": "{p: , i: , d: } in the motors' register units",
    "max_velocity_rad_s": "no joint is ever moved faster; no default, for it keeps the hand whole",
    "max_step_rad": "largest jump of one accepted target, such as 0.25; no default",
    "max_current_a": "no motor ever gets more; no default",
    "limits": "{joint: [lower, upper]} in rad",
    "stiffness_nm_rad": "N.m/rad from target to torque, as the motors are set",
    "damping_nm_s_rad": "N.m.s/rad of joint and motor together",
    "friction_nm": "dry friction of a joint, N.m",
    "armature_kg_m2": "inertia of the rotor times the square of the gear ratio, kg.m2",
    "torque_nm": "the most that a motor gives at its current limit, N.m",
}
# Stand-ins for a joint: those of models/hands/leap/hand.xml (XC330-M288), which says where they come from.
_LEAP = {
    "stiffness_nm_rad": 3.0,
    "damping_nm_s_rad": 0.2,
    "friction_nm": 0.02,
    "armature_kg_m2": 0.0015,
    "torque_nm": 0.22,
}
_OF_MOTOR = 0.85  # share of the damping that acts inside the torque limit, as in models/hands/leap/hand.xml
_BELOW_LIMIT_C = 5.0  # under the motor's own limit the hand stops: LEAP and D'Claw, 5 and 10


def open_questions(answers: Answers, joints: list[ForeignJoint]) -> list[str]:
    """Returns what neither the file nor a person has said. Raises ConfigError for answers that fit nothing."""
    _check_names(answers, joints)
    asked = [name for name in QUESTIONS if name not in ("limits", *_LEAP)]
    asked += ["limits"] if any(j.range_rad is None and j.name not in (answers.limits or {}) for j in joints) else []
    asked += [name for name in _LEAP if any(_lacks(joint, name) for joint in joints)]
    return [name for name in asked if name == "limits" or not _answered(answers, name)]


def _answered(answers: Answers, name: str) -> bool:
    return getattr(answers, name) is not None or name in answers.unknown


def _lacks(joint: ForeignJoint, name: str) -> bool:
    said = {
        "stiffness_nm_rad": joint.stiffness_nm_rad,
        "damping_nm_s_rad": joint.damping or joint.motor_damping or None,
        "friction_nm": joint.friction_nm,
        "armature_kg_m2": joint.armature,
        "torque_nm": joint.torque_nm,
    }
    return said[name] is None


def _check_names(answers: Answers, joints: list[ForeignJoint]) -> None:
    names = [joint.name for joint in joints]
    for key in ("limits", "home", "motor_ids"):
        strange = sorted(set(getattr(answers, key) or {}) - set(names))
        if strange:
            raise ConfigError(f"--answers: {key} name {strange}, the file moves {names}")
    may = [*(name for name in _STAND_INS), *_LEAP]
    strange = sorted(set(answers.unknown) - set(may))
    if strange:
        raise ConfigError(f"--answers: unknown lists {strange}, it may list {may}; nothing can stand in for others")
    for name, (low, high) in (answers.limits or {}).items():
        if not low < high:
            raise ConfigError(f"--answers: limits.{name} is [{low}, {high}], expected the lower first")


def motor_of(answers: Answers) -> MotorCeilings:
    """Returns what the motors can bear. Raises ConfigError."""
    return load_ceilings(answers.motor_model or "")


_STAND_INS: dict[str, Callable[[MotorCeilings], object]] = {
    "baud_rate": lambda motor: 1_000_000 if 1_000_000 in motor.baud_rates else motor.baud_rates[0],
    "supply_v": lambda motor: round(sum(motor.voltage_range_v) / 2.0, 1),
    "max_temperature_c": lambda motor: motor.temperature_limit_c - _BELOW_LIMIT_C,
    "motor_ids": lambda _: None,
    "gains": lambda motor: _factory_gains(motor.name),
}


def _factory_gains(model: str) -> MotorGains:
    path = motor_file(model)
    return config.from_mapping(MotorGains, config.read_mapping(path)["position_gains"], where=str(path))


def completed(answers: Answers) -> Answers:
    """Returns the answers with stand-ins for what is said to be unknown. Raises ConfigError."""
    motor = motor_of(answers)
    stand_ins = {name: _STAND_INS[name](motor) for name in answers.unknown if name in _STAND_INS}
    stand_ins |= {name: _LEAP[name] for name in answers.unknown if name in _LEAP}
    given = {field.name for field in fields(answers) if getattr(answers, field.name) is not None}
    doubled = sorted(given & set(stand_ins))
    if doubled:
        raise ConfigError(f"--answers: {doubled} are answered, and listed as unknown")
    return replace(answers, **stand_ins)  # type: ignore[arg-type]


def drive_of(answers: Answers, names: list[str]) -> DriveSpec:
    """Returns the drive. answers: completed. Raises ConfigError."""
    ids = answers.motor_ids or {name: k + 1 for k, name in enumerate(names)}
    missing = [name for name in names if name not in ids]
    if missing:
        raise ConfigError(f"--answers: motor_ids lack {missing}")
    gains = answers.gains
    assert gains is not None and answers.motor_model and answers.baud_rate and answers.supply_v
    assert answers.max_temperature_c is not None
    return DriveSpec(
        motor_model=answers.motor_model,
        baud_rate=answers.baud_rate,
        max_temperature_c=answers.max_temperature_c,
        supply_v=answers.supply_v,
        motors={name: MotorSpec(id=ids[name], gains=gains) for name in names},
    )


@dataclass(frozen=True, kw_only=True)
class JointNumbers:
    """How one joint moves in the simulator."""

    range_rad: tuple[float, float]
    stiffness_nm_rad: float
    motor_damping: float
    damping: float
    friction_nm: float
    armature_kg_m2: float
    torque_nm: float


def joint_numbers(joint: ForeignJoint, answers: Answers) -> JointNumbers:
    """Returns what the file says of a joint, and the answers where it says nothing. answers: completed."""
    limits = (answers.limits or {}).get(joint.name) or joint.range_rad
    assert limits is not None
    damping, motor_damping = joint.damping or 0.0, joint.motor_damping
    if _lacks(joint, "damping_nm_s_rad"):
        whole = answers.damping_nm_s_rad or 0.0
        damping, motor_damping = (1.0 - _OF_MOTOR) * whole, _OF_MOTOR * whole
    return JointNumbers(
        range_rad=(round(limits[0], 6), round(limits[1], 6)),
        stiffness_nm_rad=joint.stiffness_nm_rad or answers.stiffness_nm_rad or 0.0,
        motor_damping=round(motor_damping, 6),
        damping=round(damping, 6),
        friction_nm=joint.friction_nm if joint.friction_nm is not None else answers.friction_nm or 0.0,
        armature_kg_m2=joint.armature if joint.armature is not None else answers.armature_kg_m2 or 0.0,
        torque_nm=joint.torque_nm or answers.torque_nm or 0.0,
    )
