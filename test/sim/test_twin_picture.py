"""The twin's picture shows the joint that moves in another colour, before and after."""

import cv2
import numpy as np

from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.sim.twin_picture import Twin


def orange(picture):
    blue, green, red = (picture[..., k].astype(int) for k in range(3))
    return (red > 120) & (red > 1.4 * green) & (green > 1.3 * blue)


def test_what_moves_is_orange_and_stands_elsewhere_on_the_right(tmp_path):
    picture = cv2.imread(str(Twin(load_hand("leap")).motion("if_mcp", 0.5, tmp_path / "if_mcp.png")))
    left, right = np.split(orange(picture), 2, axis=1)
    assert left.sum() > 500 and right.sum() > 500
    assert (left ^ right).sum() > 500


def test_a_pose_has_nothing_orange(tmp_path):
    hand = load_hand("leap")
    picture = cv2.imread(str(Twin(hand).pose(np.array(hand.home_pos_rad), tmp_path / "home.png")))
    assert orange(picture).sum() == 0
