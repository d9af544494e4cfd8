"""Generated objects are what their list says: centred, of hand size, with the symmetry that goals are reduced by."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.catalogue import draw_object, drawn, drawn_by, family_of, load_catalogue
from dexterity_ros.contracts.family.shapes import FAMILIES, MASS_G, SIZE_MM, made
from dexterity_ros.contracts.frames import quat_rotate, rotvec_to_quat
from dexterity_ros.contracts.surface import ConvexPart, surface_samples

CATALOGUE = load_catalogue()
ONE_OF_EACH = [next(item for item in CATALOGUE.objects if item.family == family) for family in FAMILIES]
LEAST_RAD = 0.8
HELD_OUT = {"frustum", "cross"}  # nothing of their kind is trained on


def rotations(count, seed=0):
    quat = np.random.default_rng(seed).normal(size=(count, 4))
    return quat / np.linalg.norm(quat, axis=1, keepdims=True)


def depth_m(spec, points_m):
    """Returns how deep points lie in the union of the parts; negative outside."""
    parts = [ConvexPart(part) for part in spec.parts]
    return np.max([-(points_m @ p.planes[:, :3].T + p.planes[:, 3]).max(axis=1) for p in parts], axis=0)


def test_the_list_is_what_its_seed_draws():
    assert drawn(CATALOGUE.seed) == CATALOGUE


def test_enough_is_trained_on_and_enough_is_kept_for_the_judge():
    assert len(CATALOGUE.chosen("train")) >= 40
    kept = CATALOGUE.chosen("held-out")
    assert len([item for item in kept if item.family not in HELD_OUT]) >= 16
    assert {item.family for item in kept} == set(FAMILIES)


def test_nothing_of_two_whole_families_is_trained_on():
    assert not {item.family for item in CATALOGUE.chosen("train")} & HELD_OUT


def test_the_first_twelve_are_two_of_each_family_that_is_trained_on():
    first = CATALOGUE.chosen("first")
    assert len(first) == 12 and {item.split for item in first} == {"train"}


def test_a_list_with_two_objects_of_one_name_is_refused():
    first, second, *others = CATALOGUE.objects
    with pytest.raises(ConfigError, match=rf"must differ by name, these occur more than once: \['{first.name}'\]"):
        replace(CATALOGUE, objects=(first, replace(second, name=first.name), *others))


def test_the_family_of_a_generated_object_is_read_from_its_name():
    assert [family_of(item.name) for item in CATALOGUE.objects] == [item.family for item in CATALOGUE.objects]


@pytest.mark.parametrize("name", ["cube70", "cube_70", "letter", "letter_b", "letter_", "my_letter_03"])
def test_an_object_that_is_not_generated_is_a_family_of_its_own(name):
    assert family_of(name) == name


def test_no_prism_of_four_corners_is_drawn_that_could_be_taken_for_a_cube():
    rng = np.random.default_rng(0)
    prisms = [draw_object("prism_00", "prism", "train", rng).numbers for _ in range(400)]
    sizes = np.array([numbers["radius_height"] for numbers in prisms if numbers["corners"] == (4.0,)])
    assert len(sizes) > 30
    assert np.abs(sizes[:, 1] - np.sqrt(2.0) * sizes[:, 0]).min() > 5.8  # 6 mm, before the numbers are rounded


@pytest.mark.parametrize("item", CATALOGUE.objects, ids=lambda item: item.name)
def test_an_object_fits_a_hand_and_its_origin_is_its_centre_of_mass(item):
    spec = item.spec
    parts = [ConvexPart(part) for part in spec.parts]
    corners = np.concatenate([part.corners_m for part in parts])
    extent_mm = 1e3 * (corners.max(axis=0) - corners.min(axis=0))
    assert SIZE_MM[0] - 0.5 <= extent_mm.max() <= SIZE_MM[1] + 0.5
    assert MASS_G[0] <= 1e3 * spec.mass_kg <= MASS_G[1]
    volumes = np.array([part.volume_m3 for part in parts])
    centre = (volumes[:, None] * [part.centre_m for part in parts]).sum(axis=0) / volumes.sum()
    np.testing.assert_allclose(centre, 0.0, atol=1e-6)


@pytest.mark.parametrize("item", CATALOGUE.objects, ids=lambda item: item.name)
def test_turns_of_the_group_leave_the_surface_where_it_is(item):
    spec = item.spec
    points = surface_samples(spec, 200).points_m
    group = [np.array(turn) for turn in spec.symmetry.turns]
    if spec.symmetry.axis is not None:
        group.append(rotvec_to_quat(1.234 * np.array(spec.symmetry.axis)))
    for turn in group:
        assert np.abs(depth_m(spec, quat_rotate(turn, points))).max() < 3e-4


@pytest.mark.parametrize("item", ONE_OF_EACH, ids=lambda item: item.name)
def test_other_turns_move_the_surface(item):
    spec = item.spec
    points = surface_samples(spec, 400).points_m
    for quat in rotations(30):
        if spec.symmetry.angle_rad(np.array([1.0, 0.0, 0.0, 0.0]), quat) > 0.35:
            assert np.abs(depth_m(spec, quat_rotate(quat, points))).max() > 8e-4


@pytest.mark.parametrize("item", CATALOGUE.objects, ids=lambda item: item.name)
def test_many_goals_are_far_from_every_rotation_that_looks_alike(item):
    start = np.tile([1.0, 0.0, 0.0, 0.0], (2000, 1))
    assert (item.spec.symmetry.angle_rad(start, rotations(2000)) > LEAST_RAD).mean() > 0.2


@pytest.mark.parametrize("item", ONE_OF_EACH, ids=lambda item: item.name)
def test_samples_lie_on_the_surface_with_normals_that_leave_it(item):
    spec = item.spec
    samples = surface_samples(spec, 300)
    assert samples.points_m.shape == samples.normals.shape == (300, 3)
    assert np.abs(depth_m(spec, samples.points_m)).max() < 1e-6
    assert (depth_m(spec, samples.points_m + 1e-6 * samples.normals) < 1e-7).all()
    assert (depth_m(spec, samples.points_m - 1e-6 * samples.normals) > 0.0).mean() > 0.98  # not at an edge


def test_the_first_samples_are_far_apart_already():
    points = surface_samples(ONE_OF_EACH[0].spec, 300).points_m
    gaps = np.linalg.norm(points[:20, None] - points[None, :20], axis=-1)[~np.eye(20, dtype=bool)]
    assert gaps.min() > 0.01


@pytest.mark.parametrize(
    ("family", "numbers", "said"),
    [
        ("sphere", {}, "no family 'sphere'"),
        ("cuboid", {"sides": (50.0, 60.0)}, "sides has the numbers"),
        ("prism", {"corners": (2.0,), "radius_height": (30.0, 50.0)}, "corners is 2.0"),
        ("hull", {"points": (1.0, 2.0, 3.0)}, "4 or more"),
        ("letter", {"letter": (9.0,), "long_short_width_deep": (60.0, 50.0, 20.0, 30.0)}, "letter is 9"),
    ],
)
def test_numbers_that_make_nothing_are_refused_by_name(family, numbers, said):
    with pytest.raises(ConfigError, match=said):
        made("it", family, numbers, 0.1)


def test_a_bundle_draws_ten_objects_of_all_families_and_another_bundle_others():
    one, again, other = (drawn_by(identity) for identity in ("0badc0ffee12", "0badc0ffee12", "123456789abc"))
    assert one == again and len(one) == 10 and {item.family for item in one} == set(FAMILIES)
    assert not {repr(item.numbers) for item in one} & {repr(item.numbers) for item in (*other, *CATALOGUE.objects)}
    assert all(family_of(item.name) == item.family and item.split == "held-out" for item in one)
