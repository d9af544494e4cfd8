"""Convention: how the simulator that trained a policy counts joints and where its frame is."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.ranges import PART_NAME, UNIT_QUATERNION, Checked, Length, Range

_ANGLE = Range(-2.0 * math.pi, 2.0 * math.pi, "at most one turn either way")
_JOINTS = Length(1, 64, "a hand")


@dataclass(frozen=True, kw_only=True)
class Convention(Checked):
    """An optional part of a manifest. Arrays of the network are in the policy's own order, (n,).

    joint_order: our names of its joints, in its order. sign, zero_rad: its angle = sign * (our angle - zero_rad).
    base_pos_m, base_quat_wxyz: T_hand_base, its frame in ours; what it calls the hand frame.
    joint_limits_rad: of the hand it was trained with, in its own angles; empty: not known.
    """

    joint_order: Annotated[tuple[str, ...], PART_NAME, _JOINTS]
    sign: Annotated[tuple[float, ...], Range(-1.0, 1.0, "1 or -1"), _JOINTS]
    zero_rad: Annotated[tuple[float, ...], _ANGLE, _JOINTS]
    base_pos_m: Annotated[tuple[float, float, float], Range(-10.0, 10.0, "within reach")]
    base_quat_wxyz: Annotated[tuple[float, float, float, float], UNIT_QUATERNION]
    joint_limits_rad: Annotated[tuple[tuple[float, float], ...], _ANGLE, Length(0, 64, "a hand")] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        n = len(self.joint_order)
        for name in ("sign", "zero_rad"):
            if len(getattr(self, name)) != n:
                raise ConfigError(f"{name} has {len(getattr(self, name))} numbers, joint_order has {n} joints")
        if any(abs(sign) != 1.0 for sign in self.sign):
            raise ConfigError(f"sign is {list(self.sign)}, expected 1 or -1 for each joint")
        if len(self.joint_limits_rad) not in (0, n):
            raise ConfigError(f"joint_limits_rad has {len(self.joint_limits_rad)} pairs, joint_order has {n} joints")

    def check_joints(self, joint_names: tuple[str, ...]) -> None:
        """Raises BundleError when these are not the joints of the hand."""
        if sorted(self.joint_order) != sorted(joint_names):
            said = f"expected each of {list(joint_names)} once"
            raise BundleError(f"convention.joint_order is {list(self.joint_order)}, {said}")

    @cached_property
    def signs(self) -> Floats:
        """Sign as an array, (n,)."""
        return np.array(self.sign)

    @cached_property
    def zeros(self) -> Floats:
        """Zeros as an array, (n,)."""
        return np.array(self.zero_rad)

    def places(self, joint_names: tuple[str, ...]) -> Ints:
        """Returns where each of its joints is among the hand's, (n,)."""
        return np.array([joint_names.index(name) for name in self.joint_order])
