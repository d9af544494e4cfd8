"""A convention says something of each joint of the hand, once, and where it is among ours."""

import re
from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.errors import BundleError, ConfigError

CONVENTION = Convention(
    joint_order=("tip", "base", "middle"),
    sign=(1.0, -1.0, 1.0),
    zero_rad=(0.0, 0.5, -0.25),
    base_pos_m=(0.0, 0.0, 0.1),
    base_quat_wxyz=(1.0, 0.0, 0.0, 0.0),
)


@pytest.mark.parametrize("name", ["sign", "zero_rad"])
def test_each_joint_of_a_convention_has_its_sign_and_its_zero(name):
    with pytest.raises(ConfigError, match=f"{name} has 2 numbers, joint_order has 3 joints"):
        replace(CONVENTION, **{name: (1.0, 1.0)})


@pytest.mark.parametrize("sign", [0.5, 0.0, -0.999])
def test_a_sign_turns_a_joint_round_and_does_not_scale_it(sign):
    said = f"sign is [1.0, {sign}, 1.0], expected 1 or -1 for each joint"
    with pytest.raises(ConfigError, match=re.escape(said)):
        replace(CONVENTION, sign=(1.0, sign, 1.0))


def test_limits_are_known_of_all_joints_or_of_none():
    with pytest.raises(ConfigError, match="joint_limits_rad has 2 pairs, joint_order has 3 joints"):
        replace(CONVENTION, joint_limits_rad=((-1.0, 1.0),) * 2)
    assert CONVENTION.joint_limits_rad == ()
    assert replace(CONVENTION, joint_limits_rad=((-1.0, 1.0),) * 3).joint_limits_rad == ((-1.0, 1.0),) * 3


@pytest.mark.parametrize(
    "names", [("base", "middle"), ("base", "middle", "thumb"), ("base", "middle", "tip", "tip"), ("tip", "tip", "base")]
)
def test_a_convention_of_other_joints_than_the_hands_is_refused(names):
    said = f"convention.joint_order is ['tip', 'base', 'middle'], expected each of {list(names)} once"
    with pytest.raises(BundleError, match=re.escape(said)):
        CONVENTION.check_joints(names)


def test_a_convention_may_count_the_hands_joints_in_its_own_order():
    names = ("base", "middle", "tip")
    CONVENTION.check_joints(names)
    np.testing.assert_array_equal(CONVENTION.places(names), [2, 0, 1])
    np.testing.assert_array_equal(CONVENTION.places(CONVENTION.joint_order), [0, 1, 2])


def test_signs_and_zeros_are_in_the_order_of_the_convention():
    np.testing.assert_array_equal(CONVENTION.signs, [1.0, -1.0, 1.0])
    np.testing.assert_array_equal(CONVENTION.zeros, [0.0, 0.5, -0.25])
