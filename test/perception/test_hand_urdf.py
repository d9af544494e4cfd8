"""The URDF that other tools draw is the hand that is driven."""

from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest

from dexterity_ros.contracts.frames import matrix_to_quat, quat_to_matrix, rotvec_to_quat
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.perception.hand_urdf import hand_urdf


@pytest.mark.parametrize("name", ["leap", "dclaw"])
def test_links_are_where_the_hands_own_kinematics_put_them(name):
    hand = load_hand(name)
    shape = load_shape(hand)
    text = hand_urdf(hand, shape)
    root = ElementTree.fromstring(text)
    for link in root.findall("link"):  # MuJoCo wants masses; looks have none
        inertial = ElementTree.SubElement(link, "inertial")
        ElementTree.SubElement(inertial, "mass", value="0.01")
        ElementTree.SubElement(inertial, "inertia", ixx="1e-5", iyy="1e-5", izz="1e-5", ixy="0", ixz="0", iyz="0")
    ElementTree.SubElement(
        ElementTree.SubElement(root, "mujoco"), "compiler", fusestatic="false", discardvisual="false"
    )
    model = mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding="unicode"))
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    joints = hand.lower_rad + rng.uniform(size=len(hand.joints)) * (hand.upper_rad - hand.lower_rad)
    for joint, value in zip(hand.joint_names, joints, strict=True):
        data.qpos[model.joint(joint).qposadr[0]] = value
        limits = hand.joints[hand.joint_names.index(joint)]
        np.testing.assert_allclose(model.joint(joint).range, [limits.lower_rad, limits.upper_rad], atol=1e-5)
    mujoco.mj_kinematics(model, data)
    for k, pose in enumerate(HandBody(hand, shape).links(joints)):
        link = shape.links[k]
        body = model.body(f"{link.joint}_link" if link.joint else f"link_{k}").id
        np.testing.assert_allclose(data.xpos[body], pose[:3, 3], atol=2e-5)
        np.testing.assert_allclose(data.xmat[body].reshape(3, 3), pose[:3, :3], atol=2e-5)
    assert len(root.findall("joint")) == len(shape.links)


def test_matrices_become_the_quaternions_they_came_from():
    rng = np.random.default_rng(0)
    turns = [*rng.normal(size=(200, 3)), [np.pi, 0, 0], [0, np.pi, 0], [0, 0, np.pi], [0, 0, 0]]
    for turn in turns:
        quat = rotvec_to_quat(np.array(turn, dtype=float))
        again = matrix_to_quat(quat_to_matrix(quat))
        assert abs(abs(float(again @ quat)) - 1.0) < 1e-9
