"""The hand as the eyes know it, to take it out of an image."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

import mujoco

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.sim.hand_shape import hand_shape


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
    anatomy = HandSpec(**{field.name: getattr(leap, field.name) for field in fields(HandSpec)})
    other = replace(anatomy, joints=leap.joints[:-1], home_pos_rad=leap.home_pos_rad[:-1])
    with pytest.raises(ConfigError, match=r"shape\.yaml of leap turns"):
        load_shape(other)
