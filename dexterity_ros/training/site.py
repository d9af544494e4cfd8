"""Environments with what collects in them and counts: all of a run's in this process, or a lot of them in a worker."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.sim.snapshot import Snapshot
from dexterity_ros.training.imitation.fine_tuning import TaskWorld
from dexterity_ros.training.ppo import Ppo
from dexterity_ros.training.rollouts import Rollouts, Tally
from dexterity_ros.training.setup import Setup
from dexterity_ros.training.widths import WidthCurriculum

S = TypeVar("S", bound=Setup)


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Which share of a run's environments. life: how often the worker had to be replaced."""

    worker: int = 0
    workers: int = 1
    life: int = 0

    def of(self, config: S) -> S:
        """Returns the configuration of this share: as even as can be, with one thread; the first has the run's seed."""
        count, seed = len(range(self.worker, config.env.num_envs, self.workers)), config.seed
        if self.worker > 0 or self.life > 0:
            seed = int(np.random.SeedSequence([seed, self.worker, self.life]).generate_state(1)[0])
        return replace(config, env=replace(config.env, num_envs=count, threads=1), seed=seed)


class Count(Protocol):
    """Counts what happens in environments, in portions that others may add up."""

    def begin(self) -> None:
        """Forgets what was counted."""
        ...

    def watch(self, step: EnvStep) -> None:
        """Takes one control step."""
        ...

    def portion(self) -> dict[str, Any]:
        """Returns what was counted, plain values."""
        ...

    def add(self, portion: dict[str, Any]) -> None:
        """Counts what another counted."""
        ...


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a learner has decided of its environments: goals, when they count as reached, hands, exploration's price."""

    goal_rad: tuple[float, float]
    success_rad: float
    hold_steps: int
    draws: int
    imitation: float
    widths: dict[str, float] | None
    width_draws: int


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What a worker brings. rollout: the fields of a `Rollout`. last: values of where it stands, (n,).

    counted: a `Count`'s portion.

    ended: by each randomised term, which goals at its ends were reached.
    """

    rollout: dict[str, Singles]
    last: Singles
    tally: Tally
    counted: dict[str, Any]
    ended: dict[str, list[bool]]
    seconds: dict[str, float]


@dataclass(kw_only=True)
class Site:
    """Environments, a collector, and what counts and changes them."""

    env: ReorientEnv
    ppo: Ppo
    collector: Rollouts
    count: Count
    widths: WidthCurriculum | None = None
    paid_by_expert: TaskWorld | None = None

    def orders(self) -> Orders:
        """Returns how these environments are at present, for others to be alike."""
        task, widths = self.env.task, self.widths
        return Orders(
            goal_rad=task.goal_rad,
            success_rad=task.success_rad,
            hold_steps=task.hold_steps,
            draws=self.env.draws,
            imitation=0.0 if self.paid_by_expert is None else self.paid_by_expert.imitation,
            widths=None if widths is None else dict(widths.drawn),
            width_draws=0 if widths is None else widths.draws,
        )

    def obey(self, orders: Orders) -> None:
        """Makes these environments like others."""
        self.env.set_goal_range(orders.goal_rad)
        self.env.set_success(orders.success_rad, orders.hold_steps)
        if orders.draws != self.env.draws:
            self.env.draws = orders.draws - 1
            self.env.redraw_models()
        if self.paid_by_expert is not None:
            self.paid_by_expert.imitation = orders.imitation
        if self.widths is not None and orders.widths is not None:
            self.widths.follow(orders.widths, orders.width_draws)

    def chunk(self) -> Chunk:
        """Goes on for one rollout, from a restart where nothing has begun."""
        if not self.collector.begun:
            self.collector.restart()
        self.count.begin()
        rollout, last, tally = self.collector.rollout()
        ended = {} if self.widths is None else self.widths.portion()
        seconds = vars(self.collector.seconds).copy()
        self.collector.seconds.clear()
        arrays = {name: tensor.cpu().numpy() for name, tensor in vars(rollout).items()}
        return Chunk(
            rollout=arrays, last=last.cpu().numpy(), tally=tally, counted=self.count.portion(), ended=ended,
            seconds=seconds,
        )  # fmt: skip

    def take(self, chunk: Chunk) -> None:
        """Counts what another counted."""
        self.count.add(chunk.counted)
        if self.widths is not None:
            self.widths.add(chunk.ended)

    def snapshot(self) -> Snapshot:
        """Returns where all stands."""
        return {"collector": self.collector.snapshot(), "widths": self.widths.snapshot() if self.widths else {}}

    def restore(self, values: Snapshot) -> None:
        """Goes on from there."""
        if self.widths is not None:
            self.widths.restore(values["widths"])
        self.collector.restore(values["collector"])


Build = Callable[[Lot], Site]
