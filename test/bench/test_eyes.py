"""Figures about the eyes are what they claim to be: known errors come out as those errors."""

import tracemalloc

import numpy as np
import pytest

pytest.importorskip("mujoco")
pytest.importorskip("cv2")

from dexterity_ros.bench.eyes import Disturbance, EyesJudge, Motion, simulate_motions
from dexterity_ros.bench.perception import demo_cloud
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.pose_judge import PoseJudge
from dexterity_ros.runtime.policy_pipeline import load_pipeline

SECOND = 1_000_000_000
CENTRE = (0.0, 0.0, 0.1)


def pose(stamp_s, x_m=0.0, yaw=0.0):
    quat = rotvec_to_quat(np.array([0.0, 0.0, yaw]))
    return PoseSample(stamp_ns=round(stamp_s * SECOND), pos_m=np.array([x_m, 0.0, 0.1]), quat_wxyz=quat)


@pytest.fixture
def judge():
    """The object moves at 5 mm/s and turns at 1 rad/s; one goal is pursued from 1 s to 9 s."""
    judge = PoseJudge(CENTRE)
    for k in range(1000):
        if k == 100:
            judge.event({"event": "issued"})
        if k == 900:
            judge.event({"event": "reached"})
        judge.see(pose(0.01 * k, x_m=0.00005 * k, yaw=0.01 * k))
    return judge


def test_errors_are_taken_at_the_time_of_the_image(judge):
    for t in np.arange(0.033, 9.9, 1 / 15):
        judge.estimate(pose(t, x_m=0.005 * t + 0.002, yaw=t + np.deg2rad(3.0)))
    found = judge.figures()
    assert found["position_mm"]["p50"] == pytest.approx(2.0, abs=0.02)
    assert found["rotation_deg"]["p95"] == pytest.approx(3.0, abs=0.02)
    assert found["lost_percent"] == 0.0 and found["wrong_percent"] == 0.0
    assert found["poses"] == pytest.approx(120, abs=1)


def test_a_silence_counts_as_lost_beyond_what_the_policy_bears_and_only_while_a_goal_is_pursued(judge):
    for t in np.arange(0.0, 9.9, 0.05):
        if not 3.0 < t < 4.0 and t > 0.5:
            judge.estimate(pose(t, x_m=0.005 * t, yaw=t))
    found = judge.figures()
    assert found["longest_gap_s"] == pytest.approx(1.0, abs=0.06)
    assert found["lost_percent"] == pytest.approx(100 * 0.85 / 8.0, abs=0.7)


def test_a_pose_that_is_far_off_is_called_wrong(judge):
    for t in np.arange(0.0, 9.9, 0.05):
        judge.estimate(pose(t, x_m=0.005 * t, yaw=t + (np.pi / 2 if t > 5.0 else 0.0)))
    assert judge.figures()["wrong_percent"] == pytest.approx(50.0, abs=1.0)


def test_what_has_fallen_out_of_the_hand_need_not_be_seen():
    judge = PoseJudge(CENTRE)
    judge.see(pose(0.0))
    judge.event({"event": "issued"})
    for k in range(1, 1000):
        judge.see(pose(0.01 * k, x_m=0.0 if k < 500 else 0.2))
        if k < 500 and k % 5 == 0:
            judge.estimate(pose(0.01 * k))
    judge.event({"event": "timeout"})
    found = judge.figures()
    assert found["lost_percent"] == 0.0 and found["longest_gap_s"] < 0.1


def test_an_estimate_that_is_there_before_the_truth_waits_for_it(judge):
    live = PoseJudge(CENTRE)
    live.see(pose(0.0))
    live.event({"event": "issued"})
    for k in range(1, 300):
        if k % 5 == 0:
            live.estimate(pose(0.01 * k - 0.003, x_m=0.001))
        live.see(pose(0.01 * k))
    live.event({"event": "reached"})
    found = live.figures()
    assert found["poses"] == 59 and found["position_mm"]["p99"] == pytest.approx(1.0, abs=1e-3)


def test_an_hour_of_poses_needs_little_memory(judge):
    def held(first_s, last_s):
        for k in range(100 * first_s, 100 * last_s):
            judge.see(pose(10 + 0.01 * k))
            if k % 3 == 0:
                judge.estimate(pose(10 + 0.01 * k))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    before = held(0, 12)
    grown = held(12, 24) - before
    tracemalloc.stop()
    assert grown < 30_000  # bytes in 12 s: 9 MB an hour


def test_nothing_seen_gives_no_figures():
    assert PoseJudge(CENTRE).figures() == {}


@pytest.mark.parametrize("name", ["leap_yaw", "leap_so3_reinforced"])
def test_hands_move_under_policies_with_and_without_memory(leap, name):
    pipeline = load_pipeline(shipped(f"models/policies/{name}"), leap)
    (motion,) = simulate_motions(pipeline, "yaw", seconds=0.4, hands=1, seed=0)
    assert len(motion.stamp_ns) == 7 and np.ptp(motion.joints_rad, axis=0).max() > 0.02


@pytest.fixture
def motion(leap):
    """Three seconds of a cube that turns slowly in a still hand."""
    count = 45
    turns = [rotvec_to_quat(np.array([0.0, 0.0, 0.01 * k])) for k in range(count)]
    return Motion(
        stamp_ns=SECOND + np.arange(count) * SECOND // 15,
        joints_rad=np.tile(leap.home_pos_rad, (count, 1)),
        pos_m=np.tile(np.array(leap.grasp_centre_m) + np.array([0.0, 0.0, 0.02]), (count, 1)),
        quat_wxyz=np.stack([quat_multiply(turn, np.array([1.0, 0.0, 0.0, 0.0])) for turn in turns]),
    )


def judged(leap, motion, **what):
    eyes = EyesJudge(leap, "cube70", load_camera("demo").scaled(320), demo_cloud())
    return eyes.judge([motion], Disturbance(**what), seed=0)


def test_a_slow_cube_is_seen_well_and_a_badly_placed_camera_shows_in_the_figures(leap, motion):
    good, displaced = judged(leap, motion), judged(leap, motion, extrinsic_m=0.01, extrinsic_rad=0.0)
    assert good["images"] == 45 and good["wrong_percent"] == 0.0
    assert good["lost_percent"] == round(100 / 45, 3)  # the first, which the second has to confirm
    assert good["rotation_deg_p50"] < 1.0 and good["position_mm_p50"] < 2.5
    assert displaced["position_mm_p50"] > 8.0


def test_a_camera_that_sees_nothing_loses_the_object(leap, motion):
    found = judged(leap, motion, noise=60.0)
    assert found["lost_percent"] > 90.0 and found["wrong_percent"] == 0.0
