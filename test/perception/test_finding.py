"""From image to pose: an object is found, lost and found again, and never guessed."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

from dexterity_ros.contracts.errors import ConfigError, Fault, FaultCode
from dexterity_ros.contracts.frames import rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.samples import JointSample, PoseSample
from dexterity_ros.estimation.object_estimator import FOUND_ONCE, Estimate, Memory, ObjectEstimator
from dexterity_ros.estimation.surface_tracker import TrackerConfig
from dexterity_ros.estimation.surfaces import box_surface
from dexterity_ros.estimation.symmetry import ColourVote
from dexterity_ros.perception.face_colours import UNKNOWN, face_labels
from dexterity_ros.runtime.object_pipeline import ObjectPipeline
from dexterity_ros.sim.rendered_view import STEREO, RenderedView

BOX = load_box("cube70")
HALF = BOX.half_m


def wrong_by(estimate, pose):
    """Returns (mm, degrees)."""
    found = estimate.track.pose
    turn = rotation_angle(rotation_between(found.quat_wxyz, pose.quat_wxyz))
    return np.linalg.norm(found.pos_m - pose.pos_m) * 1e3, np.rad2deg(turn)


def estimate(stage, estimator, pose):
    cloud = stage.see(pose)
    return cloud if isinstance(cloud, Fault) else estimator.step(cloud, face_labels(cloud.rgb, BOX))


@pytest.mark.parametrize("seed", range(6))
def test_an_object_is_found_wherever_and_however_it_lies(stage, seed):
    rng = np.random.default_rng(seed)
    pose = stage.pose(offset=rng.uniform(-0.01, 0.01, size=3), turn=rng.uniform(-2.0, 2.0, size=3))
    estimator = ObjectEstimator(box_surface(HALF), ColourVote(BOX), TrackerConfig())
    once, found = (estimate(stage, estimator, pose) for _ in range(2))
    assert isinstance(once, Fault) and FOUND_ONCE in once.detail and isinstance(found, Estimate), (once, found)
    position_mm, rotation_deg = wrong_by(found, pose)
    assert found.basis == "found" and position_mm < 4.0 and rotation_deg < 3.0


def test_it_is_found_again_after_a_blackout_in_which_it_turned(stage):
    estimator = ObjectEstimator(box_surface(HALF), ColourVote(BOX), TrackerConfig())
    for k in range(5):
        estimate(stage, estimator, stage.pose(turn=(0.0, 0.0, 0.02 * k)))
    stage.stamp += 500_000_000
    turned = stage.pose(turn=(0.0, 0.0, 1.4))
    results = [estimate(stage, estimator, turned) for _ in range(12)]
    assert isinstance(results[-1], Estimate)
    assert wrong_by(results[-1], turned)[1] < 3.0
    for result in results:  # until it is sure again it says so, or is right
        assert isinstance(result, Fault) or wrong_by(result, turned)[1] < 15.0


def test_an_object_without_colours_is_not_believed(stage):
    estimator = ObjectEstimator(box_surface(HALF), ColourVote(BOX), TrackerConfig())
    cloud = stage.see(stage.pose())
    fault = estimator.step(cloud, np.full(len(cloud.points_m), UNKNOWN))
    assert fault.code == FaultCode.POSE_LOST and "which way round" in fault.detail


def test_colours_that_fit_no_pose_are_not_believed(stage):
    estimator = ObjectEstimator(box_surface(HALF), ColourVote(BOX), TrackerConfig())
    cloud = stage.see(stage.pose(turn=(0.3, 0.2, 0.1)))
    labels = np.random.default_rng(0).integers(0, 6, size=len(cloud.points_m))
    assert estimator.step(cloud, labels).code == FaultCode.POSE_LOST


class Robot:
    """Images and joints as a robot sends them."""

    def __init__(self, leap, camera, config):
        self.view = RenderedView(leap, "cube70", camera, STEREO, seed=0)
        self.pipeline = ObjectPipeline(leap, camera, "cube70", config)
        self.home, self.now = np.array(leap.home_pos_rad), 10**9
        self.centre = np.array(leap.grasp_centre_m) + np.array([0.0, 0.0, 0.02])

    def joints(self):
        self.pipeline.joints(JointSample(stamp_ns=self.now, pos_rad=self.home, vel_rad_s=np.zeros(16)))

    def image(self, **change):
        turn = rotvec_to_quat(np.array([0.1, 0.2, 0.3]))
        seen = self.view.render(self.home, PoseSample(stamp_ns=self.now, pos_m=self.centre, quat_wxyz=turn))
        return replace(seen, **change)

    def step(self, **change):
        self.now += 66_000_000
        self.joints()
        return self.pipeline.step(self.image(**change)).result


@pytest.fixture
def robot(leap, camera, cloud_config):
    return Robot(leap, camera, cloud_config())


def test_from_image_to_pose_and_back_to_it_after_trouble(robot):
    assert FOUND_ONCE in robot.step().detail
    assert robot.step().basis == "found" and robot.step().basis == "tracked"
    for change, code in (
        ({"rgb": None}, FaultCode.DEPTH_INVALID),
        ({"depth_mm": np.zeros((480, 640), dtype=np.uint16)}, FaultCode.DEPTH_INVALID),
        ({"depth_mm": np.full((480, 640), 1400, dtype=np.uint16)}, FaultCode.CLOUD_EMPTY),
    ):
        assert robot.step(**change).code == code
        robot.step()
        assert isinstance(robot.step(), Estimate)


def test_an_image_without_its_joints_is_not_used(robot):
    assert robot.pipeline.step(robot.image()).result.code == FaultCode.JOINTS_STALE
    robot.joints()
    robot.now += 200_000_000
    assert robot.pipeline.step(robot.image()).result.code == FaultCode.JOINTS_STALE


def test_joints_that_are_not_numbers_take_no_hand_out_of_an_image(robot):
    fault = robot.pipeline.joints(JointSample(stamp_ns=robot.now, pos_rad=robot.home * np.nan, vel_rad_s=robot.home))
    assert fault.code == FaultCode.JOINTS_INVALID
    assert robot.pipeline.step(robot.image()).result.code == FaultCode.JOINTS_STALE


def test_a_stamp_that_jumps_back_is_a_fault_and_what_follows_is_found_again(robot):
    robot.step()
    robot.now -= 500_000_000
    back = robot.step()
    assert back.code == FaultCode.DEPTH_INVALID and "before the last one's" in back.detail
    robot.step()
    assert robot.step().basis == "found"


def test_a_smaller_image_of_the_same_camera_gives_the_same_pose(leap, camera, cloud_config):
    small = Robot(leap, camera.scaled(320), cloud_config())
    small.step()
    result = small.step()
    turn = rotation_angle(rotation_between(rotvec_to_quat(np.array([0.1, 0.2, 0.3])), result.track.pose.quat_wxyz))
    assert np.linalg.norm(result.track.pose.pos_m - small.centre) < 0.003 and np.rad2deg(turn) < 2.0


def test_a_camera_without_a_depth_range_is_refused_and_another_size_keeps_the_view(camera):
    with pytest.raises(ConfigError, match="depth_range_m"):
        replace(camera, depth_range_m=(0.5, 0.2))
    half = camera.scaled(320)
    assert (half.width, half.height) == (320, 240)
    np.testing.assert_allclose(half.matrix[[0, 2]], camera.matrix[[0, 2]] / 2)


def test_another_estimator_goes_on_from_what_the_first_remembered_through_json(stage):
    first = ObjectEstimator(box_surface(HALF), ColourVote(BOX), TrackerConfig())
    assert first.memory is None
    for k in range(12):
        cloud = stage.see(stage.pose(turn=(0.0, 0.0, 0.03 * k)))
        labels = face_labels(cloud.rgb, BOX)
        told = first.memory and Memory(**json.loads(json.dumps(asdict(first.memory))))
        second = ObjectEstimator(box_surface(HALF), ColourVote(BOX), TrackerConfig())
        second.resume(told)
        for seen, again in zip(numbers(first.step(cloud, labels)), numbers(second.step(cloud, labels)), strict=True):
            np.testing.assert_array_equal(seen, again)
        assert first.memory == second.memory


def numbers(result):
    return [result.track.pose.pos_m, result.track.pose.quat_wxyz] if isinstance(result, Estimate) else [str(result)]
