"""Reinforcement of a student that imitation has taught: the reward says what the expert's example cannot show.

The critic sees the truth, as the expert does; only the student has to do with what it sees. At first the student is
also paid for doing what the expert does; that fades, so that it may learn to look where the expert has no need to.
Source: Pinto et al., Asymmetric Actor Critic for Image-Based Robot Learning, arXiv 1710.06542; Weihs et al., Bridging
the Imitation Gap by Adaptive Insubordination, arXiv 2007.12173.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dexterity_ros.training.imitation.collect import Expert, Task
from dexterity_ros.training.networks import Actor, Critic
from dexterity_ros.training.ppo import Ppo, PpoConfig, Rollout


@dataclass(frozen=True, kw_only=True)
class TuningConfig:
    """imitation: reward for an action equal to the expert's, at first; it fades to nothing over fade_updates."""

    updates: int
    imitation: float
    fade_updates: int
    ppo: PpoConfig


@torch.no_grad()
def _rollout(task: Task, expert: Expert, ppo: Ppo, imitation: float) -> tuple[Rollout, Tensor, float]:
    observation, truth = task.restart()
    state = ppo.actor.begin(len(observation))
    names = [name for name in Rollout.__dataclass_fields__ if name != "state"]
    columns: dict[str, list[Tensor]] = {name: [] for name in names}
    won = played = 0
    for _ in range(ppo.config.horizon):
        seen, known = torch.from_numpy(observation), torch.from_numpy(truth)
        parameters, state = ppo.actor.parameters_of(seen, state)
        distribution = ppo.actor.distribution(parameters)
        action = distribution.sample()
        same = (np.abs(action.numpy() - expert(truth)) < 1e-3).all(axis=1)
        outcome = task.step(action.numpy())
        reward = torch.from_numpy((outcome.reward + imitation * same).astype(np.float32))
        done = torch.from_numpy(outcome.done.astype(np.float32))
        row = {
            "observation": seen, "privileged": known, "action": action, "log_prob": distribution.log_prob(action),
            "packed": distribution.packed(), "reward": reward, "done": done, "value": ppo.critic.value(known),
        }  # fmt: skip
        for name, value in row.items():
            columns[name].append(value)
        state = state * (1.0 - done)[:, None]
        won, played = won + int(outcome.succeeded.sum()), played + int(outcome.done.sum())
        observation, truth = outcome.observation, outcome.truth
    last = ppo.critic.value(torch.from_numpy(truth))
    first = ppo.actor.begin(len(observation))
    stacked = {name: torch.stack(values) for name, values in columns.items()}
    return Rollout(state=first, **stacked), last, won / max(played, 1)


def fine_tune(
    task: Task,
    expert: Expert,
    student: Actor,
    config: TuningConfig,
    said: Callable[[int, float], None] = lambda _update, _rate: None,
) -> None:
    """Trains the student further. said: called after each update with (update, success rate while exploring)."""
    _, truth = task.restart()
    critic = Critic(truth.shape[1], config.ppo.critic_hidden)
    ppo = Ppo(student, critic, config.ppo)
    for update in range(config.updates):
        share = max(1.0 - update / max(config.fade_updates, 1), 0.0)
        rollout, last, rate = _rollout(task, expert, ppo, config.imitation * share)
        ppo.update(rollout, last)
        said(update, rate)
