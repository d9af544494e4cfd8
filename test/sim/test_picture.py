"""A picture shows the object in its colours as it lies in the hand, and the goal beside it."""

import mujoco
import numpy as np
import pytest

from dexterity_ros.sim.picture import GOAL_SHARE, Painter, Shot, _draw_looks_only

WIDTH, HEIGHT = 96, 72
UPRIGHT = np.array([1.0, 0.0, 0.0, 0.0])
UPSIDE_DOWN = np.array([0.0, 1.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def painter(leap):
    return Painter(leap, "cube70", WIDTH, HEIGHT)


def shot(leap, *, quat=UPRIGHT, goal=UPRIGHT, above_m=0.0):
    pos = np.array(leap.grasp_centre_m) + np.array([0.0, 0.0, above_m])
    return Shot(
        time_s=0.0,
        joints_rad=np.array(leap.home_pos_rad),
        object_pos_m=pos,
        object_quat_wxyz=quat,
        goal_quat_wxyz=goal,
        goal=1,
    )


def yellow(image):
    """Returns how many pixels have the colour of the cube's upper face; nothing of the hand is yellow."""
    red, green, blue = np.moveaxis(image.astype(int), -1, 0)
    return int(((red > 150) & (green > 130) & (blue < 90)).sum())


def parts(image):
    side = round(GOAL_SHARE * HEIGHT)
    corner = image[:side, -side:].copy()
    image[:side, -side:] = 0
    return image, corner


def test_the_face_on_top_is_seen_in_its_colour_and_the_one_below_is_not(painter, leap):
    up, _ = parts(painter.paint(shot(leap)))
    down, _ = parts(painter.paint(shot(leap, quat=UPSIDE_DOWN)))
    assert up.shape == (HEIGHT, WIDTH, 3) and up.dtype == np.uint8
    assert yellow(up) > 100 and yellow(down) == 0


def test_the_goal_is_shown_in_the_corner_as_it_is_wanted(painter, leap):
    _, wanted_up = parts(painter.paint(shot(leap, quat=UPSIDE_DOWN)))
    _, wanted_down = parts(painter.paint(shot(leap, goal=UPSIDE_DOWN)))
    assert yellow(wanted_up) > 20 and yellow(wanted_down) == 0


def test_a_picture_does_not_depend_on_the_one_before(painter, leap):
    first = painter.paint(shot(leap))
    moved = painter.paint(shot(leap, above_m=0.02))
    assert (first != moved).any()
    np.testing.assert_array_equal(painter.paint(shot(leap)), first)


def test_the_error_is_the_angle_to_the_goal(leap):
    assert shot(leap, goal=UPSIDE_DOWN).error_rad == pytest.approx(np.pi)


@pytest.mark.parametrize(("hand_group", "drawn"), [(2, [True, False]), (3, [True, True])])
def test_what_only_collides_is_drawn_where_there_is_nothing_else(hand_group, drawn):
    model = mujoco.MjModel.from_xml_string(
        f"<mujoco><worldbody><geom size='1' group='{hand_group}'/><geom size='1' group='3'/>"
        "<body><freejoint/><geom size='1' group='3'/></body></worldbody></mujoco>"
    )
    _draw_looks_only(model)
    assert [group == 0 for group in model.geom_group] == [*drawn, True]
