"""The environment resets, rewards and counts as its rules say."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE
from dexterity_ros.contracts.spec import ActionSpec
from dexterity_ros.observation.builder import VECTOR_NAMES, observation_spec
from dexterity_ros.sim import env_health
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvConfig, SlowGoals
from dexterity_ros.sim.env_health import SimulationError
from dexterity_ros.sim.randomisation import ModelRandomisation
from dexterity_ros.sim.realtime import RealtimeHand
from dexterity_ros.sim.scene import PhysicsConfig
from dexterity_ros.sim.sensors import NO_NOISE, SampleNoise
from dexterity_ros.tasks.spec import TaskSpec

PHYSICS = PhysicsConfig(timestep_s=0.05 / 3, substeps=3)


@pytest.fixture
def env(leap):
    task = config.load(TaskSpec, named_resource("config/tasks", "yaw"))
    made = ReorientEnv(
        hand=leap,
        task=replace(task, goal_timeout_s=1.0),
        observation=observation_spec(VECTOR_NAMES, 16, {"joint_states": 0.1, "object_pose": 0.1, "goal": 0.1}),
        action=ActionSpec(mode="relative", scale_rad=0.2, clip=1.0, ema=1.0),
        config=EnvConfig(
            num_envs=8,
            physics=PHYSICS,
            object="cube70",
            episode_s=1e3,
            noise=NO_NOISE,
            randomisation=None,
            reset_pool=16,
            threads=1,
        ),
        seed=0,
    )
    yield made
    made.close()


def still(env):
    return np.zeros((env.num_envs, 16), dtype=np.float32)


def test_a_still_hand_keeps_the_cube_and_runs_out_of_time(env):
    for k in range(1, 20):
        step = env.step(still(env))
        assert not step.terminated.any() and not step.failed.any(), k
    step = env.step(still(env))
    assert step.failed.all() and step.truncated.all() and not step.terminated.any()


def test_a_late_goal_that_costs_something_ends_the_episode_like_a_drop(env):
    env.config = replace(env.config, reward=replace(env.config.reward, late=-5.0))
    for _ in range(19):
        before = env.step(still(env))
    step = env.step(still(env))
    assert step.failed.all() and step.terminated.all() and not step.truncated.any()
    assert (step.reward < before.reward - 0.9).all()


def changed(env, **changes):
    """Returns an environment like it with another configuration."""
    return ReorientEnv(
        hand=env.hand, task=env.task, observation=env.observation_spec, action=env.action_spec,
        config=replace(env.config, **changes), seed=0,
    )  # fmt: skip


def test_a_late_hand_may_get_another_goal_where_it_is(env):
    late = changed(env, reward=replace(env.config.reward, late=-5.0), late_goes_on=1.0)
    for _ in range(19):
        late.step(still(late))
    state, goal, seen = late.state.copy(), late.goal.copy(), late.memory.target_pos_rad
    step = late.step(still(late))
    assert step.failed.all() and step.terminated.all() and not step.restarted.any()
    assert (late.goal != goal).any(axis=1).all() and (late.episode.goals.given_ns == late._stamp_ns).all()
    assert np.abs(late.state[:, 1:24] - state[:, 1:24]).max() < 0.05  # it lies where it lay
    np.testing.assert_array_equal(late.memory.target_pos_rad, seen)
    late.close()


def test_some_goals_may_take_longer(env):
    slow = changed(env, slow_goals=SlowGoals(share=0.5, timeout_s=(2.0, 3.0)))
    limits = np.concatenate([slow.episode.goals.limit_ns for _ in range(20) if slow.reset() is not None]) // 50_000_000
    assert {20} == set(limits[limits < 40].tolist()) and limits.max() <= 60
    assert 0.3 < (limits >= 40).mean() < 0.7
    slow.close()


def test_the_critic_may_see_what_is_hidden_by_name(env):
    ranges = ModelRandomisation(copies=8, object_mass=(0.5, 1.5), torque=(0.6, 1.1))
    knowing = changed(env, privileged=("goal_left", "hidden_hand"), randomisation=ranges)
    seen = knowing.step(still(knowing)).privileged
    np.testing.assert_allclose(seen[:, 0], 0.95, atol=1e-6)
    mass = knowing.scene.model.body_mass[knowing.scene.object_body]
    np.testing.assert_allclose(np.exp(seen[:, 3]) * mass, knowing.physics.object_mass, rtol=1e-5)
    knowing.redraw_models()
    again = knowing.step(still(knowing)).privileged
    assert (again[:, 3] != seen[:, 3]).all()
    np.testing.assert_allclose(np.exp(again[:, 3]) * mass, knowing.physics.object_mass, rtol=1e-5)
    knowing.close()


def test_each_episode_may_have_its_own_share_of_the_noise(env):
    noisy = changed(env, noise=SampleNoise(joint_zero_rad=0.1, share=(0.4, 1.0)))
    shares = noisy.sensors.scale.copy()
    assert ((shares >= 0.4) & (shares <= 1.0)).all() and len(set(shares)) == 8
    noisy.reset()
    assert (noisy.sensors.scale != shares).all()
    noisy.close()


def test_an_environment_goes_on_exactly_from_a_snapshot(env):
    ranges = ModelRandomisation(copies=8, object_mass=(0.5, 1.5))
    noise = SampleNoise(
        object_pos_m=0.01, pose_delay_substeps=5, action_delay_substeps=2, backlash_rad=0.1, push_m_s2=0.5
    )
    made = [changed(env, randomisation=ranges, noise=noise, episode_s=0.6) for _ in range(2)]
    rng = np.random.default_rng(0)
    actions = rng.normal(size=(20, 8, 16)).astype(np.float32)
    made[0].redraw_models()
    for action in actions[:10]:
        made[0].step(action)
    made[1].restore(made[0].snapshot())
    for action in actions[10:]:
        one, other = (each.step(action) for each in made)
        for name in ("observation", "privileged", "reward", "restarted"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for each in made:
        each.close()


def test_true_inputs_are_what_perfect_sensors_see(env):
    env.step(still(env))
    true = env.true_inputs()
    np.testing.assert_allclose(true[JOINTS].pos_rad, env.inputs[JOINTS].pos_rad)
    np.testing.assert_allclose(true[OBJECT_POSE].quat_wxyz, env.inputs[OBJECT_POSE].quat_wxyz)
    np.testing.assert_array_equal(true[GOAL].quat_wxyz, env.goal)


def test_a_cube_that_is_lifted_away_is_dropped_and_put_back(env):
    env.state[2, 1 + env.scene.object_qpos[:3]] = [0.5, 0.0, 0.5]
    step = env.step(still(env))
    assert step.terminated.tolist() == [i == 2 for i in range(8)]
    assert step.reward[2] < -1.0
    assert abs(env.physics.object_pos(env.state[2])[2] - env.hand.grasp_centre_m[2]) < 0.05


def test_a_hand_whose_simulation_mujoco_begins_anew_is_counted_and_soon_ends_the_run(env, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes a log where it runs
    push = np.zeros((env.num_envs, 3))
    push[3] = 1e16  # N, which no solver survives
    env.step(still(env))
    env.sensors.pushes = lambda: push
    env.step(still(env))
    assert env._unstable.tolist() == [False] * 3 + [True] + [False] * 4
    with pytest.raises(SimulationError, match="MuJoCo called the simulation unstable"):
        for _ in range(100):
            env.step(still(env))


def test_objects_that_leave_every_new_grasp_at_once_end_the_run(env, monkeypatch):
    monkeypatch.setattr(env_health, "RESTARTS", 40)
    with pytest.raises(SimulationError, match="100 % of the last 40 grasps lost the object"):
        for _ in range(10):
            env.state[:, env.physics._object_pos[2]] += 0.3
            env._episode_step[:] = 0
            env.step(still(env))


def test_a_goal_that_is_already_there_counts_after_three_steps_and_is_replaced(env):
    env.goal = env.physics.object_quat(env.state).copy()
    results = [env.step(still(env)).reached for _ in range(3)]
    assert [r.all() for r in results] == [False, False, True]
    assert (env.episode.goals.error_rad > 0.4).all()


def test_progress_rewards_sum_to_the_error_that_was_lost(env):
    before = env.episode.goals.error_rad
    total = np.zeros(8)
    for _ in range(10):
        total += env.step(still(env)).terms["progress"]
    np.testing.assert_allclose(total, before - env.episode.goals.error_rad, atol=1e-9)


def test_an_unpowered_hand_keeps_still_and_a_powered_one_follows(leap):
    physics = PhysicsConfig(timestep_s=0.005, substeps=2)
    sim = RealtimeHand(leap, "cube70", physics, pool=4, seed=0)
    before, _ = sim.measure()
    sim.command(np.array(leap.home_pos_rad) + 0.3)
    sim.advance(200)
    assert np.abs(sim.measure()[0] - before).max() < 0.05
    sim.set_torque(True)
    sim.command(np.clip(before + np.eye(16)[5] * 0.2, leap.lower_rad, leap.upper_rad))
    sim.advance(200)
    assert sim.measure()[0][5] - before[5] > 0.1
    assert sim.object_pose(7).stamp_ns == 7


def test_the_same_seed_gives_the_same_start(leap):
    physics = PhysicsConfig(timestep_s=0.005, substeps=2)
    states = [RealtimeHand(leap, "cube70", physics, pool=4, seed=3).state() for _ in range(2)]
    np.testing.assert_array_equal(*states)


def test_what_follows_a_truncation_is_the_state_that_was_cut_off_not_the_new_grasp(env):
    knowing = changed(env, privileged=("goal_left", "object_pos"))
    for _ in range(20):
        step = knowing.step(still(knowing))
    assert step.truncated.all() and step.restarted.all()
    np.testing.assert_allclose(step.final_privileged[:, 0], 0.0, atol=1e-6)
    np.testing.assert_allclose(step.privileged[:, 0], 1.0, atol=1e-6)
    np.testing.assert_allclose(step.final_privileged[:, 1:], step.final_inputs[OBJECT_POSE].pos_m, atol=1e-6)
    assert (step.final_privileged[:, 1:] != step.privileged[:, 1:]).any(axis=1).all()
    knowing.close()
