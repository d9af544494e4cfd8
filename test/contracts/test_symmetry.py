"""Angles modulo a group of rotations: nothing between poses that look alike, the usual angle without a group."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_multiply, quat_rotate, rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.symmetry import IDENTITY, NO_SYMMETRY, Symmetry, box_symmetry

FLIP = (0.0, 1.0, 0.0, 0.0)
CUBE = box_symmetry((0.035, 0.035, 0.035))
BOTTLE, CYLINDER = (Symmetry(turns=turns, axis=(0.0, 0.0, 1.0)) for turns in ((IDENTITY,), (IDENTITY, FLIP)))
BALL = Symmetry(every=True)
rotvecs = arrays.arrays(float, 3, elements=st.floats(-2.0, 2.0))


def about_z(angle):
    return rotvec_to_quat(np.array([0.0, 0.0, angle]))


@given(one=rotvecs, other=rotvecs)
def test_without_a_symmetry_the_angle_is_the_usual_one(one, other):
    one, other = rotvec_to_quat(one), rotvec_to_quat(other)
    usual = rotation_angle(rotation_between(one, other))
    assert abs(NO_SYMMETRY.angle_rad(one, other) - usual) < 1e-9
    assert NO_SYMMETRY.trivial and not CUBE.trivial and not BOTTLE.trivial and not BALL.trivial


@settings(deadline=None)
@given(one=rotvecs, spin=st.floats(-3.0, 3.0), number=st.integers(0, 23))
def test_poses_that_look_alike_are_no_angle_apart(one, spin, number):
    quat = rotvec_to_quat(one)
    assert CUBE.angle_rad(quat, quat_multiply(quat, np.array(CUBE.turns[number]))) < 1e-6
    spun = quat_multiply(quat, about_z(spin))
    assert BOTTLE.angle_rad(quat, spun) < 1e-6
    flipped = quat_multiply(spun, np.array(FLIP))
    assert CYLINDER.angle_rad(quat, flipped) < 1e-6 and BOTTLE.angle_rad(quat, flipped) > 3.0
    assert BALL.angle_rad(quat, rotvec_to_quat(one[::-1])) == 0.0


@settings(deadline=None)
@given(one=rotvecs, other=rotvecs)
def test_the_angle_is_the_same_both_ways_and_never_more_than_without_the_group(one, other):
    one, other = rotvec_to_quat(one), rotvec_to_quat(other)
    for group in (CUBE, BOTTLE, CYLINDER, BALL):
        assert abs(group.angle_rad(one, other) - group.angle_rad(other, one)) < 1e-6
        assert group.angle_rad(one, other) <= NO_SYMMETRY.angle_rad(one, other) + 1e-9


@settings(deadline=None)
@given(one=rotvecs, other=rotvecs)
def test_the_nearest_rotation_that_looks_alike_is_as_near_as_the_angle_says(one, other):
    one, other = rotvec_to_quat(one), rotvec_to_quat(other)
    for group in (NO_SYMMETRY, CUBE, BOTTLE, CYLINDER, BALL):
        alike = group.alike(one, other)
        assert group.angle_rad(one, alike) < 1e-6
        assert abs(rotation_angle(rotation_between(alike, other)) - group.angle_rad(one, other)) < 1e-6


def test_a_tilt_of_a_bottle_counts_in_full_and_its_spin_not_at_all():
    tilted = quat_multiply(rotvec_to_quat(np.array([0.3, 0.0, 0.0])), about_z(1.0))
    assert abs(BOTTLE.angle_rad(np.array(IDENTITY), tilted) - 0.3) < 1e-9
    assert [group.freedoms for group in (CUBE, BOTTLE, CYLINDER, BALL)] == [0, 1, 1, 3]


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (NO_SYMMETRY, "none"),
        (CUBE, "24 turns"),
        (box_symmetry((0.02, 0.03, 0.04)), "4 turns"),
        (BOTTLE, "any turn about [0.0, 0.0, 1.0]"),
        (CYLINDER, "any turn about [0.0, 0.0, 1.0], 2 ways"),
        (BALL, "any turn (a ball)"),
    ],
)
def test_a_group_is_told_in_words(group, said):
    assert group.described == said


@given(at=rotvecs, rate=rotvecs)
def test_of_a_ball_no_turning_is_seen_and_of_a_box_all_of_it(at, rate):
    quat = rotvec_to_quat(at)
    np.testing.assert_array_equal(BALL.observable(quat, rate), [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(CUBE.observable(quat, rate), rate)


@given(at=rotvecs, spin=st.floats(-3.0, 3.0), tumble=st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)))
def test_of_a_bottle_that_lies_anyhow_its_spin_is_not_seen_and_its_tumbling_in_full(at, spin, tumble):
    quat = rotvec_to_quat(at)
    tumbling = quat_rotate(quat, np.array([*tumble, 0.0]))
    spinning = quat_rotate(quat, np.array([0.0, 0.0, spin]))
    np.testing.assert_allclose(BOTTLE.observable(quat, tumbling + spinning), tumbling, atol=1e-9)
    both = np.stack([tumbling, spinning])
    np.testing.assert_allclose(CYLINDER.observable(quat, both), [tumbling, np.zeros(3)], atol=1e-9)


def test_angles_of_many_are_those_of_each():
    rng = np.random.default_rng(0)
    one, other = (rotvec_to_quat(rng.normal(size=(5, 3))) for _ in range(2))
    for group in (NO_SYMMETRY, CUBE, CYLINDER, BALL):
        each = [float(group.angle_rad(a, b)) for a, b in zip(one, other, strict=True)]
        np.testing.assert_allclose(group.angle_rad(one, other), each, atol=1e-12)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"turns": [list(FLIP)]}, "expected the identity"),
        ({"turns": [list(IDENTITY), [0.9238795, 0.3826834, 0.0, 0.0]]}, "2 turns are no group: two of them make one"),
        ({"turns": [[1.0, 1.0, 0.0, 0.0]]}, "not a unit quaternion"),
        ({"axis": [0.0, 0.0, 0.5]}, "not a unit vector"),
        ({"turns": []}, "turns has 0 entries"),
    ],
)
def test_what_is_no_group_is_refused(content, said):
    with pytest.raises(ConfigError, match=said):
        config.from_mapping(Symmetry, content, where="symmetry")
