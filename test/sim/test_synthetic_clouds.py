"""Clouds without an image: what faces the camera and nothing hides, and what a camera with perception gives too."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

pytest.importorskip("mujoco")

from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.frames import quat_rotate
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.perception.depth_cloud import CloudConfig, DepthCloud
from dexterity_ros.perception.hand_points import HandPoints
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.perception.one_view import middle_of_view
from dexterity_ros.sim.rendered_view import STEREO, RenderedView
from dexterity_ros.sim.synthetic_clouds import CloudNoise, Seen, SyntheticClouds

CUBE = ObjectSpec(name="cube", parts=(Solid(kind="box", size_m=(0.035,) * 3),), mass_kg=0.1)
STEREO_POINTS = CloudNoise(
    points=512, candidates=1200, along_m=0.0012, edge_m=0.002, bias_m=0.0005, extrinsic_m=0.001, extrinsic_rad=0.003,
    grazing_share=0.7, hole_m=0.012, hole_share=0.2,
)  # fmt: skip


def clouds(hand, count, noise=CloudNoise(), specs=(CUBE,)):
    made = SyntheticClouds(hand, specs, noise, count, 0)
    made.restart(np.ones(count, dtype=bool))
    return made


def scenes(hand, count, seed=0, stamp=1_000):
    rng = np.random.default_rng(seed)
    quat = rng.normal(size=(count, 4))
    joints = np.array(hand.home_pos_rad) + rng.uniform(-0.3, 0.3, size=(count, 16))
    return Seen(
        stamp_ns=np.full(count, stamp),
        kind=np.zeros(count, dtype=np.int64),
        pos_m=np.array(hand.grasp_centre_m) + rng.uniform(-0.01, 0.01, size=(count, 3)),
        quat_wxyz=quat / np.linalg.norm(quat, axis=1, keepdims=True),
        joints_rad=np.clip(joints, hand.lower_rad, hand.upper_rad),
    )


def test_points_lie_on_faces_that_look_at_the_camera(leap):
    made, seen = clouds(leap, 8), scenes(leap, 8)
    points = made.object_cloud(seen).points_m
    conjugate = seen.quat_wxyz * [1.0, -1.0, -1.0, -1.0]
    local = quat_rotate(conjugate[:, None], points - seen.pos_m[:, None])
    np.testing.assert_allclose(np.abs(local).max(axis=-1), 0.035, atol=1e-6)
    axis = np.abs(local).argmax(axis=-1)[..., None]
    normal = np.zeros_like(local)
    np.put_along_axis(normal, axis, np.sign(np.take_along_axis(local, axis, axis=-1)), axis=-1)
    sight = np.array(load_camera("demo").pos_m) - points
    assert ((quat_rotate(seen.quat_wxyz[:, None], normal) * sight).sum(axis=-1) > -1e-9).all()


def test_what_the_hand_stands_before_is_not_seen(leap):
    made, seen = clouds(leap, 1), scenes(leap, 1)
    points, normals = made._placed(seen)
    eye, middle = np.array(load_camera("demo").pos_m), points.mean(axis=1)
    board = middle + 0.2 * (eye - middle) + 0.1 * np.random.default_rng(0).uniform(-1.0, 1.0, size=(1, 20_000, 3))
    free, _ = made.visible(points, normals, np.full((1, 1, 3), 5.0))
    hidden, _ = made.visible(points, normals, board)
    assert free.mean() > 0.3 and not hidden.any()


def test_a_lost_image_leaves_the_cloud_and_the_stamp_before(leap):
    made = clouds(leap, 50, CloudNoise(lost_share=0.5))
    first = made.object_cloud(scenes(leap, 50, stamp=1))
    assert (first.stamp_ns == 1).all(), "an episode begins with an image"
    second = made.object_cloud(scenes(leap, 50, seed=1, stamp=2))
    lost = second.stamp_ns == 1
    assert 10 < lost.sum() < 40
    np.testing.assert_array_equal(second.points_m[lost], first.points_m[lost])
    assert (second.points_m[~lost] != first.points_m[~lost]).any(axis=(1, 2)).all()


def test_the_goal_cloud_is_the_model_in_the_goal_rotation_round_the_grasp_centre(leap):
    made, seen = clouds(leap, 3), scenes(leap, 3)
    goal = made.goal_cloud(seen.stamp_ns, seen.kind, seen.quat_wxyz)
    local = quat_rotate((seen.quat_wxyz * [1.0, -1.0, -1.0, -1.0])[:, None], goal.points_m - leap.grasp_centre_m)
    np.testing.assert_allclose(local, np.broadcast_to(made._points[0][:128], local.shape), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "least_m", "most_m"),
    [({"along_m": 0.003}, 0.001, 0.006), ({"bias_m": 0.01}, 0.002, 0.03), ({"extrinsic_m": 0.01}, 0.002, 0.03)],
)
def test_errors_move_points_by_as_much_as_they_say(leap, change, least_m, most_m):
    seen = scenes(leap, 20)
    perfect, wrong = (
        clouds(leap, 20, noise).object_cloud(seen).points_m for noise in (CloudNoise(), CloudNoise(**change))
    )
    off = [cKDTree(a).query(b)[0].mean() for a, b in zip(perfect, wrong, strict=True)]
    assert least_m < np.mean(off) < most_m


def test_clouds_go_on_exactly_from_a_snapshot(leap):
    noise = replace(STEREO_POINTS, points=32, lost_share=0.2)
    made = clouds(leap, 6, noise)
    made.object_cloud(scenes(leap, 6))
    kept = made.snapshot()
    expected = made.object_cloud(scenes(leap, 6, seed=1, stamp=5))
    other = clouds(leap, 6, noise)
    other.restore(kept)
    again = other.object_cloud(scenes(leap, 6, seed=1, stamp=5))
    np.testing.assert_array_equal(again.points_m, expected.points_m)


def test_points_of_the_hand_lie_on_its_surface_for_many_hands_at_once(leap):
    shape, joints = load_shape(leap), scenes(leap, 3).joints_rad
    points = HandPoints(leap, shape, 200)(joints)
    body = HandBody(leap, shape)
    for its, here in zip(points, joints, strict=True):
        assert body.near(its, here, 5e-4).all(), "no further out than the round ends of its parts"
        np.testing.assert_allclose(its, HandPoints(leap, shape, 200)(here), atol=1e-12)


def test_clouds_look_like_those_of_a_camera_with_perception_in_the_same_scene(leap):
    """Nearest distances both ways; neighbours in a cloud are 4 mm apart, so 2 mm are as near as clouds can be."""
    camera, centre = load_camera("demo").scaled(320), np.array(leap.grasp_centre_m)
    config = CloudConfig(pixels_across=320, radius_m=0.09, jump_m=0.012, hand_margin_m=0.004, voxel_m=0.004, points=512)
    eyes = DepthCloud(camera, centre, config, HandBody(leap, load_shape(leap)))
    view = RenderedView(leap, "cube70", camera, STEREO, 0)
    seen = scenes(leap, 8)
    made = clouds(leap, 8, STEREO_POINTS).object_cloud(seen).points_m
    there, back, missing, added = [], [], [], []
    for k in range(8):
        pose = PoseSample(stamp_ns=k + 1, pos_m=seen.pos_m[k], quat_wxyz=seen.quat_wxyz[k])
        real = eyes.step(view.render(seen.joints_rad[k], pose), seen.joints_rad[k]).points_m
        to_made, to_real = cKDTree(made[k]).query(real)[0], cKDTree(real).query(made[k])[0]
        there.append(to_made.mean())
        back.append(to_real.mean())
        missing.append((to_made > 0.008).mean())
        added.append((to_real > 0.008).mean())
    assert np.mean(there) < 0.0035 and np.mean(back) < 0.005
    assert np.mean(missing) < 0.04 and np.mean(added) < 0.10


def test_generated_objects_are_seen_whatever_their_family(leap):
    specs = tuple(item.spec for item in load_catalogue().chosen("held-out"))
    count = len(specs)
    made = clouds(leap, count, CloudNoise(points=64), specs)
    seen = replace(scenes(leap, count), kind=np.arange(count))
    cloud = made.object_cloud(seen)
    assert np.isfinite(cloud.points_m).all()
    assert (np.linalg.norm(cloud.points_m - seen.pos_m[:, None], axis=-1) < 0.06).all()


def test_some_goals_are_views_as_a_person_captures_them(leap):
    made, quat = clouds(leap, 40, CloudNoise(captured_share=0.5)), scenes(leap, 40).quat_wxyz
    made.restart(np.ones(40, dtype=bool))
    goal = made.goal_cloud(np.zeros(40, dtype=np.int64), np.zeros(40, dtype=np.int64), quat).points_m
    again = made.goal_cloud(np.zeros(40, dtype=np.int64), np.zeros(40, dtype=np.int64), quat).points_m
    np.testing.assert_array_equal(goal, again)
    eye, middle = np.array(load_camera("demo").pos_m), np.array(leap.grasp_centre_m)
    depth = ((goal - middle) @ (eye - middle)) / np.linalg.norm(eye - middle)
    behind = (depth < -0.02).mean(axis=1)
    captured = behind < 0.1
    assert 10 < captured.sum() < 30, "a view has nothing of the side that is turned away"
    assert (behind[~captured] > 0.15).all(), "a model has as much behind as before"
    assert np.abs(goal[captured].mean(axis=1) - middle).max() < 0.03


def test_the_middle_of_a_view_is_nearer_to_the_objects_than_the_mean_of_its_points(leap):
    specs = tuple(item.spec for item in load_catalogue().chosen("train"))
    made, rng = clouds(leap, len(specs), CloudNoise(points=128), specs), np.random.default_rng(0)
    quat = rng.normal(size=(len(specs), 4))
    seen = replace(
        scenes(leap, len(specs)), kind=np.arange(len(specs)), quat_wxyz=quat / np.linalg.norm(quat, axis=1)[:, None]
    )
    points, normals = made._placed(seen)
    there, _ = made.visible(points, normals, points[:, :0])
    off = [middle_of_view(p[t], made._eye) - m for p, t, m in zip(points, there, seen.pos_m, strict=True)]
    mean = [p[t].mean(axis=0) - m for p, t, m in zip(points, there, seen.pos_m, strict=True)]
    assert np.linalg.norm(off, axis=1).mean() < 0.007 and np.linalg.norm(mean, axis=1).mean() > 0.012
