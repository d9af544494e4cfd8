"""Reinforcement of a student that imitation has taught: the reward says what the expert's example cannot show.

The critic sees the truth, as the expert does; only the student has to do with what it sees. At first the student is
also paid for doing what the expert does; that fades, so that it may learn to look where the expert has no need to.
Source: Pinto et al., Asymmetric Actor Critic for Image-Based Robot Learning, arXiv 1710.06542; Weihs et al., Bridging
the Imitation Gap by Adaptive Insubordination, arXiv 2007.12173.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.training.imitation.collect import Expert, Outcome, Task
from dexterity_ros.training.networks import Actor, Critic
from dexterity_ros.training.ppo import Ppo, PpoConfig, Rollout


@dataclass(frozen=True, kw_only=True)
class TuningConfig(Checked):
    """imitation: reward for doing what the expert does, at first; it fades to nothing over fade_updates.

    alike: how far apart (root mean square) an action and the expert's are when the reward is down to a third.
    critic_first: updates in which only the critic learns: one that knows nothing yet spoils what the student can do.
    """

    imitation: Annotated[float, Range(0.0, 1e6, "a reward; 0 = none")]
    fade_updates: Annotated[int, Range(1, 10_000_000, "at least one")]
    ppo: PpoConfig
    alike: Annotated[float, Range(1e-6, 100.0, "raw actions are of order one")] = 0.001
    critic_first: Annotated[int, Range(0, 10_000_000, "0 = both learn at once")] = 0


class _Play:
    """Goes through the task without a break, rollout after rollout."""

    def __init__(self, task: Task, expert: Expert, ppo: Ppo, alike: float) -> None:
        self._task, self._expert, self._ppo, self._alike = task, expert, ppo, alike
        self.restart()

    def restart(self) -> None:
        """Begins anew."""
        self._observation, self._truth = self._task.restart()
        self._state = self._ppo.actor.begin(len(self._observation))

    @torch.no_grad()
    def rollout(self, imitation: float) -> tuple[Rollout, Tensor, float]:
        """Returns (what happened, values of where it stands, success rate). imitation: reward for being alike."""
        begun, won, played = self._state, 0, 0
        columns: dict[str, list[Tensor]] = {name: [] for name in Rollout.__dataclass_fields__ if name != "state"}
        for _ in range(self._ppo.config.horizon):
            row, outcome = self._step(imitation)
            for name, value in row.items():
                columns[name].append(value)
            won, played = won + int(outcome.succeeded.sum()), played + int(outcome.tried.sum())
        stacked = {name: torch.stack(values) for name, values in columns.items()}
        last = self._ppo.critic.value(torch.from_numpy(self._truth))
        return Rollout(state=begun, **stacked), last, won / max(played, 1)

    def _step(self, imitation: float) -> tuple[dict[str, Tensor], Outcome]:
        actor, seen, known = self._ppo.actor, torch.from_numpy(self._observation), torch.from_numpy(self._truth)
        parameters, state = actor.parameters_of(seen, self._state)
        distribution = actor.distribution(parameters)
        action, value = distribution.sample(), self._ppo.critic.value(known)
        apart = ((action.numpy() - self._expert(self._truth)) ** 2).mean(axis=1)
        outcome = self._task.step(action.numpy())
        reward = torch.from_numpy((outcome.reward + imitation * np.exp(-apart / self._alike**2)).astype(np.float32))
        # Where time was up, what would have followed is worth about as much as where it was.
        reward = reward + self._ppo.config.gamma * value * torch.from_numpy(outcome.cut.astype(np.float32))
        done = torch.from_numpy(outcome.done.astype(np.float32))
        self._state = state * (1.0 - done)[:, None]
        self._observation, self._truth = outcome.observation, outcome.truth
        row = {
            "observation": seen, "privileged": known, "action": action, "log_prob": distribution.log_prob(action),
            "packed": distribution.packed(), "reward": reward, "done": done, "value": value,
        }  # fmt: skip
        return row, outcome


def fine_tune(
    task: Task,
    expert: Expert,
    student: Actor,
    critic: Critic,
    config: TuningConfig,
    updates: range,
    said: Callable[[int, float, float | None], None] = lambda _update, _rate, _alone: None,
    tried_alone: Callable[[int], float | None] = lambda _update: None,
) -> None:
    """Trains the student further.

    critic: of what the expert sees. updates: their numbers, of which the first is not 0 where one goes on. said: called
    after each of them with (its number, success rate while exploring, success rate alone where that was tried).
    """
    ppo = Ppo(student, critic, config.ppo)
    play = _Play(task, expert, ppo, config.alike)
    for update in updates:
        share = max(1.0 - update / max(config.fade_updates, 1), 0.0)
        rollout, last, rate = play.rollout(config.imitation * share)
        ppo.update(rollout, last, critic_only=update < config.critic_first)
        alone = tried_alone(update)
        if alone is not None:
            play.restart()
        said(update, rate, alone)
