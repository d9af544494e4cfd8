"""A part's hull has the volume, centre, area and extent of the solid it stands for; its triangles look outwards."""

import numpy as np
import pytest

from dexterity_ros.contracts.frames import quat_to_matrix, rotvec_to_quat
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart, surface_samples

BOX = Solid(kind="box", size_m=(0.02, 0.03, 0.04))
CYLINDER = Solid(kind="cylinder", size_m=(0.03, 0.04))
SPHERE = Solid(kind="sphere", size_m=(0.03,))
CAPSULE = Solid(kind="capsule", size_m=(0.02, 0.03))
ELLIPSOID = Solid(kind="ellipsoid", size_m=(0.02, 0.03, 0.04))
CORNER = Solid(kind="hull", points_m=((0.0, 0.0, 0.0), (0.03, 0.0, 0.0), (0.0, 0.03, 0.0), (0.0, 0.0, 0.06)))
PARTS = pytest.mark.parametrize("part", [BOX, CYLINDER, SPHERE, CAPSULE, ELLIPSOID, CORNER], ids=lambda part: part.kind)
QUAT = tuple(rotvec_to_quat(np.array([0.4, -0.3, 0.9])).tolist())
POS_M = (0.01, -0.02, 0.03)


@pytest.mark.parametrize(
    ("part", "volume_m3", "half_m"),
    [
        (BOX, 8.0 * 0.02 * 0.03 * 0.04, (0.02, 0.03, 0.04)),
        (CYLINDER, np.pi * 0.03**2 * 0.08, (0.03, 0.03, 0.04)),
        (SPHERE, 4.0 / 3.0 * np.pi * 0.03**3, (0.03, 0.03, 0.03)),
        (CAPSULE, np.pi * 0.02**2 * (0.06 + 4.0 / 3.0 * 0.02), (0.02, 0.02, 0.05)),
        (ELLIPSOID, 4.0 / 3.0 * np.pi * 0.02 * 0.03 * 0.04, (0.02, 0.03, 0.04)),
    ],
    ids=lambda value: value.kind if isinstance(value, Solid) else "",
)
def test_a_primitive_reaches_as_far_as_its_sizes_say_and_holds_its_volume_within_one_percent(part, volume_m3, half_m):
    convex = ConvexPart(part)
    np.testing.assert_allclose(convex.corners_m.max(axis=0), half_m, atol=1e-12)
    np.testing.assert_allclose(convex.corners_m.min(axis=0), -np.array(half_m), atol=1e-12)
    assert 0.99 * volume_m3 < convex.volume_m3 < volume_m3 * (1.0 + 1e-9)


def test_round_parts_have_nearly_the_area_of_a_smooth_one_and_a_box_has_all_of_it():
    box, cylinder, ball = (ConvexPart(part).areas_m2.sum() for part in (BOX, CYLINDER, SPHERE))
    assert box == pytest.approx(8.0 * (0.02 * 0.03 + 0.03 * 0.04 + 0.04 * 0.02))
    assert cylinder == pytest.approx(2.0 * np.pi * 0.03 * (0.08 + 0.03), rel=0.01)
    assert ball == pytest.approx(4.0 * np.pi * 0.03**2, rel=0.01)


@PARTS
def test_the_triangles_are_counter_clockwise_from_outside_and_enclose_the_volume(part):
    convex = ConvexPart(part)
    a, b, c = np.moveaxis(convex.triangles_m, 1, 0)
    around = np.cross(b - a, c - a)
    np.testing.assert_allclose(around, 2.0 * convex.areas_m2[:, None] * convex.normals, atol=1e-10)
    middle = convex.corners_m.mean(axis=0)
    assert ((a - middle) * around).sum(axis=1).min() > 0.0
    assert (a * around).sum() / 6.0 == pytest.approx(convex.volume_m3)


@PARTS
def test_a_part_that_is_turned_and_moved_takes_its_surface_along(part):
    still = ConvexPart(part)
    moved = ConvexPart(Solid(kind=part.kind, size_m=part.size_m, points_m=part.points_m, pos_m=POS_M, quat_wxyz=QUAT))
    turned_m = quat_to_matrix(np.array(QUAT)) @ still.centre_m + POS_M
    np.testing.assert_allclose(moved.centre_m, turned_m, atol=1e-9)
    assert moved.volume_m3 == pytest.approx(still.volume_m3)
    assert moved.areas_m2.sum() == pytest.approx(still.areas_m2.sum())


def test_the_centre_of_a_pyramid_is_a_quarter_of_the_way_from_its_foot():
    np.testing.assert_allclose(ConvexPart(CORNER).centre_m, [0.0075, 0.0075, 0.015], atol=1e-12)


def test_what_a_ball_hides_of_a_rod_through_it_is_not_sampled():
    rod = Solid(kind="cylinder", size_m=(0.01, 0.05))
    lollipop = ObjectSpec(name="lollipop", parts=(SPHERE, rod), mass_kg=0.1)
    samples = surface_samples(lollipop, 400)
    from_centre_m = np.linalg.norm(samples.points_m, axis=1)
    assert from_centre_m.min() > 0.0295  # a flat face of the ball is a little nearer than its radius
    out_of_ball = samples.points_m[from_centre_m > 0.031]
    assert len(out_of_ball) > 40 and np.hypot(out_of_ball[:, 0], out_of_ball[:, 1]).max() < 0.01 + 1e-9
    np.testing.assert_array_equal(surface_samples(lollipop, 400).points_m, samples.points_m)
