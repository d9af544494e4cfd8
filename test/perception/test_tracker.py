"""How well a box is followed in a cloud, and what its tracker knows of its own errors."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.frames import quat_multiply, quat_rotate, rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.samples import CloudSample, PoseSample
from dexterity_ros.estimation.surface_tracker import SurfaceTracker, Track, TrackerConfig
from dexterity_ros.estimation.surfaces import box_distance, box_surface

BOX = load_box("cube70")
HALF = BOX.half_m


@given(arrays(np.float64, (20, 3), elements=st.floats(-0.1, 0.1)))
def test_the_distance_to_a_box_grows_along_its_normal(points):
    half = np.array(HALF)
    distance, normal = box_distance(points, half)
    np.testing.assert_allclose(np.sqrt((normal**2).sum(axis=1)), 1.0, atol=1e-9)
    further, _ = box_distance(points + 1e-4 * normal, half)
    np.testing.assert_allclose(further - distance, 1e-4, atol=1e-9)


def follow(stage, tracker, poses):
    """Returns (position errors mm, rotation errors deg) over a path."""
    errors = []
    for pose in poses:
        track = tracker.step(stage.see(pose))
        assert isinstance(track, Track), track
        turn = rotation_angle(rotation_between(pose.quat_wxyz, track.pose.quat_wxyz))
        errors.append((np.linalg.norm(track.pose.pos_m - pose.pos_m) * 1e3, np.rad2deg(turn)))
    return np.array(errors).T


def test_a_turning_cube_is_followed(stage):
    tracker = SurfaceTracker(box_surface(HALF), TrackerConfig())
    tracker.begin(stage.pose())
    path = [stage.pose(offset=(0.0, 0.004 * np.sin(k / 8), 0.0), turn=(0.0, 0.0, 0.05 * k)) for k in range(60)]
    position_mm, rotation_deg = follow(stage, tracker, path)
    assert np.median(position_mm) < 1.0 and np.median(rotation_deg) < 1.0
    assert np.quantile(rotation_deg, 0.95) < 3.0


def test_a_tracker_without_a_beginning_and_one_without_a_box_say_so(stage):
    tracker = SurfaceTracker(box_surface(HALF), TrackerConfig())
    cloud = stage.see(stage.pose())
    assert tracker.step(cloud).code == FaultCode.POSE_LOST
    tracker.begin(replace(stage.pose(), pos_m=np.array([1.0, 1.0, 1.0])))
    lost = tracker.step(cloud)
    assert isinstance(lost, Fault) and lost.code == FaultCode.POSE_LOST and "points on the object" in lost.detail


def test_a_symmetric_pose_fits_as_well_which_is_why_colours_are_needed(stage):
    pose = stage.pose()
    quarter = quat_multiply(pose.quat_wxyz, rotvec_to_quat(np.array([0.0, 0.0, np.pi / 2])))
    cloud = stage.see(pose)
    right, turned = (
        SurfaceTracker(box_surface(HALF), TrackerConfig()),
        SurfaceTracker(box_surface(HALF), TrackerConfig()),
    )
    right.begin(pose)
    turned.begin(replace(pose, quat_wxyz=quarter))
    assert turned.step(cloud).residual_m == pytest.approx(right.step(cloud).residual_m, abs=1e-5)


def test_the_covariance_is_large_where_nothing_is_seen():
    rng = np.random.default_rng(0)
    top = np.concatenate([rng.uniform(-0.025, 0.025, size=(400, 2)), np.full((400, 1), 0.035)], axis=1)
    tracker = SurfaceTracker(box_surface(HALF), TrackerConfig())
    still = np.array([1.0, 0.0, 0.0, 0.0])
    tracker.begin(PoseSample(stamp_ns=0, pos_m=np.zeros(3), quat_wxyz=still))
    track = tracker.step(CloudSample(stamp_ns=33_000_000, points_m=quat_rotate(still[None], top)))
    deviation = np.sqrt(np.diag(track.covariance))
    assert deviation[0] > 20 * deviation[2] and deviation[5] > 20 * deviation[3]
