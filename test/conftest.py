"""Fixtures that more than one folder uses."""

from pathlib import Path

import numpy as np
import pytest

from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import GoalSample, JointSample, ObservationInputs, PoseSample

NOW_NS = 1_000_000_000_000


@pytest.fixture(scope="session")
def leap() -> HandSpec:
    return load_hand("leap")


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
    return ObservationInputs(
        joints=JointSample(
            stamp_ns=stamp_ns, pos_rad=np.array(hand.home_pos_rad), vel_rad_s=np.zeros(len(hand.joints))
        ),
        object_pose=PoseSample(stamp_ns=stamp_ns, pos_m=np.array(hand.grasp_centre_m), quat_wxyz=np.array(quat_wxyz)),
        goal=GoalSample(stamp_ns=stamp_ns, quat_wxyz=np.array([np.cos(0.5), 0.0, 0.0, np.sin(0.5)])),
    )
