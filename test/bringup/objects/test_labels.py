"""Labels lie on what a person can glue them to: wholly on a flat side, be it one of a notch, and on nothing else."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("scipy")

from dexterity_ros.bringup.objects.flat_sides import flat_sides, surface_of
from dexterity_ros.bringup.objects.labels import coloured, tagged
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart

GREY = (160, 165, 172)
CUBE = (Solid(kind="box", size_m=(0.03, 0.03, 0.03)),)
ELL = (
    Solid(kind="box", size_m=(0.03, 0.0125, 0.02), pos_m=(0.0, -0.0175, 0.0)),
    Solid(kind="box", size_m=(0.0125, 0.03, 0.02), pos_m=(-0.0175, 0.0, 0.0)),
)
RAILS = (  # two rails on a plate, whose tops lie in one plane
    Solid(kind="box", size_m=(0.03, 0.03, 0.005)),
    *(Solid(kind="box", size_m=(0.005, 0.03, 0.015), pos_m=(x, 0.0, 0.02)) for x in (-0.025, 0.025)),
)


def spec_of(parts, faces, tag_m):
    return ObjectSpec(name="thing", parts=parts, mass_kg=0.1, faces=faces, tag_m=tag_m)


def on_the_surface(parts, points, normal):
    """Whether points lie on what is seen of the parts together: inside just behind, outside just before."""
    solid = [ConvexPart(part) for part in parts]
    behind = np.any([part.inside(points - 1e-3 * normal) for part in solid], axis=0)
    before = np.any([part.inside(points + 1e-3 * normal) for part in solid], axis=0)
    return bool((behind & ~before).all())


@pytest.mark.parametrize(("parts", "tags"), [(CUBE, 6), (ELL, 8)])
def test_the_paper_of_every_tag_lies_wholly_on_the_object(parts, tags):
    faces, tag_m = tagged(surface_of(None, parts), None, 0, GREY)
    spec = spec_of(parts, faces, tag_m)
    carrying = [k for k, face in enumerate(faces) if face.tag is not None]
    assert len(carrying) == tags
    for k in carrying:
        corners = spec.tag_corners(k)
        middle = corners.mean(axis=0)
        paper = middle + 0.99 * 1.25 * (corners - middle)
        grid = [a * (paper[1] - paper[0]) + b * (paper[3] - paper[0]) for a in (0, 0.5, 1) for b in (0, 0.5, 1)]
        assert on_the_surface(parts, paper[0] + np.array(grid), np.array(faces[k].normal)), k


def test_a_cube_has_as_large_tags_as_its_sides_bear():
    _, tag_m = tagged(surface_of(None, CUBE), None, 0, GREY)
    assert tag_m == pytest.approx(0.048)


def test_points_of_a_notch_belong_to_its_sides_and_others_do_not():
    faces = coloured(surface_of(None, ELL))
    assert len(faces) == 8 and sum(face.inner for face in faces) == 2
    spec = spec_of(ELL, faces, 0.0)
    points = {
        (0.02, -0.005, 0.01): (0.0, 1.0, 0.0),  # the notch
        (-0.005, 0.02, 0.01): (1.0, 0.0, 0.0),
        (-0.0175, 0.03, 0.0): (0.0, 1.0, 0.0),  # beyond the plane of the notch
        (0.03, -0.0175, 0.0): (1.0, 0.0, 0.0),
        (-0.02, 0.01, 0.02): (0.0, 0.0, 1.0),
    }
    found = [faces[k] for k in spec.face_of(np.array(list(points)))]
    assert [face.normal for face in found] == list(points.values())
    assert [face.inner for face in found] == [True, True, False, False, False]


def test_a_tag_does_not_hang_over_a_gap_between_two_pieces_in_one_plane():
    sides, share = flat_sides(surface_of(None, RAILS))
    top = next(side for side in sides if side.normal[2] > 0.9 and side.offset_m > 0.03)
    assert top.room_m == pytest.approx(0.01, abs=6e-4)
    assert abs(abs(top.middle_m[0]) - 0.025) < 1e-3
    assert share > 0.95


def test_what_lies_inside_another_part_is_no_side():
    inside = Solid(kind="box", size_m=(0.012, 0.012, 0.012))
    assert len(flat_sides(surface_of(None, (*CUBE, inside)))[0]) == 6


@pytest.mark.parametrize(
    ("tag_m", "said"),
    [(0.06, "tags of 60.0 mm: expected 12 mm, which a camera can read, to 48.0 mm"), (0.01, "tags of 10.0 mm")],
)
def test_tags_too_large_or_too_small_are_refused(tag_m, said):
    with pytest.raises(ConfigError, match=said):
        tagged(surface_of(None, CUBE), tag_m, 0, GREY)


def test_a_shape_without_room_is_refused_by_what_it_lacks():
    plate = (Solid(kind="box", size_m=(0.03, 0.03, 0.004)),)
    with pytest.raises(ConfigError, match="2 flat sides with room for a tag of 12 mm, expected 4"):
        tagged(surface_of(None, plate), None, 0, GREY)
