"""Objects, and the faces and tags of boxes, are what their folders say; what describes no object is refused."""

import re

import numpy as np
import pytest
import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.object import (
    ObjectSpec,
    load_box,
    load_labels,
    load_object,
    load_optional_box,
    load_symmetry,
    object_folder,
)
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.symmetry import IDENTITY, NO_SYMMETRY, Symmetry

BRICK = {"kind": "box", "size_m": [0.03, 0.02, 0.01]}
HALF_TURN = [0.0, 0.0, 0.0, 1.0]
FRONT = {"normal": [1, 0, 0], "rgb": [200, 10, 20], "offset_m": 0.03}
FRONT |= {"tag": 7, "tag_at_m": [0.03, 0.005, 0.0], "tag_up": [0, 0, 1]}
TOP = {"normal": [0, 0, 1], "rgb": [10, 20, 200], "offset_m": 0.01}
TOP |= {"tag": 8, "tag_at_m": [0.0, 0.0, 0.01], "tag_up": [0, 1, 0]}


@pytest.fixture(scope="module")
def tagged() -> BoxObject:
    return load_box("cube70_tags")


@pytest.fixture
def content(tagged):
    return config.to_mapping(tagged)


def test_faces_in_another_order_are_refused(content):
    content["faces"][0], content["faces"][1] = content["faces"][1], content["faces"][0]
    with pytest.raises(ConfigError, match=r"faces.yaml: faces must be \+x, -x, \+y, -y, \+z, -z; their normals are"):
        config.from_mapping(BoxObject, content, where="faces.yaml")


@pytest.mark.parametrize(("tag", "shown"), [(None, "None"), (0, "0")])
def test_a_tagged_box_with_a_face_that_cannot_be_told_is_refused(content, tag, shown):
    content["faces"][3]["tag"] = tag
    with pytest.raises(ConfigError, match=rf"every face needs a tag of its own; they are \[0, 1, 2, {shown}, 4, 5\]"):
        config.from_mapping(BoxObject, content, where="faces.yaml")


def test_a_box_without_tags_may_repeat_them(content):
    content["faces"][3]["tag"], content["tag_m"] = 0, 0.0
    assert config.from_mapping(BoxObject, content, where="faces.yaml").tag_m == 0.0


def test_a_point_is_on_the_face_that_it_lies_on_or_reaches_first(tagged):
    normals = np.array([face.normal for face in tagged.faces])
    assert tagged.face_of(0.035 * normals).tolist() == [0, 1, 2, 3, 4, 5]
    assert tagged.face_of(0.02 * normals + 0.005).tolist() == [0, 1, 2, 3, 4, 5]


def test_the_face_of_a_long_box_counts_by_its_own_size(content):
    content["half_m"] = [0.1, 0.01, 0.01]
    long = config.from_mapping(BoxObject, content, where="faces.yaml")
    assert long.face_of(np.array([[0.05, 0.009, 0.0], [0.05, -0.009, 0.0], [-0.095, 0.009, 0.0]])).tolist() == [2, 3, 1]


@pytest.mark.parametrize("face", range(6))
def test_the_corners_of_a_tag_lie_on_its_face_clockwise_for_who_looks_at_it(tagged, face):
    normal, corners = np.array(tagged.faces[face].normal), tagged.tag_corners(face)
    assert tagged.face_of(corners).tolist() == [face] * 4
    np.testing.assert_allclose(corners @ normal, 0.035)
    sides = np.roll(corners, -1, axis=0) - corners
    np.testing.assert_allclose(np.linalg.norm(sides, axis=1), 0.048)
    np.testing.assert_allclose(np.cross(sides[0], sides[1]), -(0.048**2) * normal, atol=1e-12)


@pytest.mark.parametrize(("face", "up"), [(0, [0, 0, 1]), (3, [0, 0, 1]), (4, [0, 1, 0]), (5, [0, 1, 0])])
def test_up_on_a_tag_is_where_the_objects_file_says(tagged, face, up):
    corners = tagged.tag_corners(face)
    np.testing.assert_allclose(corners[0] - corners[3], 0.048 * np.array(up), atol=1e-12)


