"""Joints that are identified move no faster than the walk allows, however stiff their motors are."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.bringup.identification.excitation import GAIN_SETS, fitted_way, held_out_way
from dexterity_ros.bringup.identification.plan import plan
from dexterity_ros.bringup.identification.record import play_all, with_gains
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.steps.table import STEPS
from dexterity_ros.bringup.walk import SPEED_RAD_S, run
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.ports import MotorPull
from dexterity_ros.contracts.robot import Estimate, RobotSpec
from dexterity_ros.contracts.robot_hand import as_robot
from dexterity_ros.sim.hidden import draw_hidden
from dexterity_ros.sim.individual import IndividualHand
from dexterity_ros.sim.joint_mechanics import HandMechanics

LEAP = load_hand("leap")
PERIOD_S = 0.01
SETTLING = 20  # periods until a hand that was put into its pose rests on its gears


@pytest.fixture(scope="module")
def groups():
    return plan(LEAP, HandMechanics(LEAP))


def individual(**shares):
    """Returns a hidden hand all of whose joints are the model's times a share; play and load friction as given."""
    hidden, nominal = draw_hidden(LEAP, None, 0), HandMechanics(LEAP).nominal()
    joints = {}
    for i, (name, joint) in enumerate(hidden.dynamics.joints.items()):
        changed = {
            key: value * getattr(nominal, key)[i] if hasattr(nominal, key) else value for key, value in shares.items()
        }
        joints[name] = replace(joint, **{key: Estimate(nominal=float(value)) for key, value in changed.items()})
    return replace(hidden, dynamics=replace(hidden.dynamics, joints=joints))


def stiffest(**changes):
    """Returns the hand that overshoots most, of all that may be hidden."""
    shares = {
        "stiffness_nm_rad": 1.6,
        "damping_nm_s_rad": 0.5,
        "friction_loss_nm": 0.5,
        "torque_limit_nm": 1.15,
        "armature_kg_m2": 1.0,
        "backlash_rad": float(np.deg2rad(0.5)),
        "load_friction": 0.05,
    }
    return individual(**(shares | changes))


def fastest_rad_s(hidden, excited, way, p_share):
    """Returns the speed of the fastest joint once the hand stands in its pose."""
    joints = IndividualHand(LEAP, hidden, pose_rad=excited.pose_rad)
    ones, moved = np.ones(len(excited.pose_rad)), np.isin(np.arange(len(excited.pose_rad)), excited.joints)
    for k, aside in enumerate(np.concatenate([np.zeros(SETTLING), way])):
        if k == SETTLING:
            joints.most_rad_s = 0.0
        goal = excited.pose_rad + aside * moved
        joints.pull(
            MotorPull(goal_rad=goal, p_share=p_share * ones, d_share=ones, limit_a=0.35 * ones, powered=ones > 0.0)
        )
        joints.advance(PERIOD_S)
    return joints.most_rad_s


@pytest.mark.parametrize("group", range(4))
def test_the_stiffest_and_least_damped_hand_stays_a_tenth_below_what_the_walk_allows(groups, group):
    excited, most = groups[group], max(GAIN_SETS, key=lambda gains: gains.p_share)
    assert not most.held_out
    fastest = fastest_rad_s(stiffest(), excited, fitted_way(excited.reach_rad), most.p_share)
    assert 0.3 < fastest < 0.9 * SPEED_RAD_S
    (held_out,) = (gains for gains in GAIN_SETS if gains.held_out)
    assert fastest_rad_s(stiffest(), excited, held_out_way(excited.reach_rad), held_out.p_share) < 0.9 * SPEED_RAD_S


def known(hidden):
    return RobotSpec(name="robot", hand=LEAP.name, hand_digest=LEAP.digest, wiring=hidden.wiring, zeros=hidden.zeros)


def test_a_hand_that_is_let_go_with_straight_fingers_does_not_fall_faster_than_the_walk_allows(walk_on):
    on = walk_on(stiffest())
    walk = on.walk()
    run(walk, STEPS, "motors")
    straight = np.array([0.25 if name.endswith("_mcp") else 0.0 for name in LEAP.joint_names])
    with walk.moving(as_robot(LEAP, known(on.hidden))) as manual:
        manual.ease_to(straight)
        manual.let_go()
    assert 0.3 < on.figures()["most_rad_s"] < 0.9 * SPEED_RAD_S


def test_a_joint_that_moves_too_fast_ends_the_motion_which_is_played_slower_and_then_given_up(walk_on, groups):
    on = walk_on(stiffest(stiffness_nm_rad=20.0, damping_nm_s_rad=0.2))
    walk, hand = on.walk(), as_robot(LEAP, known(on.hidden))
    run(walk, STEPS, "motors")
    with (
        pytest.raises(HandError, match="rad/s, where 1 are allowed, at 0.5 of the speed"),
        walk.moving(with_gains(hand, GAIN_SETS[2])) as manual,
    ):
        play_all(manual, on.port, GAIN_SETS[2], groups[1:2], on.said.append)
    assert [line.split("allowed, ")[1] for line in on.said if "allowed" in line] == [
        f"at {pace} of the speed: stopped" for pace in ("1", "0.7", "0.5")
    ]
    assert on.figures()["motors_with_torque"] == 0
