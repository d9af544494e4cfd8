"""Answers of people, one at a time: an example of each, and what can be refused as soon as it is given."""

from collections.abc import Callable
from dataclasses import replace

from dexterity_ros.bundles.importers.bundle import each_joint, observation_columns
from dexterity_ros.bundles.importers.contract import Contract, missing
from dexterity_ros.bundles.importers.foreign import Foreign
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ranges import UNIT_QUATERNION

EXAMPLES: dict[str, str] = {
    "control_rate_hz": "20.0",
    "joint_sign": "[1]",
    "joint_zero_rad": "[0]",
    "joint_limits_rad": "[[-0.3, 2.2], [-1.0, 1.0]] and so on, a pair for each joint",
    "default_pos_rad": "[0.2], or a number for each joint",
    "start_pos_rad": "[0.2], or a number for each joint",
    "base_pos_m": "[0, 0, 0]",
    "base_quat_wxyz": "[1, 0, 0, 0]",
    "observation": "[{name: joint_pos, told: raw}, {name: goal_rotvec}, {name: last_action}]",
    "action.scale_rad": "[0.2], or a number for each joint",
    "action.clip": "1.0",
    "action.ema": "1.0",
    "latency_s": "[0.0, 0.05]",
    "current_limit_a": "0.35",
    "stiffness_nm_rad": "[3.0], or a number for each joint",
    "damping_nm_s_rad": "[0.2], or a number for each joint",
}
_PER_JOINT = (
    "joint_sign", "joint_zero_rad", "default_pos_rad", "start_pos_rad", "stiffness_nm_rad", "damping_nm_s_rad",
)  # fmt: skip


def check_answer(name: str, foreign: Foreign, contract: Contract, hand: HandSpec) -> None:
    """Raises BundleError, ConfigError when the answer to `name` cannot be, whatever the answers that follow."""
    if name in missing(foreign, contract):
        raise BundleError(f"that is no answer to {name}")
    if name in _PER_JOINT:
        each_joint(getattr(contract, name), len(hand.joints), name)
    if name in _CHECKS:
        _CHECKS[name](foreign, contract, hand)


def _check_order(_: Foreign, contract: Contract, hand: HandSpec) -> None:
    order, names = contract.joint_order or (), hand.joint_names
    unknown, absent = [n for n in order if n not in names], [n for n in names if n not in order]
    if unknown or absent:
        said = f"{unknown} are no joints" if unknown else f"{absent} are not in it"
        raise BundleError(f"joint_order: {said}; expected each of {', '.join(names)} once")
    if len(order) != len(names):
        raise BundleError(f"joint_order has {len(order)} names, expected each of {len(names)} once")


def _check_signs(_: Foreign, contract: Contract, _hand: HandSpec) -> None:
    if any(abs(sign) != 1.0 for sign in contract.joint_sign or ()):
        raise BundleError("joint_sign: expected 1 or -1 for each joint")


def _check_limits(_: Foreign, contract: Contract, hand: HandSpec) -> None:
    limits = contract.joint_limits_rad or ()
    if len(limits) != len(hand.joints):
        raise BundleError(f"joint_limits_rad has {len(limits)} pairs, expected {len(hand.joints)}")
    if any(low >= high for low, high in limits):
        raise BundleError("joint_limits_rad: expected pairs of a low and a higher angle")


def _check_quaternion(_: Foreign, contract: Contract, _hand: HandSpec) -> None:
    UNIT_QUATERNION.check(contract.base_quat_wxyz or (), "base_quat_wxyz")


def _check_latency(_: Foreign, contract: Contract, _hand: HandSpec) -> None:
    low, high = contract.latency_s or (0.0, 0.0)
    if low > high:
        raise BundleError(f"latency_s is [{low}, {high}], expected the least first")


def _check_scale(_: Foreign, contract: Contract, hand: HandSpec) -> None:
    each_joint(contract.action.scale_rad, len(hand.joints), "action.scale_rad")


def _check_observation(foreign: Foreign, contract: Contract, hand: HandSpec) -> None:
    """Raises when terms are none, or not as many numbers as the ports take; `told` changes neither."""
    terms = tuple(t if t.offset or t.scale else replace(t, told="") for t in contract.observation or ())
    observation_columns(foreign, replace(contract, observation=terms), hand)


_CHECKS: dict[str, Callable[[Foreign, Contract, HandSpec], None]] = {
    "joint_order": _check_order,
    "joint_sign": _check_signs,
    "joint_limits_rad": _check_limits,
    "base_quat_wxyz": _check_quaternion,
    "latency_s": _check_latency,
    "action.scale_rad": _check_scale,
    "observation": _check_observation,
}
