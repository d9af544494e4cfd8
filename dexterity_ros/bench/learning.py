"""How fast our PPO learns beside stable-baselines3's, on the very same environment, in turns in one process.

Both get the same number of steps between their turns, so that other load on the machine hits both alike. The other's
hyper-parameters are ours where it has them; it sees observation and privileged state side by side, because it knows no
asymmetric critic, and its own running normalisation is used.
"""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.observation.builder import build_observation
from dexterity_ros.observation.memory import observe_object
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import TeacherConfig

_WINDOW = 500  # goals that the share of reached ones is taken over


class _AsVecEnv(VecEnv):
    """The environment in the other's interface."""

    def __init__(self, env: ReorientEnv) -> None:
        self._env, self._action = env, np.zeros((env.num_envs, 0), dtype=np.float32)
        self.outcomes: deque[bool] = deque(maxlen=_WINDOW)
        width = env.observation_spec.width + env.privileged_width
        joints = len(env.hand.joints)
        seen = spaces.Box(-np.inf, np.inf, (width,), np.float32)
        super().__init__(env.num_envs, seen, spaces.Box(-1.0, 1.0, (joints,), np.float32))

    def reset(self) -> Any:
        return np.concatenate(self._env.reset(), axis=1)

    def step_async(self, actions: Any) -> None:
        self._action = np.asarray(actions, dtype=np.float32)

    def step_wait(self) -> Any:
        step = self._env.step(self._action)
        _count(self.outcomes, step)
        seen = np.concatenate([step.observation, step.privileged], axis=1)
        ended = step.terminated | step.truncated
        last = np.concatenate([self._last_observation(step), step.final_privileged], axis=1)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(ended):
            infos[i] = {"terminal_observation": last[i], "TimeLimit.truncated": bool(step.truncated[i])}
        return seen, step.reward.astype(np.float32), ended, infos

    def _last_observation(self, step: EnvStep) -> Singles:
        """Returns what was observed before restarts, by perfect sensors, (N, width): the other bootstraps from it."""
        if not step.truncated.any():
            return step.observation
        memory = observe_object(step.final_memory, step.final_inputs)
        last: Singles = build_observation(self._env.observation_spec, step.final_inputs, memory)
        return last

    def close(self) -> None:
        self._env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:  # noqa: ARG002 - the library calls it with these
        return [getattr(self._env, attr_name, None)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise NotImplementedError

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:  # noqa: ARG002 - the library calls it with these
        return [False] * self.num_envs


def learning_speed(
    config: TeacherConfig, folder: Path, *, steps: int, turn: int, said: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """Returns rows {steps, ours, ours_s, other, other_s}: share of goals reached lately, and seconds spent so far."""
    ours = Teacher(config, folder)
    other_env = _AsVecEnv(config.environment())
    other = _other(config, other_env)
    rows: list[dict[str, Any]] = []
    spent = {"ours": 0.0, "other": 0.0}
    ours.begin()
    for target in range(turn, steps + 1, turn):
        began = time.perf_counter()
        ours.train_until(target)
        spent["ours"] += time.perf_counter() - began
        began = time.perf_counter()
        other.learn(turn, reset_num_timesteps=False)
        spent["other"] += time.perf_counter() - began
        row = {"steps": target, "ours": round(ours.fraction, 4), "ours_s": round(spent["ours"], 1)}
        row |= {"other": round(float(np.mean(other_env.outcomes or [0.0])), 4), "other_s": round(spent["other"], 1)}
        rows.append(row)
        said(row)
    return rows


def _other(config: TeacherConfig, env: _AsVecEnv) -> Any:
    ppo = config.ppo
    wrapped = VecNormalize(env, norm_obs=True, norm_reward=True, clip_obs=5.0, gamma=ppo.gamma)
    return PPO(
        "MlpPolicy",
        wrapped,
        n_steps=ppo.horizon,
        batch_size=ppo.minibatch,
        n_epochs=ppo.epochs,
        gamma=ppo.gamma,
        gae_lambda=ppo.gae_lambda,
        clip_range=ppo.clip,
        ent_coef=ppo.entropy,
        vf_coef=ppo.value_weight,
        max_grad_norm=ppo.max_grad_norm,
        learning_rate=3e-4,
        target_kl=2.0 * ppo.target_kl,
        policy_kwargs={
            "net_arch": {"pi": list(ppo.actor_hidden), "vf": list(ppo.critic_hidden)},
            "activation_fn": torch.nn.ELU,
            "log_std_init": float(np.log(ppo.initial_std)),
        },
        seed=config.seed,
        device="cpu",
    )


def _count(outcomes: deque[bool], step: EnvStep) -> None:
    outcomes.extend([True] * int(step.reached.sum()) + [False] * int(step.failed.sum()))
