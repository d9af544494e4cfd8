"""A part of an object has the sizes or the points of its kind, and lies in the object as its pose says."""

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.solid import Solid

TETRAHEDRON = [[0.0, 0.0, 0.0], [0.02, 0.0, 0.0], [0.0, 0.02, 0.0], [0.0, 0.0, 0.02]]
FLAT = [[0.0, 0.0, 0.0], [0.02, 0.0, 0.0], [0.0, 0.02, 0.0], [0.02, 0.02, 0.00001]]
BALL = {"kind": "sphere", "size_m": [0.02]}


def part(**content):
    return config.from_mapping(Solid, content, where="parts")


@pytest.mark.parametrize(
    ("kind", "sizes"), [("box", 3), ("cylinder", 2), ("sphere", 1), ("capsule", 2), ("ellipsoid", 3)]
)
def test_a_primitive_has_exactly_the_sizes_of_its_kind(kind, sizes):
    assert part(kind=kind, size_m=[0.02] * sizes).size_m == (0.02,) * sizes
    for wrong in (sizes - 1, sizes + 1):
        given = [0.02] * wrong
        with pytest.raises(ConfigError) as refused:
            part(kind=kind, size_m=given)
        assert str(refused.value) == f"parts: a {kind} has {sizes} sizes in size_m, found {given}"


def test_a_hull_has_no_sizes():
    with pytest.raises(ConfigError, match=r"^parts: a hull has 0 sizes in size_m, found \[0.02\]$"):
        part(kind="hull", size_m=[0.02], points_m=TETRAHEDRON)


@pytest.mark.parametrize(("content", "count"), [({"kind": "hull"}, 0), ({**BALL, "points_m": TETRAHEDRON}, 4)])
def test_only_a_hull_has_points_and_it_needs_them(content, count):
    said = f"^parts: a {content['kind']} has {count} points_m; a hull has them, nothing else does$"
    with pytest.raises(ConfigError, match=said):
        part(**content)


@pytest.mark.parametrize(("points", "count"), [(TETRAHEDRON[:3], 3), (FLAT, 4)])
def test_a_hull_without_thickness_is_refused(points, count):
    with pytest.raises(ConfigError, match=rf"^parts: a hull of {count} points is thinner than 0.1 mm$"):
        part(kind="hull", points_m=points)


def test_a_hull_with_thickness_keeps_its_points():
    assert part(kind="hull", points_m=TETRAHEDRON).points_m == tuple(tuple(point) for point in TETRAHEDRON)


def test_a_part_turned_by_a_quarter_about_z_has_its_x_along_the_objects_y():
    quarter = part(**BALL, quat_wxyz=[0.5**0.5, 0.0, 0.0, 0.5**0.5])
    np.testing.assert_allclose(quarter.rotation, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(part(**BALL).rotation, np.eye(3), atol=1e-12)
