"""From depth to pose: what is kept of an image, what is taken out, and how well a box is followed in what remains."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

import mujoco

from dexterity_ros.contracts import config
from dexterity_ros.contracts.box_object import BoxObject, load_box
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import ConfigError, Fault, FaultCode
from dexterity_ros.contracts.frames import (
    quat_multiply,
    quat_rotate,
    quat_to_matrix,
    rotation_angle,
    rotation_between,
    rotvec_to_quat,
)
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import CloudSample, DepthSample, JointSample, PoseSample
from dexterity_ros.estimation.object_estimator import FOUND_ONCE, Estimate, ObjectEstimator
from dexterity_ros.estimation.surface_tracker import SurfaceTracker, Track, TrackerConfig
from dexterity_ros.estimation.surfaces import box_distance, box_surface
from dexterity_ros.estimation.symmetry import ColourVote, symmetric_turns
from dexterity_ros.perception.depth_cloud import CloudConfig, DepthCloud, fixed_size, one_per_voxel
from dexterity_ros.perception.face_colours import UNKNOWN, face_labels
from dexterity_ros.perception.hand_shape import HandBody, load_shape
from dexterity_ros.pipeline.object_pipeline import ObjectPipeline
from dexterity_ros.sim.depth_camera import DepthCamera
from dexterity_ros.sim.hand_shape import hand_shape
from dexterity_ros.sim.rendered_view import STEREO, RenderedView
from dexterity_ros.sim.scene import PhysicsConfig, build_scene

BOX = load_box("cube70")
HALF = BOX.half_m


@pytest.fixture(scope="module")
def camera():
    return load_camera("demo")


@pytest.fixture(scope="module")
def scene(leap):
    return build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.005, substeps=1))


def cloud_config(**change):
    values = {
        "pixels_across": 320,
        "radius_m": 0.09,
        "jump_m": 0.012,
        "hand_margin_m": 0.004,
        "voxel_m": 0.004,
        "points": 512,
    }
    return CloudConfig(**(values | change))


class Stage:
    """A hand at home with the cube held still, seen by a camera."""

    def __init__(self, leap, camera, scene, noise):
        self.leap, self.scene = leap, scene
        self.data = mujoco.MjData(scene.model)
        centre = np.array(leap.grasp_centre_m)
        self.camera = DepthCamera(scene, camera, centre, 0.12, noise, seed=0)
        self.cloud = DepthCloud(camera, np.array(leap.grasp_centre_m), cloud_config(), HandBody(leap, load_shape(leap)))
        self.home = np.array(leap.home_pos_rad)
        self.stamp = 0

    def see(self, pose):
        """Returns the cloud of the cube at a pose."""
        self.stamp += 33_000_000
        self.data.qpos[self.scene.joint_qpos] = self.home
        self.data.qpos[self.scene.object_qpos] = np.concatenate([pose.pos_m, pose.quat_wxyz])
        mujoco.mj_kinematics(self.scene.model, self.data)
        image, rgb = self.camera.see(self.data, BOX)
        depth = DepthSample(stamp_ns=self.stamp, depth_mm=image, rgb=rgb)
        return self.cloud.step(depth, self.home)

    def pose(self, offset=(0.0, 0.0, 0.0), turn=(0.0, 0.0, 0.0)):
        position = np.array(self.leap.grasp_centre_m) + np.array(offset) + np.array([0.0, 0.0, 0.02])
        return PoseSample(stamp_ns=self.stamp, pos_m=position, quat_wxyz=rotvec_to_quat(np.array(turn)))


@pytest.fixture
def stage(leap, camera, scene):
    calibrated = replace(STEREO, extrinsic_m=0.0, extrinsic_rad=0.0, joint_zero_rad=0.0)
    return Stage(leap, camera, scene, calibrated)


@pytest.mark.parametrize("name", ["leap", "dclaw"])
def test_the_shape_beside_the_mjcf_is_what_the_mjcf_says(name):
    hand = load_hand(name)
    assert config.to_mapping(load_shape(hand)) == hand_shape(hand)


@settings(max_examples=25, deadline=None)
@given(arrays(np.float64, 16, elements=st.floats(0.0, 1.0)))
def test_forward_kinematics_is_mujocos(share):
    hand = load_hand("leap")
    model = mujoco.MjModel.from_xml_path(str(hand.mjcf_path))
    data = mujoco.MjData(model)
    joints = hand.lower_rad + share * (hand.upper_rad - hand.lower_rad)
    data.qpos[[model.joint(n).qposadr[0] for n in hand.joint_names]] = joints
    mujoco.mj_kinematics(model, data)
    for body, pose in enumerate(HandBody(hand, load_shape(hand)).links(joints), start=1):
        np.testing.assert_allclose(pose[:3, 3], data.xpos[body], atol=1e-7)
        np.testing.assert_allclose(pose[:3, :3], data.xmat[body].reshape(3, 3), atol=1e-7)


def test_a_shape_of_another_hand_is_refused(leap):
    other = replace(leap, joints=leap.joints[:-1], home_pos_rad=leap.home_pos_rad[:-1])
    with pytest.raises(ConfigError, match=r"shape\.yaml of leap turns"):
        load_shape(other)


def test_the_cloud_is_the_cubes_and_not_the_hands(stage):
    pose = stage.pose(turn=(0.1, 0.2, 0.5))
    cloud = stage.see(pose)
    assert cloud.points_m.shape == (512, 3)
    local = (cloud.points_m - pose.pos_m) @ quat_to_matrix(pose.quat_wxyz)
    distance, _ = box_distance(local, np.array(HALF))
    assert np.quantile(np.abs(distance), 0.95) < 0.003


def test_without_the_mask_the_hand_is_in_the_cloud(leap, camera, scene, stage):
    stage.cloud = DepthCloud(camera, np.array(leap.grasp_centre_m), cloud_config(), None)
    pose = stage.pose()
    distance, _ = box_distance(stage.see(pose).points_m - pose.pos_m, np.array(HALF))
    assert (np.abs(distance) > 0.006).mean() > 0.1


def test_a_flying_pixel_is_dropped_and_an_edge_is_kept(leap, camera):
    cloud = DepthCloud(camera, np.array(leap.grasp_centre_m), cloud_config(pixels_across=640, radius_m=0.2), None)
    depth = np.full((480, 640), 450, dtype=np.uint16)
    depth[200:280, 300:340] = 400
    whole = len(cloud.deproject(depth)[0])
    depth[240, 300] = 425  # between the near part and what is behind it
    assert len(cloud.deproject(depth)[0]) == whole - 1


def test_the_same_stamp_draws_the_same_points_and_few_are_repeated():
    np.testing.assert_array_equal(fixed_size(900, 100, 7), fixed_size(900, 100, 7))
    assert not np.array_equal(fixed_size(900, 100, 7), fixed_size(900, 100, 8))
    assert len(np.unique(fixed_size(900, 100, 7))) == 100
    few = fixed_size(5, 100, 7)
    assert few.shape == (100,) and set(few) == set(range(5))


@given(arrays(np.float64, (40, 3), elements=st.floats(-1.0, 1.0)))
def test_every_voxel_keeps_one_point_and_none_is_lost(points):
    cells = np.floor(points / 0.1).astype(int)
    kept = one_per_voxel(points, 0.1)
    assert len(kept) == len(np.unique(cells, axis=0)) == len(np.unique(cells[kept], axis=0))


@pytest.mark.parametrize(
    "image, said",
    [
        (np.ones((240, 320), dtype=np.uint16), "uint16 320x240, expected uint16 640x480"),
        (np.ones((480, 640), dtype=np.float32), "float32 640x480"),
        (np.zeros((480, 640), dtype=np.uint16), "every depth is zero"),
    ],
)
def test_a_bad_image_is_a_fault_that_says_what_it_is(stage, image, said):
    fault = stage.cloud.step(DepthSample(stamp_ns=0, depth_mm=image), stage.home)
    assert fault.code == FaultCode.DEPTH_INVALID and said in fault.detail


def test_an_empty_workspace_is_a_fault(stage):
    far = np.full((480, 640), 1400, dtype=np.uint16)
    assert stage.cloud.step(DepthSample(stamp_ns=0, depth_mm=far), stage.home).code == FaultCode.CLOUD_EMPTY


def test_a_camera_that_cannot_be_is_refused(camera):
    with pytest.raises(ConfigError, match="fx is 0"):
        replace(camera, fx=0.0)
    with pytest.raises(ConfigError, match="not a unit quaternion"):
        replace(camera, quat_wxyz=(1.0, 1.0, 0.0, 0.0))


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


def test_the_faces_beside_the_mjcf_have_its_colours():
    model = mujoco.MjModel.from_xml_path(str(resource("models/objects/cube70/object.xml")))
    names = ("x_pos", "x_neg", "y_pos", "y_neg", "z_pos", "z_neg")
    drawn = np.array([model.geom(f"face_{name}").rgba[:3] for name in names]) * 255
    np.testing.assert_allclose(BOX.colours, drawn, atol=1.0)


def test_faces_in_the_wrong_order_are_refused():
    with pytest.raises(ConfigError, match="faces must be"):
        BoxObject(half_m=HALF, faces=BOX.faces[::-1])


@pytest.mark.parametrize("light", [1.0, 0.6, 0.35])
def test_colours_are_told_in_any_light_and_grey_and_black_are_nobodys(light):
    seen = np.clip(BOX.colours * light, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(face_labels(seen, BOX)[:5], range(5))
    assert face_labels(np.array([[5, 5, 5], [120, 60, 90]], dtype=np.uint8), BOX)[0] == UNKNOWN


def test_a_cube_has_24_symmetric_poses_and_a_brick_has_four():
    assert len(symmetric_turns(BOX)) == 24
    assert len(symmetric_turns(replace(BOX, half_m=(0.01, 0.02, 0.03)))) == 4


@pytest.mark.parametrize("turn", range(1, 24, 4))
def test_a_slip_to_a_symmetric_pose_is_seen_and_undone(stage, turn):
    pose = stage.pose(turn=(0.1, -0.2, 0.4))
    cloud = stage.see(pose)
    labels = face_labels(cloud.rgb, BOX)
    colours = ColourVote(BOX)
    right = colours.step(cloud, labels, pose)
    assert right.better is None and right.agreement > 0.9
    turns = [t for t in symmetric_turns(BOX) if abs(t[0]) < 1.0 - 1e-9]
    slipped = replace(pose, quat_wxyz=quat_multiply(pose.quat_wxyz, turns[turn - 1]))
    found = colours.step(cloud, labels, slipped)
    assert found.better is not None
    assert np.rad2deg(rotation_angle(rotation_between(found.better.quat_wxyz, pose.quat_wxyz))) < 0.1


def test_few_colours_decide_nothing(stage):
    pose = stage.pose()
    cloud = stage.see(pose)
    labels = np.full(len(cloud.points_m), UNKNOWN)
    labels[:10] = 4
    result = ColourVote(BOX).step(cloud, labels, pose)
    assert result.better is None and result.points == 10


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

    def __init__(self, leap, camera):
        self.view = RenderedView(leap, "cube70", camera, STEREO, seed=0)
        config = cloud_config()
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
def robot(leap, camera):
    return Robot(leap, camera)


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


def test_a_smaller_image_of_the_same_camera_gives_the_same_pose(leap, camera):
    small = Robot(leap, camera.scaled(320))
    small.pipeline = ObjectPipeline(leap, camera.scaled(320), "cube70", cloud_config())
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
