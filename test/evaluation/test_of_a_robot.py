"""The judge's hand is the one that was measured, where a robot.yaml is named."""

from dataclasses import replace

import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.robot import Delay, Dynamics, Estimate, JointDynamics, Latency, RobotSpec
from dexterity_ros.evaluation import sweep
from dexterity_ros.evaluation.simulate import Course, JudgeConfig
from dexterity_ros.sim.scene import joint_gains
from dexterity_ros.tasks.spec import TaskSpec

DAY = "2026-11-22"


def course(robot):
    judge = config.load(JudgeConfig, named_resource("config/eval", "reality"))
    return Course(
        hand=load_hand("leap"),
        task=config.load(TaskSpec, named_resource("config/tasks", "yaw")),
        object="cube70",
        judge=replace(judge, reset_pool=4, threads=1).of(robot),
        episodes=2,
        goals_per_episode=1,
        seed=0,
        control_rate_hz=20.0,
        robot=robot,
    )


def test_the_judge_s_hand_is_the_one_that_was_measured():
    hand = load_hand("leap")
    joint = JointDynamics(stiffness_nm_rad=Estimate(nominal=1.5, low=1.4, high=1.6))
    robot = RobotSpec(
        name="lab",
        hand=hand.name,
        hand_digest=hand.digest,
        dynamics=Dynamics(measured=DAY, residual_rad=0.001, joints=dict.fromkeys(hand.joint_names, joint)),
        latency=Latency(measured=DAY, residual_s=0.0, command_to_motion=Delay(p50_s=0.02, p99_s=0.02)),
    )
    of_robot, of_any = course(robot), course(None)
    assert set(joint_gains(of_robot.scene)[0]) == {1.5} and set(joint_gains(of_any.scene)[0]) == {3.0}
    timestep_s = of_any.judge.physics.timestep_s
    assert of_robot.judge.noise.latency_substeps == round(0.02 / timestep_s)
    assert of_robot.judge.noise.action_delay_substeps == 0
    assert of_robot.judge.randomisation.stiffness == pytest.approx((1.4 / 1.5, 1.6 / 1.5))


def test_a_sweep_of_the_latency_of_a_measured_hand_adds_to_what_was_measured(monkeypatch):
    """Each row is another course: what was measured does not take the place of what is swept."""
    hand, judged = load_hand("leap"), []
    latency = Latency(measured=DAY, residual_s=0.0, command_to_motion=Delay(p50_s=0.02, p99_s=0.02))
    robot = RobotSpec(name="lab", hand=hand.name, hand_digest=hand.digest, latency=latency)
    monkeypatch.setattr(sweep, "PolicyController", lambda _pipeline: None)
    monkeypatch.setattr(sweep, "run_trials", lambda _controller, course: judged.append(course) or [])
    monkeypatch.setattr(sweep, "summary", lambda _trials: {})
    measured = course(robot)
    sweep.sweep(None, measured, "latency", say=lambda _text: None)
    late_s = [one.judge.noise.latency_substeps * one.judge.physics.timestep_s for one in judged]
    assert late_s == pytest.approx([0.02 + value for value in sweep.SWEEPS["latency"][1]], abs=2e-3)
    assert measured.judge.noise.latency_substeps == measured.privileged().judge.noise.latency_substeps
