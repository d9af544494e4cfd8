"""An emulated individual is what its hidden.yaml says: stops, stiffness, delay, play; the same for one seed."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.ports import MotorPull
from dexterity_ros.contracts.robot import Delay, Latency, RobotSpec
from dexterity_ros.sim.hidden import draw_hidden
from dexterity_ros.sim.individual import IndividualHand

N = 16
HAND = load_hand("leap")
HOME = np.array(HAND.home_pos_rad)


def pull(goal, *, p=1.0, limit_a=0.35, powered=True):
    ones = np.ones(N)
    on = np.full(N, powered)
    return MotorPull(goal_rad=goal, p_share=p * ones, d_share=ones, limit_a=limit_a * ones, powered=on)


def advance(joints, duration_s):
    for _ in range(round(duration_s / 0.01)):
        joints.advance(0.01)


def test_the_same_seed_draws_the_same_individual_and_another_seed_another():
    assert draw_hidden(HAND, None, 5) == draw_hidden(HAND, None, 5)
    assert draw_hidden(HAND, None, 5) != draw_hidden(HAND, None, 6)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_drawn_lies_in_the_ranges_and_loads_as_a_robot_yaml(seed):
    camera = config.load_named(CameraSpec, "config/cameras", "demo")
    hidden = draw_hidden(HAND, camera, seed)
    assert config.from_mapping(RobotSpec, config.to_mapping(hidden), where="hidden") == hidden
    hidden.check_hand(HAND)
    zeros = np.array([zero.nominal for zero in hidden.zeros.zeros_rad.values()])
    assert np.abs(zeros - np.pi).max() <= np.deg2rad(8.0)
    assert sum(sign < 0 for sign in hidden.wiring.signs.values()) <= 2
    ids = hidden.wiring.motor_ids
    exchanged = [name for name, i in zip(HAND.joint_names, HAND.motor_ids, strict=True) if ids[name] != i]
    assert len(exchanged) in (0, 2)
    assert np.linalg.norm(np.array(hidden.camera.pos_m) - camera.pos_m) <= 0.025
    assert 0.0 <= hidden.latency.command_to_motion.p50_s <= 0.025


def test_a_joint_that_is_pushed_beyond_its_stop_stays_there_with_no_more_than_its_current():
    hidden = draw_hidden(HAND, None, 1)
    joints = IndividualHand(HAND, hidden)
    goal = HOME.copy()
    goal[2] = 2.6
    joints.pull(pull(goal, limit_a=0.2))
    advance(joints, 2.0)
    assert joints.measure()[0][2] == pytest.approx(hidden.stops.upper_rad["if_pip"].nominal, abs=np.deg2rad(0.3))
    assert np.abs(joints.current_a()).max() <= 0.2 + 1e-9


def test_without_torque_nothing_is_pulled_and_gears_hold_the_links():
    joints = IndividualHand(HAND, draw_hidden(HAND, None, 1))
    joints.pull(pull(HOME + 0.5, powered=False))
    advance(joints, 1.0)
    assert np.abs(joints.measure()[0] - HOME).max() < np.deg2rad(2.0)
    assert not joints.current_a().any()


def first_motion_s(delay_s):
    hidden = draw_hidden(HAND, None, 1)
    late = replace(
        hidden,
        latency=Latency(measured="2026-01-01", residual_s=0.0, command_to_motion=Delay(p50_s=delay_s, p99_s=delay_s)),
    )
    joints = IndividualHand(HAND, late)
    joints.pull(pull(HOME))
    advance(joints, 1.0)
    before = joints.measure()[0][3]
    joints.pull(pull(HOME + 0.3))
    for k in range(100):
        joints.advance(0.001)
        if abs(joints.measure()[0][3] - before) > 0.002:
            return 0.001 * (k + 1)
    return None


def test_commands_come_as_late_as_it_says():
    assert first_motion_s(0.02) - first_motion_s(0.0) == pytest.approx(0.02, abs=0.0011)


def test_the_fastest_motion_is_counted_between_measurements_too_and_only_under_torque():
    joints = IndividualHand(HAND, draw_hidden(HAND, None, 1))
    joints.pull(pull(HOME + 0.3, powered=False))
    advance(joints, 0.5)
    assert joints.most_rad_s == 0.0
    joints.pull(pull(HOME + 0.3))
    seen = []
    for _ in range(500):
        joints.advance(0.001)
        seen.append(np.abs(joints.measure()[1]).max())
    assert joints.most_rad_s == pytest.approx(max(seen), rel=1e-6) and max(seen[::10]) < joints.most_rad_s


def test_a_stiffer_motor_sags_less():
    sag = []
    for p in (1.0, 3.0):
        joints = IndividualHand(HAND, draw_hidden(HAND, None, 1))
        joints.pull(pull(HOME, p=p))
        advance(joints, 2.0)
        sag.append(abs(joints.measure()[0][0] - HOME[0]))
    assert sag[1] < 0.7 * sag[0]


def test_a_link_lags_behind_its_rotor_by_no_more_than_the_play_of_its_gear():
    hidden = draw_hidden(HAND, None, 1)
    joints = IndividualHand(HAND, hidden)
    joints.pull(pull(HOME + 0.2))
    advance(joints, 1.0)
    play = np.array([joint.backlash_rad.nominal for joint in hidden.dynamics.joints.values()])
    assert (np.abs(joints.data.ten_length) <= 0.5 * play + np.deg2rad(0.05)).all()


def test_a_hidden_file_without_dynamics_is_refused():
    bare = replace(draw_hidden(HAND, None, 1), dynamics=None)
    with pytest.raises(ConfigError, match="dynamics and stops are needed"):
        IndividualHand(HAND, bare)
