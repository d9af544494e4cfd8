"""What training computed, the robot's code computes again, bit for bit, from what went over the wire."""

from types import SimpleNamespace as Message

import numpy as np
import pytest

from dexterity_ros import wire
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts import config
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, ObservationInputs
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.sim.scene import PhysicsConfig
from dexterity_ros.sim.sensors import SampleNoise
from dexterity_ros.tasks.spec import TaskSpec

STEPS, ENVS = 30, 5
NOTHING = np.zeros((1, 0), np.float32)  # the state of a policy without memory
NOISE = SampleNoise(
    joint_pos_rad=0.01,
    joint_vel_rad_s=0.1,
    object_pos_m=0.002,
    object_rot_rad=0.02,
    action_delay_substeps=1,
    pose_delay_substeps=1,
)


@pytest.fixture(scope="module")
def episode(leap, bundle):
    """(inputs, observations, actions, targets) of every step of a small environment driven by the shipped policy."""
    manifest, network = load_policy(bundle)
    env = ReorientEnv(
        hand=leap,
        task=config.load(TaskSpec, named_resource("config/tasks", "yaw")),
        observation=manifest.observation,
        action=manifest.action,
        config=EnvConfig(
            num_envs=ENVS,
            physics=PhysicsConfig(timestep_s=0.05 / 3, substeps=3),
            object="cube70",
            episode_s=1e3,
            noise=NOISE,
            randomisation=None,
            reset_pool=16,
            threads=1,
        ),
        seed=0,
    )
    observation, _ = env.reset()
    rows = []
    for _ in range(STEPS):
        inputs = env.inputs
        action = np.concatenate([network({"observation": row[None]}, NOTHING)[0]["action"] for row in observation])
        before = observation
        step = env.step(action)
        rows.append((inputs, before, action, env.memory.target_pos_rad.copy()))
        observation = step.observation
        assert not (step.terminated | step.truncated).any(), "the episode must be unbroken for this comparison"
    env.close()
    return rows


def through_the_wire(inputs: ObservationInputs, i: int, names) -> ObservationInputs:
    """Returns environment i's samples after packing them into messages and reading those."""

    def header():
        return Message(stamp=Message(sec=0, nanosec=0), frame_id="")

    def blank_pose():
        return Message(
            header=header(),
            pose=Message(position=Message(x=0, y=0, z=0), orientation=Message(x=0, y=0, z=0, w=1)),
        )

    joints = wire.fill_joint_state(
        Message(header=header(), name=[], position=[], velocity=[]),
        names,
        int(inputs[JOINTS].stamp_ns[i]),
        inputs[JOINTS].pos_rad[i],
        inputs[JOINTS].vel_rad_s[i],
    )
    joints.position, joints.velocity = np.array(joints.position), np.array(joints.velocity)
    pose = PoseSample(
        stamp_ns=int(inputs[OBJECT_POSE].stamp_ns[i]),
        pos_m=inputs[OBJECT_POSE].pos_m[i],
        quat_wxyz=inputs[OBJECT_POSE].quat_wxyz[i],
    )
    goal = GoalSample(stamp_ns=int(inputs[GOAL].stamp_ns[i]), quat_wxyz=inputs[GOAL].quat_wxyz[i])
    return ObservationInputs.of(
        joint_states=wire.JointReader(names).sample(joints),
        object_pose=wire.pose_sample(wire.fill_pose(blank_pose(), pose)),
        goal=wire.goal_sample(wire.fill_goal(blank_pose(), goal)),
    )


@pytest.mark.parametrize("i", range(ENVS))
def test_an_episode_of_the_environment_repeats_bit_for_bit_on_the_robots_path(episode, leap, bundle, i):
    manifest, network = load_policy(bundle)
    pipeline = PolicyPipeline(manifest, network, leap)
    for inputs, observation, action, target in episode:
        seen = through_the_wire(inputs, i, leap.joint_names)
        tick = pipeline.step(seen, seen[GOAL].stamp_ns)
        assert isinstance(tick, Tick), tick
        np.testing.assert_array_equal(tick.observation, observation[i])
        np.testing.assert_array_equal(tick.raw_action, action[i])
        np.testing.assert_array_equal(tick.target.pos_rad, target[i])


def test_a_batch_observes_what_its_members_would(episode, leap, bundle):
    manifest = load_manifest(bundle)
    _, network = load_policy(bundle)
    batch, single = PolicyPipeline(manifest, network, leap), PolicyPipeline(manifest, network, leap)
    for inputs, *_ in episode[:5]:
        together = batch.step(inputs, int(inputs[GOAL].stamp_ns[0]))
        one = JointSample(
            stamp_ns=inputs[JOINTS].stamp_ns[0],
            pos_rad=inputs[JOINTS].pos_rad[0],
            vel_rad_s=inputs[JOINTS].vel_rad_s[0],
        )
        alone = single.step(
            ObservationInputs.of(
                joint_states=one,
                object_pose=PoseSample(
                    stamp_ns=inputs[OBJECT_POSE].stamp_ns[0],
                    pos_m=inputs[OBJECT_POSE].pos_m[0],
                    quat_wxyz=inputs[OBJECT_POSE].quat_wxyz[0],
                ),
                goal=GoalSample(stamp_ns=inputs[GOAL].stamp_ns[0], quat_wxyz=inputs[GOAL].quat_wxyz[0]),
            ),
            int(inputs[GOAL].stamp_ns[0]),
        )
        np.testing.assert_allclose(together.target.pos_rad[0], alone.target.pos_rad, atol=1e-5)
