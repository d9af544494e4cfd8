"""The faces of a box lie where its size puts them, and its shape alone looks alike as its sides say."""

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.object import load_box


def box(half_m):
    content = config.to_mapping(load_box("cube70"))
    return config.from_mapping(BoxObject, {**content, "half_m": list(half_m)}, where="faces.yaml")


def test_the_middle_of_each_face_is_half_a_side_from_the_origin():
    middles = [[0.03, 0, 0], [-0.03, 0, 0], [0, 0.02, 0], [0, -0.02, 0], [0, 0, 0.01], [0, 0, -0.01]]
    np.testing.assert_allclose(box((0.03, 0.02, 0.01)).middles, middles, atol=1e-12)


def test_the_middle_of_each_face_is_on_that_face():
    long = box((0.1, 0.02, 0.01))
    assert long.face_of(long.middles).tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("half_m", "turns"), [((0.03, 0.03, 0.03), 24), ((0.02, 0.02, 0.03), 8), ((0.01, 0.02, 0.03), 4)]
)
def test_the_more_sides_of_a_box_are_equal_the_more_turns_leave_its_shape_alike(half_m, turns):
    assert len(box(half_m).symmetry.turns) == turns


def test_a_quarter_turn_of_a_box_is_only_seen_about_an_axis_between_unequal_sides():
    symmetry, start = box((0.02, 0.02, 0.03)).symmetry, np.array([1.0, 0.0, 0.0, 0.0])
    about_x, about_z = (rotvec_to_quat(np.pi / 2 * axis) for axis in (np.eye(3)[0], np.eye(3)[2]))
    assert symmetry.angle_rad(start, about_z) < 1e-6
    assert abs(symmetry.angle_rad(start, about_x) - np.pi / 2) < 1e-6
