"""Rotation algebra holds its axioms, and the same bits at every batch size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dexterity_ros.contracts.frames import (
    matrix_to_quat,
    quat_conjugate,
    quat_multiply,
    quat_normalise,
    quat_rotate,
    quat_to_cubic,
    quat_to_matrix,
    quat_to_rot6d,
    quat_to_rotvec,
    rotation_angle,
    rotation_between,
    rotvec_to_quat,
)

number = st.floats(-1.0, 1.0, allow_subnormal=False)
vectors = arrays(np.float64, 3, elements=number)
quats = arrays(np.float64, 4, elements=number).filter(lambda q: np.linalg.norm(q) > 0.1).map(quat_normalise)


@given(quats, quats, vectors)
def test_product_rotates_like_one_after_the_other(a, b, v):
    np.testing.assert_allclose(quat_rotate(quat_multiply(a, b), v), quat_rotate(a, quat_rotate(b, v)), atol=1e-12)


@given(quats, vectors)
def test_conjugate_undoes(q, v):
    np.testing.assert_allclose(quat_rotate(quat_conjugate(q), quat_rotate(q, v)), v, atol=1e-12)


@given(quats)
def test_rotation_vector_round_trip(q):
    again = rotvec_to_quat(quat_to_rotvec(q))
    assert abs(abs(float((again * q).sum())) - 1.0) < 1e-9


@given(quats, vectors)
def test_a_matrix_rotates_like_its_quaternion_and_gives_it_back(q, v):
    matrix = quat_to_matrix(q)
    np.testing.assert_allclose(matrix @ v, quat_rotate(q, v), atol=1e-12)
    assert abs(abs(float((matrix_to_quat(matrix) * q).sum())) - 1.0) < 1e-12


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_too_come_back_from_their_matrix(axis):
    half = np.eye(4)[axis + 1]
    np.testing.assert_allclose(matrix_to_quat(quat_to_matrix(half)), half, atol=1e-12)


@given(quats, quats)
def test_between_turns_one_into_the_other(a, b):
    again = quat_multiply(rotation_between(a, b), a)
    assert abs(abs(float((again * b).sum())) - 1.0) < 1e-9


@given(quats)
def test_sign_of_a_quaternion_means_nothing(q):
    np.testing.assert_allclose(quat_to_rot6d(q), quat_to_rot6d(-q), atol=1e-12)
    assert rotation_angle(q) == rotation_angle(-q)
    assert 0.0 <= rotation_angle(q) <= np.pi + 1e-12


def test_six_numbers_are_the_first_two_columns():
    quarter_turn_about_z = rotvec_to_quat(np.array([0.0, 0.0, np.pi / 2]))
    np.testing.assert_allclose(quat_to_rot6d(quarter_turn_about_z), [0, 1, 0, -1, 0, 0], atol=1e-12)


def test_one_and_many_give_the_same_bits():
    rng = np.random.default_rng(0)
    a, b = (quat_normalise(rng.normal(size=(513, 4))) for _ in range(2))
    for function in (quat_to_rotvec, quat_to_rot6d, quat_to_cubic, rotation_angle, quat_conjugate):
        batch = function(a)
        assert all(np.array_equal(batch[i], function(a[i])) for i in range(len(a)))
    batch = rotation_between(a, b)
    assert all(np.array_equal(batch[i], rotation_between(a[i], b[i])) for i in range(len(a)))


def test_a_cube_that_looks_alike_gives_the_same_numbers_and_one_that_does_not_does_not():
    rng = np.random.default_rng(0)
    q = rng.normal(size=(50, 4))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    quarter = np.sqrt(0.5)
    for turn in ([quarter, quarter, 0, 0], [quarter, 0, quarter, 0], [quarter, 0, 0, quarter], [0.5, 0.5, 0.5, 0.5]):
        np.testing.assert_allclose(quat_to_cubic(quat_multiply(q, np.array(turn))), quat_to_cubic(q), atol=1e-12)
    tilted = quat_multiply(q, rotvec_to_quat(np.array([0.3, 0.2, 0.1])))
    assert (np.linalg.norm(quat_to_cubic(tilted) - quat_to_cubic(q), axis=1) > 0.1).all()
