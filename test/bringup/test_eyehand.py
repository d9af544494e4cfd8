"""Where the camera stands is found from what it sees of the hand, with the errors of a stereo camera on."""

from dataclasses import dataclass, replace

import mujoco
import numpy as np
import pytest

from dexterity_ros.bringup.eyehand.estimate import Fitted
from dexterity_ros.bringup.eyehand.hand_surface import HandSurface
from dexterity_ros.bringup.eyehand.poses import viewing_poses
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.steps.camera import POSES, _unobservable, check, fit, zero_sigmas
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.frames import matrix_to_quat, rotation_angle, rotation_between
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import Estimate, RobotSpec, Zeros
from dexterity_ros.contracts.robot_hand import NOMINAL_ZERO_RAD, as_robot
from dexterity_ros.sim.hidden import draw_hidden
from dexterity_ros.sim.individual import IndividualHand
from dexterity_ros.sim.individual_view import IndividualView

_ZERO_HALF_RAD = np.deg2rad(2.0)  # half of the 95 % interval that the step zeros leaves


@dataclass(frozen=True)
class Case:
    hand: object
    surface: HandSurface
    images: list
    joints: list
    truth: RobotSpec
    zero_errors_rad: np.ndarray
    fitted: Fitted


def seen(hand, hidden, camera, poses, zero_errors_rad, seed):
    """Returns images of an individual whose joints are read with errors."""
    joints = IndividualHand(hand, hidden)
    view = IndividualView(joints.model, hidden.placed(camera), hand.grasp_centre_m, seed)
    images = []
    for k, pose in enumerate(poses):
        joints.data.qpos[joints.qpos] = pose + zero_errors_rad
        images.append(view.see(joints.data.qpos, k + 1))
    return images


def with_zeros(hand):
    table = {
        name: Estimate(
            nominal=NOMINAL_ZERO_RAD, low=NOMINAL_ZERO_RAD - _ZERO_HALF_RAD, high=NOMINAL_ZERO_RAD + _ZERO_HALF_RAD
        )
        for name in hand.joint_names
    }
    zeros = Zeros(measured="2026-11-22", residual_rad=0.0, zeros_rad=table)
    return as_robot(hand, RobotSpec(name="r", hand=hand.name, hand_digest=hand.digest, zeros=zeros))


@pytest.fixture(scope="module")
def case():
    hand, camera = load_hand("leap"), load_camera("demo")
    hidden, surface = draw_hidden(hand, camera, 1001), HandSurface(hand)
    errors = np.random.default_rng(1001).normal(size=16) * _ZERO_HALF_RAD / 1.96
    poses = viewing_poses(hand, surface, POSES)
    images = seen(hand, hidden, camera, poses, errors, 1001)
    robot = with_zeros(hand)
    return Case(robot, surface, images, poses, hidden, errors, fit(camera, robot, surface, images, poses))


def camera_errors(fitted, truth):
    place = truth.camera
    shift = np.linalg.norm(fitted.estimate.pos_m - np.array(place.pos_m))
    turn = rotation_angle(rotation_between(matrix_to_quat(fitted.estimate.rotation), np.array(place.quat_wxyz)))
    return shift, turn


def test_the_camera_is_found_within_2_mm_and_half_a_degree(case):
    shift_m, turn_rad = camera_errors(case.fitted, case.truth)
    assert shift_m < 2e-3
    assert turn_rad < np.deg2rad(0.5)
    check(case.fitted)


def test_the_intervals_of_place_and_turn_cover_the_truth(case):
    shift_m, turn_rad = camera_errors(case.fitted, case.truth)
    place_m, angle_rad = case.fitted.camera_interval
    assert shift_m < place_m < 4e-3
    assert turn_rad < angle_rad < np.deg2rad(0.6)


