"""Rollouts for policy gradients: one collector, one bootstrap, whoever learns from them.

What follows a step is worth the critic's value of the very next state: also where time was up (a truncation), whose
next state is the one before the restart. Source: Pardo et al., Time Limits in Reinforcement Learning, arXiv 1712.00378.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.ranges import SHARE, Checked, Range
from dexterity_ros.sim.snapshot import Snapshot
from dexterity_ros.training.ppo import Ppo, Rollout
from dexterity_ros.training.transition import Transition, World

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class MeanFirst(Checked):
    """A share of the attempts begins with the most likely actions, for a time drawn evenly from 0 to at most_steps.

    The actor does not learn from those: it learns from the states to which they lead, among them those in which it is
    stuck. The critic sees in which it is.
    """

    share: Annotated[float, SHARE]
    most_steps: Annotated[int, Range(1, 1_000_000, "of control")]


@dataclass(kw_only=True)
class Seconds:
    """Where the time went since the last look."""

    simulation: float = 0.0
    network: float = 0.0
    learning: float = 0.0

    @property
    def all(self) -> float:
        """Of all three."""
        return self.simulation + self.network + self.learning

    def clear(self) -> None:
        """Begins to count anew."""
        self.simulation = self.network = self.learning = 0.0

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """Returns what the work returns."""
        began = time.perf_counter()
        result = work()
        setattr(self, name, getattr(self, name) + time.perf_counter() - began)
        return result


@dataclass(kw_only=True)
class Tally:
    """Attempts that ended in one rollout."""

    reached: int = 0
    failed: int = 0

    @property
    def rate(self) -> float:
        """Share that was reached."""
        return self.reached / max(self.reached + self.failed, 1)


@contextmanager
def drawing(*stream: int) -> Iterator[None]:
    """Inside, torch draws from a stream of its own; outside, as if nothing had been drawn.

    stream: numbers that tell streams apart: the run's seed, a worker, one of its rollouts.
    """
    with torch.random.fork_rng():
        torch.manual_seed(int(np.random.SeedSequence(stream).generate_state(1)[0]))
        yield


class Rollouts(Protocol):
    """What a learner takes its rollouts from: a `Collector` in this process, or many in others (remote.py)."""

    seconds: Seconds

    @property
    def begun(self) -> bool:
        """Whether there is somewhere to go on from."""
        ...

    def restart(self) -> tuple[Tensor, Tensor]:
        """Begins anew. Returns (observation, what the critic sees)."""
        ...

    def rollout(self) -> tuple[Rollout, Tensor, Tally]:
        """Returns (what happened, values of where it stands, what became of the attempts)."""
        ...

    def snapshot(self) -> Snapshot:
        """Returns all that a later rollout depends on, but the networks."""
        ...

    def restore(self, values: Snapshot) -> None:
        """Goes on where one of the same configuration stood."""
        ...


class Collector:
    """Goes through a world without a break, rollout after rollout. `Rollouts` in this process."""

    def __init__(
        self,
        world: World,
        ppo: Ppo,
        *,
        mean_first: MeanFirst | None = None,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        """seed: of which attempts begin by the mean, and for how long; and of the actions."""
        self._world, self._ppo, self._mean_first = world, ppo, mean_first
        self._device, self._rng = device, np.random.default_rng([seed, 5])
        self._seed, self._rollouts = seed, 0
        self.seconds = Seconds()
        self.begun = False

    def restart(self) -> tuple[Tensor, Tensor]:
        """Begins anew. Returns (observation, what the critic sees)."""
        self._observation, self._privileged = self._world.restart()
        self._state = self._ppo.actor.begin(len(self._observation))
        self._by_mean = self._draw(len(self._observation))
        self.begun = True
        return self._tensor(self._observation), self._tensor(self._critic_input(self._privileged))

    @torch.no_grad()
    def rollout(self) -> tuple[Rollout, Tensor, Tally]:
        """Returns (what happened, values of where it stands, what became of the attempts)."""
        begun, tally = self._state, Tally()
        with drawing(self._seed, 6, self._rollouts):
            rows = [self._step(tally) for _ in range(self._ppo.config.horizon)]
        self._rollouts += 1
        stacked = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
        last = self._ppo.critic.value(self._tensor(self._critic_input(self._privileged)))
        return Rollout(state=begun, **stacked), last, tally

    def snapshot(self) -> Snapshot:
        """Returns all that a later rollout depends on, but the networks."""
        return {
            "world": self._world.snapshot(), "observation": self._observation, "privileged": self._privileged,
            "state": self._state.cpu().numpy(), "by_mean": self._by_mean, "rng": self._rng.bit_generator.state,
            "rollouts": self._rollouts,
        }  # fmt: skip

    def restore(self, values: Snapshot) -> None:
        """Goes on where a collector of the same configuration stood."""
        self._world.restore(values["world"])
        self._observation, self._privileged = values["observation"], values["privileged"]
        self._state, self._by_mean = self._tensor(values["state"]), np.array(values["by_mean"])
        self._rng.bit_generator.state = values["rng"]
        self._rollouts = values.get("rollouts", 0)
        self.begun = True

    def _step(self, tally: Tally) -> dict[str, Tensor]:
        row, action, state = self.seconds.timed("network", self._act)
        step: Transition = self.seconds.timed("simulation", lambda: self._world.step(action.cpu().numpy()))
        reward = self._tensor(step.reward) + self._ppo.config.gamma * self._beyond_time(step)
        done = self._tensor(step.terminated | step.truncated)
        restarted = self._tensor(step.restarted)
        self._state = state * (1.0 - restarted)[:, None]
        self._observation, self._privileged = step.observation, step.privileged
        over = step.attempted | step.restarted
        self._by_mean = np.where(over, self._draw(len(over)), np.maximum(self._by_mean - 1, 0))
        tally.reached += int(step.reached.sum())
        tally.failed += int(step.failed.sum())
        return row | {"reward": reward, "done": done, "restarted": restarted}

    def _act(self) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Returns (what is known before the step, actions, next states of the actor)."""
        actor, seen = self._ppo.actor, self._tensor(self._observation)
        privileged = self._tensor(self._critic_input(self._privileged))
        parameters, state = actor.parameters_of(seen, self._state)
        distribution = actor.distribution(parameters)
        action, drawn = distribution.sample(), torch.as_tensor(self._by_mean == 0, device=self._device)
        if self._mean_first is not None:
            action = torch.where(drawn[:, None], action, actor.likeliest(parameters))
        row = {
            "observation": seen, "privileged": privileged, "action": action,
            "log_prob": distribution.log_prob(action), "packed": distribution.packed(), "used": drawn.float(),
            "value": self._ppo.critic.value(privileged),
        }  # fmt: skip
        return row, action, state

    def _beyond_time(self, step: Transition) -> Tensor:
        """Returns what would have followed where time was up, (N,); 0 elsewhere."""
        if not step.truncated.any():
            return torch.zeros(len(step.truncated), device=self._device)
        assert step.final_privileged is not None, "a world that is truncated knows its state before the restart"
        value = self._ppo.critic.value(self._tensor(self._critic_input(step.final_privileged)))
        return self._tensor(step.truncated) * value

    def _critic_input(self, privileged: Singles) -> Singles:
        """Returns what the critic sees: the privileged state, and whether actions are drawn where some are not."""
        if self._mean_first is None:
            return privileged
        return np.concatenate([privileged, (self._by_mean > 0).astype(np.float32)[:, None]], axis=1)

    def _draw(self, count: int) -> NDArray[np.int64]:
        """Returns for how many steps new attempts go by the mean."""
        first = self._mean_first
        if first is None:
            return np.zeros(count, dtype=np.int64)
        chosen = self._rng.uniform(size=count) < first.share
        return np.where(chosen, self._rng.integers(0, first.most_steps + 1, size=count), 0)

    def _tensor(self, values: Any) -> Tensor:
        return torch.as_tensor(np.asarray(values, dtype=np.float32), device=self._device)