def test_colours_are_those_of_the_file_face_by_face(tagged):
    assert tagged.colours.tolist() == [list(face.rgb) for face in tagged.faces]


def test_an_object_without_faces_is_no_box_and_one_with_faces_is(monkeypatch, tmp_path):
    own = tmp_path / "models/objects/bracket/object.xml"
    own.parent.mkdir(parents=True)
    own.write_text("<mujoco/>")
    monkeypatch.chdir(tmp_path)
    assert load_optional_box("bracket") is None
    (own.parent / "faces.yaml").write_text(resource("models/objects/cube70/faces.yaml").read_text())
    assert load_optional_box("bracket") == load_box("cube70")


def brick(**more):
    return config.from_mapping(
        ObjectSpec, {"name": "brick", "parts": [BRICK], "mass_kg": 0.1, **more}, where="object.yaml"
    )


@pytest.fixture
def labelled():
    return brick(faces=[FRONT, TOP], tag_m=0.01)


@pytest.fixture
def folder(tmp_path):
    """Returns what writes an object.yaml and says the name of its folder, a path."""

    def written(spec):
        (tmp_path / "object.yaml").write_text(yaml.safe_dump(config.to_mapping(spec)))
        return str(tmp_path)

    return written


def test_one_box_at_the_origin_has_half_sizes():
    assert brick().box_half_m == (0.03, 0.02, 0.01)


@pytest.mark.parametrize(
    "parts",
    [
        [{"kind": "cylinder", "size_m": [0.03, 0.02]}],
        [BRICK, {**BRICK, "pos_m": [0.02, 0.0, 0.0]}],
        [{**BRICK, "pos_m": [0.0, 0.0, 0.001]}],
        [{**BRICK, "quat_wxyz": [0.6, 0.8, 0.0, 0.0]}],
    ],
    ids=["cylinder", "two boxes", "beside the origin", "turned"],
)
def test_what_is_not_one_box_at_the_origin_has_no_half_sizes(parts):
    assert brick(parts=parts).box_half_m is None


def test_labels_of_an_object_have_the_colours_and_planes_of_its_file(labelled):
    assert labelled.colours.tolist() == [[200.0, 10.0, 20.0], [10.0, 20.0, 200.0]]
    assert labelled.middles.tolist() == [[0.03, 0.0, 0.0], [0.0, 0.0, 0.01]]


def test_a_point_belongs_to_the_label_whose_plane_it_is_nearest_to_or_furthest_beyond(labelled):
    points = [[0.03, 0.0, 0.0], [0.0, 0.0, 0.01], [0.02, 0.0, 0.005], [0.05, 0.0, 0.02], [0.035, 0.0, 0.03]]
    assert labelled.face_of(np.array(points)).tolist() == [0, 1, 1, 0, 1]


def test_the_tag_of_an_object_is_read_upright_from_outside_where_its_file_puts_it(labelled):
    right, up = labelled.tag_axes(0)
    assert right.tolist() == [0.0, 1.0, 0.0] and up.tolist() == [0.0, 0.0, 1.0]
    clockwise = [[0.03, 0.0, 0.005], [0.03, 0.01, 0.005], [0.03, 0.01, -0.005], [0.03, 0.0, -0.005]]
    np.testing.assert_allclose(labelled.tag_corners(0), clockwise, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"faces": [FRONT], "symmetry": {"axis": [0, 0, 1]}},
            r"1 faces on a shape that looks alike after any turn about \[0.0, 0.0, 1.0\]; "
            "faces tell apart a few poses, not those of any turn: leave them out",
        ),
        (
            {"faces": [FRONT, {**TOP, "offset_m": None}]},
            r"faces \[1\] lack offset_m, the distance of their plane from the origin",
        ),
        ({"faces": [{**FRONT, "tag": None}], "tag_m": 0.01}, "tag_m is 0.01, and no face has a tag"),
        ({"faces": [{**FRONT, "tag_at_m": None}], "tag_m": 0.01}, "a face with a tag needs tag_at_m and tag_up"),
        ({"faces": [{**FRONT, "tag_up": None}], "tag_m": 0.01}, "a face with a tag needs tag_at_m and tag_up"),
        ({"faces": [FRONT, {**TOP, "tag": 7}]}, r"every face needs a tag of its own; they are \[7, 7\]"),
        ({"com_m": [0.0, 0.0, 0.001]}, r"com_m is \(0.0, 0.0, 0.001\), inertia_kg_m2 is None: give both or neither"),
        ({"inertia_kg_m2": [1, 1, 1, 0, 0, 0]}, r"com_m is None, inertia_kg_m2 is \(1.0, .*\): give both or neither"),
    ],
)
def test_labels_and_masses_that_cannot_be_used_are_refused_with_the_reason(change, said):
    with pytest.raises(ConfigError, match=f"^object.yaml: {said}$"):
        brick(**change)


