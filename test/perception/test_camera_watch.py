"""Whether a camera that was bumped is noticed by the hand it sees, and one that stands well is left alone."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.perception.camera_watch import CameraWatch, WatchConfig
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.safety.faults import REACTIONS, Reaction
from dexterity_ros.sim.rendered_view import STEREO, RenderedView

_PERIOD_NS = 66_000_000
_IMAGES = 24


def _bumped(camera, shift_m, turn_rad):
    quat = quat_multiply(rotvec_to_quat(np.array(turn_rad)), np.array(camera.quat_wxyz))
    return replace(camera, pos_m=tuple(np.array(camera.pos_m) + shift_m), quat_wxyz=tuple(quat))


def _run(hand, stands, said, seed=0, images=_IMAGES):
    """Returns the fault after some images of a hand that moves with a cube in it, and the watch."""
    view = RenderedView(hand, "cube70", stands, STEREO, seed)
    watch = CameraWatch(hand, said, HandBody(hand, load_shape(hand)), WatchConfig())
    rng, fault = np.random.default_rng(seed), None
    centre = np.array(hand.grasp_centre_m)
    for k in range(images):
        joints = np.array(hand.home_pos_rad) + 0.25 * np.sin(0.3 * k + rng.uniform(0.0, 6.0, len(hand.joints)))
        joints = np.clip(joints, hand.lower_rad, hand.upper_rad)
        pose = PoseSample(stamp_ns=(k + 1) * _PERIOD_NS, pos_m=centre, quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0]))
        fault = watch.step(view.render(joints, pose), joints)
    return fault, watch


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_well_calibrated_camera_stays_below_half_of_what_is_a_fault(leap, seed):
    camera = load_camera("demo").scaled(320)
    fault, watch = _run(leap, camera, camera, seed)
    assert fault is None
    assert watch.displacement.shift_m < 0.5 * WatchConfig().most_m
    assert watch.displacement.turn_rad < 0.5 * WatchConfig().most_rad


@pytest.mark.parametrize(
    ("shift_m", "turn_rad"), [((0.012, 0.0, 0.0), (0, 0, 0)), ((0.0, 0.0, 0.0), (0.0, 0.035, 0.0))]
)
def test_a_bump_is_a_warning_that_names_the_camera_and_how_far(leap, shift_m, turn_rad):
    camera = load_camera("demo").scaled(320)
    fault, _ = _run(leap, _bumped(camera, shift_m, turn_rad), camera)
    assert fault is not None and fault.code is FaultCode.CAMERA_MOVED
    assert "camera demo was moved" in fault.detail and " mm and " in fault.detail
    assert REACTIONS[fault.code] is Reaction.WARN


def test_nothing_is_said_of_a_camera_that_sees_no_hand(leap):
    camera = load_camera("demo").scaled(320)
    turned_away = _bumped(camera, (0.0, 0.0, 0.0), (np.pi, 0.0, 0.0))
    watch = CameraWatch(leap, turned_away, HandBody(leap, load_shape(leap)), WatchConfig())
    fault, _ = _run(leap, camera, camera, images=1)
    view = RenderedView(leap, "cube70", camera, STEREO, 0)
    pose = PoseSample(stamp_ns=1, pos_m=np.array(leap.grasp_centre_m), quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0]))
    image = view.render(np.array(leap.home_pos_rad), pose)
    assert fault is None
    assert watch.step(image, np.array(leap.home_pos_rad)) is None
    assert watch.displacement is None
