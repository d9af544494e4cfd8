"""The step camera moves the hand behind the gate, looks, and writes where the camera stands; or it changes nothing."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.robot_file import RobotFile, robot_yaml
from dexterity_ros.bringup.steps.table import STEPS
from dexterity_ros.bringup.walk import SPEED_RAD_S, run
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import Estimate, RobotSpec
from dexterity_ros.runtime.robot_process import RemoteEye
from dexterity_ros.sim.hidden import draw_hidden

_SIGMA_RAD = np.deg2rad(1.0)


def known_before(hand, hidden, seed):
    """Returns what the steps before leave: the wiring, and zeros with errors that their intervals admit."""
    rng, half = np.random.default_rng(seed), float(1.96 * _SIGMA_RAD)
    zeros = {}
    for name in hand.joint_names:
        at = float(hidden.zeros.zeros_rad[name].nominal + rng.normal() * _SIGMA_RAD)
        zeros[name] = Estimate(nominal=at, low=at - half, high=at + half)
    return RobotSpec(
        name="robot",
        hand=hand.name,
        hand_digest=hand.digest,
        wiring=hidden.wiring,
        zeros=replace(hidden.zeros, zeros_rad=zeros),
    )


def zero_errors(robot, hidden):
    found, true = robot.zeros.zeros_rad, hidden.zeros.zeros_rad
    return np.array([found[name].nominal - true[name].nominal for name in true])


@pytest.mark.slow
def test_the_step_finds_the_camera_and_better_zeros_and_lets_go(walk_on):
    hand, spec = load_hand("leap"), load_camera("demo")
    hidden = draw_hidden(hand, spec, 1003)
    on = walk_on(hidden, 1003)
    before = known_before(hand, hidden, 1003)
    (on.folder / "robot.yaml").write_text(robot_yaml(before))
    eye = RemoteEye(on.process.robot, spec, on.port.now_ns)
    walk = on.walk(eye=eye, drawing=True)
    run(walk, STEPS, "motors")
    run(walk, STEPS, "camera")
    robot = RobotFile(walk.file.path, hand).robot
    shift = np.array(robot.camera.pos_m) - np.array(hidden.camera.pos_m)
    turn = rotation_angle(rotation_between(np.array(robot.camera.quat_wxyz), np.array(hidden.camera.quat_wxyz)))
    assert np.linalg.norm(shift) < 2e-3
    assert turn < np.deg2rad(0.5)
    assert np.sqrt(np.mean(zero_errors(robot, hidden) ** 2)) < np.sqrt(np.mean(zero_errors(before, hidden) ** 2))
    assert (walk.file.pictures / "camera.png").stat().st_size > 1000
    figures = on.figures()
    assert figures["motors_with_torque"] == 0
    assert figures["most_rad_s"] < SPEED_RAD_S


def test_without_a_camera_the_step_says_how_one_is_named(walk_on):
    with pytest.raises(HandError, match="--camera NAME"):
        run(walk_on().walk(), STEPS, "camera")


def test_no_joint_moves_for_the_camera_before_signs_and_zeros_are_known(walk_on):
    hand, spec = load_hand("leap"), load_camera("demo")
    on = walk_on(draw_hidden(hand, spec, 3))
    eye = RemoteEye(on.process.robot, spec, on.port.now_ns)
    with pytest.raises(HandError, match="signs and zeros have to be measured first"):
        run(on.walk(eye=eye), STEPS, "camera")
    assert on.figures()["most_rad_s"] == 0.0


def test_a_whole_walk_without_a_camera_leaves_the_step_out_and_says_so(walk_on):
    on = walk_on()
    assert run(on.walk(), {"camera": STEPS["camera"]}) == []
    assert on.said == ["camera: left out, no camera was named"]