def test_zeros_are_better_known_afterwards_than_before(case):
    before = np.sqrt(np.mean(case.zero_errors_rad**2))
    after = np.sqrt(np.mean((case.fitted.estimate.zeros_rad - case.zero_errors_rad) ** 2))
    assert after < 0.7 * before
    assert (case.fitted.zero_interval_rad <= 1.96 * zero_sigmas(case.hand) + 1e-9).all()


def test_a_table_behind_the_hand_plays_no_part(case):
    camera = load_camera("demo")
    images = [
        replace(image, depth_mm=np.where(image.depth_mm == 0, 520, image.depth_mm).astype(np.uint16))
        for image in case.images
    ]
    shift_m, turn_rad = camera_errors(fit(camera, case.hand, case.surface, images, case.joints), case.truth)
    assert shift_m < 2.5e-3
    assert turn_rad < np.deg2rad(0.5)


def test_one_pose_leaves_zeros_open_and_they_are_named(case):
    one = fit(load_camera("demo"), case.hand, case.surface, case.images[:1], case.joints[:1])
    assert len(one.open_directions) > len(case.fitted.open_directions)
    assert any("singular value" in line for line in _unobservable(case.hand, one))


def test_images_of_something_else_are_refused(case):
    rng = np.random.default_rng(0)
    noise = [
        replace(image, depth_mm=rng.integers(350, 480, image.depth_mm.shape).astype(np.uint16))
        for image in case.images[:3]
    ]
    with pytest.raises(HandError, match="images do not fit the hand|sees too little"):
        check(fit(load_camera("demo"), case.hand, case.surface, noise, case.joints[:3]))


def test_an_image_without_anything_near_is_refused(case):
    empty = [replace(image, depth_mm=np.zeros_like(image.depth_mm)) for image in case.images[:2]]
    with pytest.raises(HandError, match="images do not fit the hand|sees too little"):
        check(fit(load_camera("demo"), case.hand, case.surface, empty, case.joints[:2]))


@pytest.mark.parametrize("name", ["leap", "dclaw"])
def test_poses_to_look_at_are_inside_the_limits_and_touch_nothing_on_the_way(name):
    hand = load_hand(name)
    model = mujoco.MjModel.from_xml_path(str(hand.mjcf_path))
    data, at = mujoco.MjData(model), [model.joint(joint).qposadr[0] for joint in hand.joint_names]
    here = np.array(hand.home_pos_rad)
    data.qpos[at] = here
    mujoco.mj_forward(model, data)
    touching = {tuple(sorted(pair)) for pair in data.contact.geom.tolist()}
    for pose in viewing_poses(hand, HandSurface(hand), POSES):
        assert (pose >= hand.lower_rad).all() and (pose <= hand.upper_rad).all()
        for share in np.linspace(0.0, 1.0, 20):
            data.qpos[at] = here + share * (pose - here)
            mujoco.mj_forward(model, data)
            assert {tuple(sorted(pair)) for pair in data.contact.geom.tolist()} <= touching
        here = pose


def test_distances_change_with_joints_and_lengths_as_their_columns_say(case):
    rng = np.random.default_rng(0)
    joints = np.array(case.hand.home_pos_rad)
    posed = case.surface.at(joints, np.zeros(case.surface.links))
    points = rng.normal(size=(60, 3)) * 0.03 + np.array(case.hand.grasp_centre_m)
    nearest = posed.nearest(points)
    by_joint, by_length = posed.by_joints(points, nearest), posed.by_lengths(nearest)
    step = 1e-7
    for k in range(case.surface.joints):
        moved = case.surface.at(joints + step * np.eye(16)[k], np.zeros(case.surface.links)).nearest(points)
        np.testing.assert_allclose((moved.distance_m - nearest.distance_m) / step, by_joint[:, k], atol=1e-4)
    for k in range(case.surface.links):
        moved = case.surface.at(joints, step * np.eye(case.surface.links)[k]).nearest(points)
        np.testing.assert_allclose((moved.distance_m - nearest.distance_m) / step, by_length[:, k], atol=1e-4)
