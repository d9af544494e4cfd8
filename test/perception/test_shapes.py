"""Shapes other than boxes: drawn by the camera as they are, and followed by the tracker as far as they can be seen."""

import numpy as np
import pytest

pytest.importorskip("mujoco")
pytest.importorskip("scipy")

from dexterity_ros.bench.objects import bench_objects, twelve_objects
from dexterity_ros.bench.perception import demo_cloud
from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_multiply, quat_to_matrix, rotvec_to_quat
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.samples import CloudSample, PoseSample
from dexterity_ros.estimation.surface_tracker import SurfaceTracker, TrackerConfig
from dexterity_ros.estimation.surfaces import sampled_surface
from dexterity_ros.perception.object_mesh import object_mesh, sample_parts

OBJECTS = twelve_objects()
FRAME_NS = 33_000_000


@pytest.mark.parametrize("name", OBJECTS)
def test_samples_lie_on_the_surface_and_in_no_other_part(name):
    spec = OBJECTS[name]
    points, normals = sample_parts(spec.parts, 2000)
    surface = sampled_surface(*sample_parts(spec.parts, 20_000))
    off = np.abs(surface(points)[0])  # beside an edge the nearest sample may lie round it
    assert np.quantile(off, 0.95) < 2e-4 and off.max() < 2e-3
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-6)
    inside, _ = surface(0.9 * points)
    assert (inside < 0.0).mean() > (0.6 if "bracket" in name else 0.99)


@pytest.mark.parametrize("name", ["prism 60, colours", "brick 60, colours", "cube 70, tags"])
def test_triangles_have_the_colours_of_the_faces_that_they_lie_on(name):
    spec = OBJECTS[name]
    triangles, colours = object_mesh(spec)
    assert triangles.shape == (len(colours), 3, 3)
    assert {tuple(colour) for colour in colours} == {face.rgb for face in spec.faces}


def test_the_corners_of_a_tag_lie_on_its_side_clockwise_for_who_looks_at_it():
    spec = OBJECTS["brick 70, tags"]
    for k, face in enumerate(spec.faces):
        corners, normal = spec.tag_corners(k), np.array(face.normal)
        np.testing.assert_allclose(corners @ normal, face.offset_m, atol=1e-9)
        sides = np.roll(corners, -1, axis=0) - corners
        np.testing.assert_allclose(np.cross(sides[0], sides[1]), -(spec.tag_m**2) * normal, atol=1e-9)
        assert spec.face_of(corners).tolist() == [k] * 4


def test_the_turn_of_a_can_about_its_axis_is_neither_followed_nor_guessed():
    spec = OBJECTS["cylinder 70"]
    surface = sampled_surface(*sample_parts(spec.parts, 20_000))
    points, normals = sample_parts(spec.parts, 3000)
    seen = points[normals @ np.array([0.5, 0.1, 0.86]) > 0.1][:600]
    tracker = SurfaceTracker(surface, TrackerConfig(), spec.symmetry)
    still = rotvec_to_quat(np.array([0.3, 0.0, 0.0]))
    tracker.begin(PoseSample(stamp_ns=0, pos_m=np.zeros(3), quat_wxyz=still))
    for k in range(1, 21):
        turn = quat_multiply(still, rotvec_to_quat(np.array([0.0, 0.0, 0.1 * k])))
        track = tracker.step(CloudSample(stamp_ns=FRAME_NS * k, points_m=seen @ quat_to_matrix(turn).T))
        assert track.guessed == 1
        assert spec.symmetry.angle_rad(turn, track.pose.quat_wxyz) < 0.02
        assert np.linalg.norm(track.pose.pos_m) < 5e-4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"symmetry": {"axis": [0.0, 0.0, 1.0]}}, "faces tell apart a few poses, not those of any turn"),
        ({"tag_m": 0.02}, "tag_m is 0.02, and no face has a tag"),
    ],
)
def test_labels_that_tell_nothing_are_refused(change, said):
    content = config.to_mapping(OBJECTS["prism 60, colours"]) | change
    with pytest.raises(ConfigError, match=said):
        config.from_mapping(ObjectSpec, content, where="object.yaml")


def test_faces_without_a_plane_and_tags_without_a_place_are_refused():
    for key, said in (("offset_m", "lack offset_m"), ("tag_at_m", "needs tag_at_m and tag_up")):
        content = config.to_mapping(OBJECTS["brick 70, tags"])
        content["faces"][2][key] = None
        with pytest.raises(ConfigError, match=said):
            config.from_mapping(ObjectSpec, content, where="object.yaml")


@pytest.mark.slow
def test_twelve_objects_are_followed(leap, tmp_path):
    rows = bench_objects(leap, load_camera("demo").scaled(320), demo_cloud(), tmp_path, 4.0, lambda _: None)
    assert len(rows) == 12
    for name, row in rows.items():
        assert row["lost_percent"] < 20.0, (name, row)
        if "bracket" not in name:  # which may be found the wrong way round: docs/own_object.md says so
            assert row["wrong_percent"] < 5.0 and row["position_mm_p50"] < 4.0, (name, row)
