"""Faces, tags and corners of a box lie where its file says; a file that describes no box is refused."""

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.object import load_box, load_optional_box
from dexterity_ros.contracts.resources import resource


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
