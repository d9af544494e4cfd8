"""Behaviour cloning and DAgger of the library `imitation` (imitation.readthedocs.io) on the pendulum, beside ours.

It wants other versions of gymnasium and stable-baselines3 than `bench learning`: give it a virtual environment of its
own, with this package and imitation==1.0.1.
"""

import tempfile
from typing import Any

import gymnasium
import numpy as np
from imitation.algorithms import bc, dagger
from imitation.data import rollout
from imitation.data.wrappers import RolloutInfoWrapper
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.vec_env import DummyVecEnv

from dexterity_ros.bench.pendulum import LIMIT, MAX_TORQUE, Pendulum, mean_return, swing_up
from dexterity_ros.contracts.arrays import Singles


class _Scripted(BasePolicy):
    """Our scripted expert as one of their policies."""

    def _predict(self, observation: Any, deterministic: bool = False) -> Any:  # noqa: ARG002 - the library calls it with these
        import torch

        return torch.from_numpy(MAX_TORQUE * swing_up(observation.numpy()))


def library_returns(seed: int, demonstrations: int = 20, rounds: int = 10) -> dict[str, float]:
    """Returns the mean return of its students: as many labels, passes over them and neurons as ours have."""
    rng = np.random.default_rng(seed)
    env = DummyVecEnv([lambda: RolloutInfoWrapper(gymnasium.make("Pendulum-v1"))])
    env.seed(seed)
    expert = _Scripted(env.observation_space, env.action_space)
    enough = rollout.make_sample_until(min_episodes=demonstrations)
    shown = rollout.flatten_trajectories(rollout.rollout(expert, env, enough, rng=rng))
    cloning = _trainer(env, rng, seed, shown)
    cloning.train(n_epochs=200, progress_bar=False, log_interval=10**9)
    interactive = _trainer(env, rng, seed, None)
    with tempfile.TemporaryDirectory() as folder:
        trainer = dagger.SimpleDAggerTrainer(
            venv=env, scratch_dir=folder, expert_policy=expert, rng=rng, bc_trainer=interactive
        )
        trainer.train(
            demonstrations * LIMIT,
            rollout_round_min_episodes=demonstrations // rounds,
            rollout_round_min_timesteps=0,
            bc_train_kwargs={"n_epochs": 40, "progress_bar": False, "log_interval": 10**9},
        )
    return {
        "imitation's behaviour cloning": round(_judged(cloning.policy), 1),
        "imitation's DAgger": round(_judged(interactive.policy), 1),
    }


def _trainer(env: DummyVecEnv, rng: np.random.Generator, seed: int, shown: Any) -> bc.BC:
    import torch

    torch.manual_seed(seed)
    policy = ActorCriticPolicy(env.observation_space, env.action_space, lambda _: 1e-3, net_arch=[32, 32])
    return bc.BC(
        observation_space=env.observation_space, action_space=env.action_space, rng=rng, policy=policy,
        demonstrations=shown, optimizer_kwargs={"lr": 1e-3}, device="cpu",
    )  # fmt: skip


def _judged(policy: Any) -> float:
    def act(seen: Singles) -> Singles:
        action: Singles = policy.predict(seen, deterministic=True)[0] / MAX_TORQUE
        return action

    return mean_return(Pendulum(200, 99), act)