@pytest.mark.parametrize(
    ("inertia", "moments"),
    [
        ([1, 1, 3, 0, 0, 0], "[1.0, 1.0, 3.0]"),
        ([-1, 2, 2, 0, 0, 0], "[-1.0, 2.0, 2.0]"),
        ([0, 1, 1, 0, 0, 0], "[0.0, 1.0, 1.0]"),
    ],
    ids=["one more than the two others", "negative", "none about one axis"],
)
def test_an_inertia_that_no_body_has_is_refused_with_its_principal_moments(inertia, moments):
    said = f"{moments}, expected positive ones, each at most the sum of the other two"
    with pytest.raises(ConfigError, match=re.escape(f"has the principal moments {said}") + "$"):
        brick(com_m=[0, 0, 0], inertia_kg_m2=inertia)


def test_the_inertia_of_a_flat_plate_about_tilted_axes_is_kept():
    inertia = (1.5, 1.5, 3.0, 0.5, 0.0, 0.0)  # 1, 2 and 3 about the plate's own axes, as much as is possible
    with pytest.raises(ConfigError, match="principal moments"):
        brick(com_m=[0, 0, 0], inertia_kg_m2=[1.5, 1.5, 3.1, 0.5, 0.0, 0.0])
    assert brick(com_m=[0, 0, 0], inertia_kg_m2=list(inertia)).inertia_kg_m2 == inertia


def test_an_object_is_found_by_the_path_of_its_folder(folder, labelled, tmp_path):
    name = folder(labelled)
    assert object_folder(name) == tmp_path
    assert load_object(name) == load_labels(name) == labelled


def test_a_shipped_cube_has_its_faces_in_place_of_an_object_file():
    assert load_object("cube70") is None
    assert load_labels("cube70") == load_box("cube70")


def test_an_object_looks_alike_after_the_turns_of_its_file_only_where_no_label_tells_them_apart(folder, labelled):
    half_turn = {"turns": [list(IDENTITY), HALF_TURN]}
    assert load_symmetry(folder(brick(symmetry=half_turn))) == Symmetry(turns=(IDENTITY, tuple(HALF_TURN)))
    assert load_symmetry(folder(brick(symmetry=half_turn, faces=[FRONT, TOP]))) == NO_SYMMETRY
    assert load_symmetry("cube70") == NO_SYMMETRY


def test_an_object_whose_folder_does_not_say_looks_alike_after_no_turn(tmp_path):
    (tmp_path / "object.xml").write_text("<mujoco/>")
    assert load_labels(str(tmp_path)) is None
    assert load_symmetry(str(tmp_path)) == NO_SYMMETRY


def test_a_path_that_is_no_object_says_what_is_there(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "meshes").mkdir()
    mesh = tmp_path / "meshes/duck.stl"
    mesh.write_text("solid duck")
    needed = "; an object is a folder with object.yaml or object.xml$"
    for path, said in (
        (tmp_path / "empty", "holds nothing"),
        (mesh.parent, r"holds \['duck.stl'\]"),
        (mesh, "is no folder"),
    ):
        with pytest.raises(ConfigError, match=f"{path.name} {said}{needed}"):
            object_folder(str(path))
