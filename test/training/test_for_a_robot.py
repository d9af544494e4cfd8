"""A policy that is trained for one hand is trained in that hand, and its bundle says whose."""

from dataclasses import replace

import pytest
import yaml

pytest.importorskip("torch")

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot import Delay, Dynamics, Estimate, JointDynamics, Latency, RobotSpec
from dexterity_ros.sim.scene import joint_gains
from dexterity_ros.training.interface import manifest_of
from dexterity_ros.training.teacher_config import load_config

DAY = "2026-11-22"


@pytest.fixture
def robot():
    hand = load_hand("leap")
    joint = JointDynamics(stiffness_nm_rad=Estimate(nominal=2.0, low=1.9, high=2.1))
    return RobotSpec(
        name="lab",
        hand=hand.name,
        hand_digest=hand.digest,
        dynamics=Dynamics(measured=DAY, residual_rad=0.001, joints=dict.fromkeys(hand.joint_names, joint)),
        latency=Latency(measured=DAY, residual_s=0.0, command_to_motion=Delay(p50_s=0.01, p99_s=0.012)),
    )


@pytest.fixture
def config(robot, tmp_path):
    path = tmp_path / "robot.yaml"
    path.write_text(yaml.safe_dump(configs.to_mapping(robot)))
    config = load_config(resource("config/train/leap_so3.yaml"))
    env = replace(config.env, num_envs=4, reset_pool=4, threads=1)
    return replace(config, env=env, robot=str(path))


def test_the_simulated_hands_are_the_one_that_was_measured(config, robot):
    hands = config.hands((0.5, 1.0))
    stiffness, _ = joint_gains(hands.scene)
    assert set(stiffness) == {2.0}
    low, high = hands.config.randomisation.stiffness
    assert (low, high) == pytest.approx((0.95, 1.05))  # of the interval, narrower than it was
    timestep_s = config.env.physics.timestep_s
    assert hands.config.noise.latency_substeps == round(0.01 / timestep_s)
    said = manifest_of(config, hands, state_width=0, outputs=())
    assert said["robot"] == {"name": "lab", "digest": robot.digest}
    assert said["stiffness_factor"] == pytest.approx([0.95, 1.05])
    hands.close()


def test_without_a_robot_nothing_is_said_of_one(config):
    config = replace(config, robot="")
    hands = config.hands((0.5, 1.0))
    assert manifest_of(config, hands, state_width=0, outputs=())["robot"] is None
    assert joint_gains(hands.scene)[0][0] == 3.0
    hands.close()


def test_a_robot_that_is_not_there_is_refused(config):
    with pytest.raises(ConfigError, match="nowhere.yaml"):
        replace(config, robot="nowhere.yaml").hands((0.5, 1.0))
