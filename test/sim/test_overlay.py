"""What was measured of one hand is laid over simulators: model, ranges and delays; what was not measured stays."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import Delay, Dynamics, Estimate, JointDynamics, Latency, RobotSpec
from dexterity_ros.sim.overlay import delayed, lay_over, narrowed
from dexterity_ros.sim.randomisation import ModelRandomisation
from dexterity_ros.sim.scene import PhysicsConfig, build_scene, joint_gains
from dexterity_ros.sim.sensors import SampleNoise

DAY = "2026-11-22"


@pytest.fixture
def leap():
    return load_hand("leap")


def robot_of(hand, joints):
    dynamics = Dynamics(measured=DAY, residual_rad=0.001, joints=joints)
    return RobotSpec(name="lab", hand=hand.name, hand_digest=hand.digest, dynamics=dynamics)


def spring(nominal, low, high):
    return JointDynamics(stiffness_nm_rad=Estimate(nominal=nominal, low=low, high=high))


def test_a_measured_joint_replaces_the_model_s_and_others_stay(leap):
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.01, substeps=5))
    measured = JointDynamics(
        stiffness_nm_rad=Estimate(nominal=2.0),
        damping_nm_s_rad=Estimate(nominal=0.4),
        friction_loss_nm=Estimate(nominal=0.05),
        armature_kg_m2=Estimate(nominal=0.002),
        torque_limit_nm=Estimate(nominal=0.2),
    )
    lay_over([scene], leap, robot_of(leap, {"if_dip": measured}))
    i = leap.joint_names.index("if_dip")
    stiffness, damping = joint_gains(scene)
    assert (stiffness[i], damping[i]) == pytest.approx((2.0, 0.4))
    assert stiffness[0] == 3.0
    assert damping[0] == pytest.approx(0.2)
    dof = scene.joint_qvel[i]
    assert scene.model.dof_frictionloss[dof] == 0.05
    assert scene.model.dof_armature[dof] == 0.002
    assert scene.model.jnt_actfrcrange[scene.model.dof_jntid[dof]].tolist() == [-0.2, 0.2]


def test_without_a_robot_nothing_changes(leap):
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.01, substeps=5))
    before = scene.model.actuator_gainprm.copy()
    lay_over([scene], leap, None)
    assert np.array_equal(scene.model.actuator_gainprm, before)
    ranges, noise = ModelRandomisation(copies=1, stiffness=(0.5, 2.0)), SampleNoise()
    assert narrowed(ranges, None) == ranges
    assert delayed(noise, None, 0.002) == noise


def test_a_robot_of_another_hand_is_refused(leap):
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.01, substeps=5))
    with pytest.raises(ConfigError, match="is a leap, this is the hand other"):
        lay_over([scene], replace(leap, name="other"), robot_of(leap, {"if_dip": spring(3, 2, 4)}))


def test_ranges_narrow_to_the_widest_interval_and_never_widen(leap):
    ranges = ModelRandomisation(copies=1, stiffness=(0.75, 1.5), damping=(0.3, 3.0))
    joints = {name: spring(3.0, 2.7, 3.3) for name in leap.joint_names} | {"if_dip": spring(2.0, 1.0, 2.2)}
    found = narrowed(ranges, robot_of(leap, joints))
    assert found.stiffness == pytest.approx((0.75, 1.1))  # 0.5 of if_dip would be wider than it was
    assert found.damping == (0.3, 3.0)


def test_targets_act_as_late_as_was_measured(leap):
    late = Latency(measured=DAY, residual_s=0.001, command_to_motion=Delay(p50_s=0.010, p99_s=0.014))
    robot = replace(robot_of(leap, {"if_dip": spring(3, 2, 4)}), latency=late)
    noise = delayed(SampleNoise(action_delay_substeps=12), robot, 0.002)
    assert (noise.latency_substeps, noise.action_delay_substeps) == (3, 4)


@pytest.mark.parametrize(("p50_s", "p99_s"), [(0.010, 0.010), (0.010, 0.014), (0.004, 0.050), (0.0, 0.02)])
def test_the_median_of_simulated_delays_is_the_one_that_was_measured(leap, p50_s, p99_s):
    late = Latency(measured=DAY, residual_s=0.001, command_to_motion=Delay(p50_s=p50_s, p99_s=p99_s))
    noise = delayed(SampleNoise(), replace(robot_of(leap, {"if_dip": spring(3, 2, 4)}), latency=late), 0.002)
    drawn_s = 0.002 * (noise.latency_substeps + np.arange(noise.action_delay_substeps + 1))
    assert np.median(drawn_s) == pytest.approx(p50_s) and drawn_s.max() <= p99_s + 1e-9


@pytest.mark.parametrize("motors", [0.0, 0.3])
def test_a_model_without_damping_takes_what_was_measured_and_what_was_not_stays(leap, motors):
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.01, substeps=5))
    scene.model.dof_damping[scene.joint_qvel] = 0.0
    scene.model.actuator_biasprm[scene.actuators, 2] = -motors
    found = JointDynamics(damping_nm_s_rad=Estimate(nominal=0.4))
    lay_over([scene], leap, robot_of(leap, {"if_dip": found}))
    _, damping = joint_gains(scene)
    i = leap.joint_names.index("if_dip")
    assert damping[i] == pytest.approx(0.4) and np.delete(damping, i) == pytest.approx(np.full(15, motors))


def test_what_was_not_measured_of_a_joint_stays_as_the_model_has_it(leap):
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.01, substeps=5))
    dof = scene.joint_qvel[0]
    joint = scene.model.dof_jntid[dof]
    scene.model.jnt_actfrcrange[joint] = (-0.1, 0.3)
    scene.model.actuator_biasprm[scene.actuators[0], 1] = -1.0
    lay_over([scene], leap, robot_of(leap, {"if_dip": spring(3, 2, 4)}))
    assert scene.model.jnt_actfrcrange[joint].tolist() == [-0.1, 0.3]
    assert scene.model.actuator_biasprm[scene.actuators[0], 1] == -1.0
