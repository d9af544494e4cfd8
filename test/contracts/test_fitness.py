"""A hand that was measured is compared with what a policy was trained for, and what is not measured is said."""

from dataclasses import replace

import pytest

from dexterity_ros.contracts.drive import MotorGains
from dexterity_ros.contracts.fitness import misfits, unmeasured
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import TrainedRobot, load_manifest
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.robot import Delay, Dynamics, Estimate, Gains, JointDynamics, Latency, RobotSpec
from dexterity_ros.contracts.robot_hand import as_robot

DAY = "2026-11-22"


@pytest.fixture
def manifest():
    return load_manifest(data_root() / "models/policies/leap_so3_mended")


def spring(stiffness, damping):
    return JointDynamics(stiffness_nm_rad=Estimate(nominal=stiffness), damping_nm_s_rad=Estimate(nominal=damping))


def hand_with(stiffness=3.0, damping=0.2, delay_s=0.01, measured_with=None, set_to=None):
    """Returns a hand of which all is measured, and if_dip is so. measured_with, set_to: gains of if_dip."""
    hand = load_hand("leap")
    joints = {name: spring(3.0, 0.2) for name in hand.joint_names} | {"if_dip": spring(stiffness, damping)}
    own = {name: motor.gains for name, motor in hand.drive.motors.items()}
    measured = None if measured_with is None else own | {"if_dip": measured_with}
    gains = None if set_to is None else Gains(measured=DAY, residual_share=0.0, motors=own | {"if_dip": set_to})
    late = Delay(p50_s=delay_s, p99_s=delay_s)
    spec = RobotSpec(
        name="lab",
        hand=hand.name,
        hand_digest=hand.digest,
        gains=gains,
        dynamics=Dynamics(measured=DAY, residual_rad=0.001, joints=joints, gains=measured),
        latency=Latency(measured=DAY, residual_s=0.0, command_to_motion=late),
    )
    return as_robot(hand, spec)


def test_a_hand_as_it_was_trained_fits(manifest):
    assert misfits(manifest, hand_with()) == []
    assert unmeasured(hand_with()) == []


def test_a_soft_joint_is_named_with_what_was_trained(manifest):
    (line,) = misfits(manifest, hand_with(stiffness=1.5))
    assert line == "stiffness_nm_rad of if_dip is 1.5, trained 2.25 to 3.75"


def test_a_stiffly_damped_joint_is_named_with_what_was_trained(manifest):
    (line,) = misfits(manifest, hand_with(damping=0.5))
    assert line == "damping_nm_s_rad of if_dip is 0.5, trained 0.15 to 0.25"


def test_ranges_that_the_policy_says_count_in_place_of_a_quarter(manifest):
    wide = replace(manifest, stiffness_factor=(0.4, 1.5), damping_factor=(0.3, 3.0))
    assert misfits(wide, hand_with(stiffness=1.5, damping=0.5)) == []


def test_a_late_hand_is_named_with_its_delays(manifest):
    (line,) = misfits(manifest, hand_with(delay_s=0.2))
    assert line == "command_to_motion is 200 ms (p50), 200 ms (p99); trained 0 to 110 ms"


def test_a_delay_of_which_a_part_is_not_known_is_never_too_short(manifest):
    slow = replace(manifest, latency_s=(0.03, 0.11))
    hand = hand_with(delay_s=0.01)
    assert misfits(slow, hand) == []
    part = Delay(p50_s=0.005, p99_s=0.005)
    whole = replace(hand.robot.latency, motion_to_image=part, image_to_pose=part)
    (line,) = misfits(slow, replace(hand, robot=replace(hand.robot, latency=whole)))
    assert line.endswith("is 20 ms (p50), 20 ms (p99); trained 30 to 110 ms")


def test_a_policy_for_another_individual_is_named(manifest):
    other = replace(manifest, robot=TrainedRobot(name="lab 1", digest="0" * 64))
    assert "trained for the robot lab 1" in misfits(other, hand_with())[0]
    mine = replace(manifest, robot=TrainedRobot(name="lab", digest=hand_with().robot.digest))
    assert misfits(mine, hand_with()) == []


def test_a_changed_p_gain_is_named_with_the_stiffness_it_makes(manifest):
    gains = {"measured_with": MotorGains(p=800, i=0, d=200), "set_to": MotorGains(p=400, i=0, d=200)}
    (line,) = misfits(manifest, hand_with(**gains))
    assert line == ("stiffness_nm_rad of if_dip is 1.5 with P 400 (measured 3 with P 800), trained 2.25 to 3.75")
    assert unmeasured(hand_with(**gains)) == []


def test_gains_that_were_set_count_without_those_of_the_hand_s_file(manifest):
    gains = MotorGains(p=1600, i=0, d=200)
    assert misfits(manifest, hand_with(measured_with=gains, set_to=gains)) == []


def test_a_damping_under_another_d_gain_is_not_known(manifest):
    gains = {"measured_with": MotorGains(p=800, i=0, d=200), "set_to": MotorGains(p=800, i=0, d=600)}
    assert misfits(manifest, hand_with(damping=0.9, **gains)) == []
    assert unmeasured(hand_with(**gains)) == ["damping_nm_s_rad of if_dip with D 600, measured with 200"]


def test_what_was_not_measured_is_said(manifest):
    hand = hand_with()
    bare = replace(hand, robot=replace(hand.robot, dynamics=None, latency=None))
    assert misfits(manifest, bare) == []
    assert unmeasured(bare) == ["stiffness and damping of all joints", "command_to_motion"]
    unknown = replace(hand, robot=None)
    assert misfits(manifest, unknown) == [] and unmeasured(unknown) == unmeasured(bare)
    few = replace(hand.robot.dynamics, joints={"if_dip": JointDynamics(stiffness_nm_rad=Estimate(nominal=3.0))})
    measured_in_part = replace(hand, robot=replace(hand.robot, dynamics=few))
    assert misfits(manifest, measured_in_part) == []
    partly = unmeasured(measured_in_part)
    assert "damping_nm_s_rad of if_dip" in partly and "stiffness_nm_rad of if_mcp" in partly
    assert "stiffness_nm_rad of if_dip" not in partly
