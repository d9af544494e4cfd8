"""The training environment beside the bare physics of the same model and controls."""

from dataclasses import replace
from functools import partial

import numpy as np

from dexterity_ros.bench.timing import Timing
from dexterity_ros.contracts import config
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.spec import ActionSpec
from dexterity_ros.observation.builder import VECTOR_NAMES, observation_spec
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.tasks.spec import TaskSpec

THREADS = (1, 2)
_STEPS = 60


def bench_sim() -> dict[str, dict[str, float]]:
    """Returns {env_N_threads, rollout_N_threads: figures of one step of all environments}."""
    results: dict[str, dict[str, float]] = {}
    for threads in THREADS:
        results |= _bench_env(threads)
    return results


def _bench_env(threads: int) -> dict[str, dict[str, float]]:
    """Steps the environment and the bare physics in turn on the same states and controls, so that noise hits both."""
    env = _training_env(threads)
    bare = BatchPhysics(env.scene, env.models, threads=threads)
    rng = np.random.default_rng(0)
    whole, physics = Timing(env.num_envs), Timing(env.num_envs)
    for _ in range(_STEPS):
        actions = rng.normal(scale=0.6, size=(env.num_envs, len(env.hand.joints))).astype(np.float32)
        state = env.state.copy()
        whole.run(partial(env.step, actions))
        control = np.repeat(env.memory.target_pos_rad[:, None], env.config.physics.substeps, axis=1)
        physics.run(partial(bare.advance, state, control))
    env.close()
    bare.close()
    return {f"env_{threads}_threads": whole.row(), f"rollout_{threads}_threads": physics.row()}


def _training_env(threads: int) -> ReorientEnv:
    """Returns the environment of config/train/leap_yaw.yaml; read piecewise, so that torch is not needed."""
    settings = config.read_resolved(named_resource("config/train", "leap_yaw"), "config/train")
    env_config = config.from_mapping(EnvConfig, settings["env"], where="leap_yaw.env")
    hand = load_hand(settings["hand"])
    return ReorientEnv(
        hand=hand,
        task=config.load(TaskSpec, named_resource("config/tasks", settings["task"])),
        observation=observation_spec(VECTOR_NAMES, len(hand.joints), settings["policy"]["max_age_s"]),
        action=config.from_mapping(ActionSpec, settings["policy"]["action"], where="leap_yaw.policy.action"),
        config=replace(env_config, threads=threads),
        seed=0,
    )
