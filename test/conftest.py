"""Fixtures that more than one folder uses."""

import importlib.util
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from dexterity_ros.contracts import config
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.resources import named_resource, resource
from dexterity_ros.contracts.robot import Estimate, RobotSpec, Wiring, Zeros
from dexterity_ros.contracts.robot_hand import RobotHand, as_robot, load_robot_hand
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.trials.plan import OnTrial, TrialPlan

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how long a busy machine takes says nothing about what is tested

NOW_NS = 1_000_000_000_000


@pytest.fixture(scope="session")
def leap() -> RobotHand:
    return load_robot_hand("leap")


@pytest.fixture(scope="session")
def individual():
    """Returns a hand as one individual: nominal but for the joints that are named."""
    return _individual


def _individual(hand, *, signs=(), zeros_rad=(), motor_ids=()):
    day = {"measured": "2026-11-21"}
    zeros = dict(zip(hand.joint_names, map(float, hand.zeros_rad), strict=True)) | dict(zeros_rad)
    wiring = Wiring(
        **day,
        residual_share=0.0,
        signs=dict.fromkeys(hand.joint_names, 1) | dict(signs),
        motor_ids=dict(zip(hand.joint_names, hand.motor_ids, strict=True)) | dict(motor_ids),
    )
    estimates = {joint: Estimate(nominal=zero_rad) for joint, zero_rad in zeros.items()}
    measured = Zeros(**day, residual_rad=0.002, zeros_rad=estimates)
    spec = RobotSpec(name="one", hand=hand.name, hand_digest=hand.digest, wiring=wiring, zeros=measured)
    return as_robot(hand, spec)


@pytest.fixture
def leap_content():
    """What the LEAP hand's file holds, to be changed."""
    return config.read_mapping(named_resource("config/hands", "leap"))


@pytest.fixture(scope="session")
def bundle() -> Path:
    return resource("models/policies/leap_yaw")


@pytest.fixture
def inputs_at(leap: HandSpec):
    """Samples of a hand at home with the cube at rest, all measured at the given time."""
    return lambda stamp_ns: _make_inputs(leap, stamp_ns)


@pytest.fixture
def inputs(inputs_at) -> ObservationInputs:
    """The same, measured at NOW_NS of test_pipeline."""
    return inputs_at(NOW_NS)


def _make_inputs(hand: HandSpec, stamp_ns: int, quat_wxyz=(1.0, 0.0, 0.0, 0.0)) -> ObservationInputs:
    return ObservationInputs.of(
        joint_states=JointSample(
            stamp_ns=stamp_ns, pos_rad=np.array(hand.home_pos_rad), vel_rad_s=np.zeros(len(hand.joints))
        ),
        object_pose=PoseSample(stamp_ns=stamp_ns, pos_m=np.array(hand.grasp_centre_m), quat_wxyz=np.array(quat_wxyz)),
        goal=GoalSample(stamp_ns=stamp_ns, quat_wxyz=np.array([np.cos(0.5), 0.0, 0.0, np.sin(0.5)])),
    )


@pytest.fixture(scope="session")
def make_plan():
    """Returns a plan of trials for so many policies."""
    protocol = load_protocol("dactyl")

    def make(policies=1, **changes):
        names = ["first", "second", "third"][:policies]
        on_trial = tuple(OnTrial(name=name, bundle=f"bundles/{name}", bundle_id=f"id of {name}") for name in names)
        plan = TrialPlan(
            protocol="dactyl", task=protocol.task, goals=5, episode_s=0.0, system="eyes", policies=on_trial, seed=7
        )
        return replace(plan, **changes)

    return make


# An emulated hand behind a pseudo-terminal.
@pytest.fixture
def joints(leap):
    return StillJoints(leap.joint_names, np.array(leap.home_pos_rad))


@pytest.fixture
def emulated(leap, joints):
    return EmulatedBus(leap, joints, WireModel())


@pytest.fixture
def pty(emulated):
    served = ServedBus(emulated)
    yield served
    served.close()


@pytest.fixture(scope="session")
def realsense_recording():
    """Makes RealSense recordings without a camera: the vendor's software device, recorded by the vendor's recorder."""
    if importlib.util.find_spec("pyrealsense2") is None:
        pytest.skip("pyrealsense2 is not installed")
    return _record


def _record(path, images, *, matrix, rate_hz=30, serial="0123", unit_m=0.001):
    """Writes depth (uint16, in unit_m) and colour pairs, [(depth, rgb)], of one pinhole camera to a .db3 file."""
    from dexterity_ros.drivers.realsense.camera import load_library

    rs = load_library()
    height, width = images[0][0].shape
    lens = rs.intrinsics()
    lens.width, lens.height, lens.fx, lens.fy = width, height, matrix[0], matrix[4]
    lens.ppx, lens.ppy, lens.model, lens.coeffs = matrix[2], matrix[5], rs.distortion.none, [0.0] * 5
    device = rs.software_device()
    device.register_info(rs.camera_info.name, "Software camera")
    device.register_info(rs.camera_info.serial_number, serial)
    kinds = [("Stereo Module", rs.stream.depth, rs.format.z16, 2), ("RGB Camera", rs.stream.color, rs.format.rgb8, 3)]
    sensors, profiles = [], []
    for uid, (name, kind, form, size) in enumerate(kinds):
        stream = rs.video_stream()
        stream.type, stream.index, stream.uid, stream.fps, stream.bpp, stream.fmt = kind, 0, uid, rate_hz, size, form
        stream.width, stream.height, stream.intrinsics = width, height, lens
        sensors.append(device.add_sensor(name))
        profiles.append(sensors[-1].add_video_stream(stream))
    sensors[0].add_read_only_option(rs.option.depth_units, unit_m)
    same = rs.extrinsics()
    same.rotation, same.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0]
    profiles[0].register_extrinsics_to(profiles[1], same)
    profiles[1].register_extrinsics_to(profiles[0], same)
    recorder = rs.recorder(str(path), device)
    recorded, together = recorder.query_sensors(), rs.syncer()
    for sensor, profile in zip(recorded, profiles, strict=True):
        sensor.open(profile)
        sensor.start(together)
    for number, pair in enumerate(images):
        for sensor, profile, (_, _, _, size), pixels in zip(sensors, profiles, kinds, pair, strict=True):
            frame = rs.software_video_frame()
            frame.pixels, frame.stride, frame.bpp = np.ascontiguousarray(pixels), width * size, size
            frame.timestamp, frame.domain = 5000.0 + number * 1000.0 / rate_hz, rs.timestamp_domain.hardware_clock
            frame.frame_number, frame.profile = number, profile.as_video_stream_profile()
            if size == 2:
                frame.depth_units = unit_m
            sensor.on_video_frame(frame)
        time.sleep(1.0 / rate_hz)  # it is played back as fast as it was recorded
    for sensor in recorded:
        sensor.stop()
        sensor.close()
