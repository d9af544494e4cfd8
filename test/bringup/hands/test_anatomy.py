"""Links stand where MuJoCo has them, also behind slides; a tie between joints is undone when none is left to follow."""

import mujoco
import numpy as np
import pytest

from dexterity_ros.bringup.hands.anatomy import check_joints, poses
from dexterity_ros.sim.foreign_file import read_mjcf

CHAIN = """<mujoco><compiler angle="radian"/><worldbody><body name="palm" quat="0.9 0.1 0.2 0.3">
  <geom size="0.01"/>
  <body name="rail" pos="0.01 0.02 0.03" quat="0.8 0.3 -0.2 0.1">
    <joint name="rail" type="slide" axis="1 2 0" ref="0.01"/>
    <geom size="0.01"/>
    <body name="finger" pos="0 0 0.05"><joint name="bend" axis="0 1 1" pos="0.01 0 0" ref="0.2"/><geom size="0.01"/>
      <body name="eye" pos="0 0 0.02"><joint name="look" type="ball"/><geom size="0.01"/></body>
    </body></body></body></worldbody></mujoco>"""


@pytest.fixture
def hand_of(tmp_path):
    """Returns a hand read from MJCF, and its path."""

    def make(text):
        path = tmp_path / "hand.xml"
        path.write_text(text)
        return read_mjcf(path), path

    return make


def test_links_behind_a_slide_and_a_hinge_stand_where_mujoco_has_them(hand_of):
    hand, path = hand_of(CHAIN)
    model = mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    for positions in ({}, {"rail": 0.03}, {"rail": -0.02, "bend": 0.7}):
        for name in ("rail", "bend"):
            data.qpos[model.joint(name).qposadr[0]] = positions.get(name, 0.0)
        mujoco.mj_kinematics(model, data)
        found = poses(hand, positions)
        for k, link in enumerate(hand.links):
            body = data.body(link.name)
            np.testing.assert_allclose(found[k][:3, 3], body.xpos, atol=1e-9)
            np.testing.assert_allclose(found[k][:3, :3], body.xmat.reshape(3, 3), atol=1e-9)


def test_a_ball_joint_stands_still_only_as_it_is_drawn(hand_of):
    hand, _ = hand_of(CHAIN)
    assert check_joints(hand, {"rail": 0.03, "look": 0.0}) == []
    (problem,) = check_joints(hand, {"rail": 0.03, "look": 0.5})
    assert problem.startswith("joint look is a ball joint, fixed at 0.5")


def tied(joints, tie, motors=""):
    """Returns a hand of so many fingers with one joint each, and what ties them."""
    fingers = "".join(f'<body name="{j}"><joint name="{j}"/><geom size="0.01"/></body>' for j in joints)
    moved = "".join(f'<position joint="{j}"/>' for j in motors)
    head = f'<mujoco><worldbody><body name="palm"><geom size="0.1"/>{fingers}</body></worldbody>'
    return f"{head}<actuator>{moved}</actuator>{tie}</mujoco>"


FOLLOWS = '<equality><joint joint1="a" joint2="b"/></equality>'
PULLS = '<tendon><fixed name="t">{}</fixed></tendon>'.format("".join(f'<joint joint="{j}" coef="1"/>' for j in "abc"))


@pytest.mark.parametrize(
    ("text", "fixed", "left"),
    [
        (tied("ab", FOLLOWS), "", 1),
        (tied("ab", FOLLOWS), "a", 0),
        (tied("ab", FOLLOWS), "b", 1),
        (tied("ab", FOLLOWS), "ab", 0),
        (tied("ab", FOLLOWS, motors="a"), "b", 0),
        (tied("ab", '<equality><joint joint1="a"/></equality>'), "b", 1),
        (tied("ab", '<equality><joint joint1="a"/></equality>'), "a", 0),
        (tied("abc", PULLS), "a", 1),
        (tied("abc", PULLS), "ab", 0),
        (tied("ab", '<equality><weld body1="a" body2="b"/></equality>'), "ab", 1),
    ],
)
def test_a_tie_is_undone_when_nothing_is_left_that_follows(hand_of, text, fixed, left):
    hand, _ = hand_of(text)
    problems = check_joints(hand, dict.fromkeys(fixed, 0.0))
    assert len(problems) == left and all("every joint has a motor of its own here" in words for words in problems)
