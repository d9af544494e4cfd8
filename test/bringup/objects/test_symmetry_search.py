"""The group of a shape is found from samples of its surface, wherever its axes point, and none where there is none."""

import numpy as np
import pytest

trimesh = pytest.importorskip("trimesh")

from dexterity_ros.bringup.objects.convex_parts import sample_mesh
from dexterity_ros.bringup.objects.symmetry_search import find_symmetry
from dexterity_ros.contracts.frames import quat_to_matrix, rotvec_to_quat

TETRAHEDRON = 0.03 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])


def prism(corners):
    return trimesh.creation.cylinder(0.035, 0.05, sections=corners)


def wedge():
    """A bar whose section is a crooked quadrangle, and whose ends are alike in a mirror only."""
    corners = np.array([[x, y, z] for x in (-3, 3) for y, z in ((-2, -1), (2, -1), (-2, 1), (0.3, 1.6))]) * 0.01
    return trimesh.convex.convex_hull(corners)


SHAPES = {
    "cube": (lambda: trimesh.creation.box((0.06, 0.06, 0.06)), (24, 0)),
    "brick": (lambda: trimesh.creation.box((0.07, 0.05, 0.03)), (4, 0)),
    "square bar": (lambda: trimesh.creation.box((0.07, 0.04, 0.04)), (8, 0)),
    "prism of three": (lambda: prism(3), (6, 0)),
    "prism of six": (lambda: prism(6), (12, 0)),
    "tetrahedron": (lambda: trimesh.convex.convex_hull(TETRAHEDRON), (12, 0)),
    "can": (lambda: prism(64), (2, 1)),
    "cone": (lambda: trimesh.creation.cone(0.03, 0.06, sections=64), (1, 1)),
    "ball": (lambda: trimesh.creation.icosphere(4, radius=0.03), (1, 3)),
    "wedge": (wedge, (1, 0)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_group_of_a_shape_is_found_however_it_lies(name):
    make, (turns, freedoms) = SHAPES[name]
    mesh = make()
    mesh.apply_translation(-mesh.center_mass)
    pose = np.eye(4)
    pose[:3, :3] = quat_to_matrix(rotvec_to_quat(np.array([0.4, -0.9, 0.7])))
    mesh.apply_transform(pose)
    found = find_symmetry(sample_mesh(mesh, 12_000))
    assert (len(found.turns), found.freedoms) == (turns, freedoms), found.described
