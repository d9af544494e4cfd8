"""Which of the poses that look alike it is."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

import mujoco

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.frames import quat_multiply, rotation_angle, rotation_between
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.resources import resource
from dexterity_ros.estimation.symmetry import ColourVote
from dexterity_ros.perception.face_colours import UNKNOWN, face_labels

BOX = load_box("cube70")
HALF = BOX.half_m


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
    assert len(BOX.symmetry.turns) == 24
    assert len(replace(BOX, half_m=(0.01, 0.02, 0.03)).symmetry.turns) == 4


@pytest.mark.parametrize("turn", range(1, 24, 4))
def test_a_slip_to_a_symmetric_pose_is_seen_and_undone(stage, turn):
    pose = stage.pose(turn=(0.1, -0.2, 0.4))
    cloud = stage.see(pose)
    labels = face_labels(cloud.rgb, BOX)
    colours = ColourVote(BOX)
    right = colours.step(cloud, labels, pose)
    assert right.better is None and right.agreement > 0.9
    turns = [np.array(turn) for turn in BOX.symmetry.turns[1:]]
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
