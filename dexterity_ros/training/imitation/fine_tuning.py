"""Reinforcement of a student that imitation has taught: the reward says what the expert's example cannot show.

The critic sees what is privileged, as the expert does; only the student has to do with what it sees. At first the
student is also paid for doing what the expert does; that fades, so that it may learn to look where the expert has no
need to.
Source: Pinto et al., Asymmetric Actor Critic for Image-Based Robot Learning, arXiv 1710.06542; Weihs et al., Bridging
the Imitation Gap by Adaptive Insubordination, arXiv 2007.12173.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Protocol, runtime_checkable

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Singles
from dexterity_ros.contracts.ranges import UNSAID_AT_DEFAULT, Checked, Range
from dexterity_ros.sim.snapshot import Snapshot
from dexterity_ros.training.imitation.collect import Expert
from dexterity_ros.training.imitation.rounds import Lesson
from dexterity_ros.training.networks import Actor, Critic
from dexterity_ros.training.ppo import Ppo, PpoConfig, Rollout
from dexterity_ros.training.rollouts import Collector, MeanFirst, Rollouts
from dexterity_ros.training.transition import Task, Transition, World


@dataclass(frozen=True, kw_only=True)
class TuningConfig(Checked):
    """imitation: reward for doing what the expert does, at first; it fades to nothing over fade_updates.

    alike: how far apart (root mean square) an action and the expert's are when the reward is down to a third.
    critic_first: updates in which only the critic learns: one that knows nothing yet spoils what the student can do.
    mean_first: some attempts begin without exploration.
    """

    imitation: Annotated[float, Range(0.0, 1e6, "a reward; 0 = none")]
    fade_updates: Annotated[int, Range(1, 10_000_000, "at least one")]
    ppo: PpoConfig
    alike: Annotated[float, Range(1e-6, 100.0, "raw actions are of order one")] = 0.001
    critic_first: Annotated[int, Range(0, 10_000_000, "0 = both learn at once")] = 0
    mean_first: MeanFirst | None = field(default=None, metadata=UNSAID_AT_DEFAULT)


@runtime_checkable
class Resumable(Protocol):
    """A task that can say where it stands, and go on from there."""

    def snapshot(self) -> Snapshot:
        """Returns where all episodes stand."""
        ...

    def restore(self, values: Snapshot) -> None:
        """Goes on from there."""
        ...


class TaskWorld:
    """A task as a `World`, in which imitation is paid: the reward for doing as the expert does, at present."""

    def __init__(self, task: Task, expert: Expert, alike: float) -> None:
        self._task, self._expert, self._alike = task, expert, alike
        self.imitation = 0.0

    def restart(self) -> tuple[Singles, Singles]:
        """Begins all episodes anew. Returns (observation, privileged)."""
        observation, self._privileged = self._task.restart()
        return observation, self._privileged

    def step(self, action: Singles) -> Transition:
        """Takes one step by actions, (N, n)."""
        example = self._paid(action)
        step = self._task.step(action)
        self._privileged = step.privileged
        return replace(step, reward=(step.reward + example).astype(np.float32))

    def snapshot(self) -> Snapshot:
        """Returns where it stands. The task has to be resumable."""
        assert isinstance(self._task, Resumable), f"{type(self._task).__name__} cannot be resumed"
        return {"task": self._task.snapshot(), "truth": self._privileged}

    def restore(self, values: Snapshot) -> None:
        """Goes on from there."""
        assert isinstance(self._task, Resumable), f"{type(self._task).__name__} cannot be resumed"
        self._task.restore(values["task"])
        self._privileged = values["truth"]

    def _paid(self, action: Singles) -> Floats | float:
        """Returns the reward for acting as the expert would, (N,), or 0."""
        if self.imitation == 0.0:
            return 0.0
        apart = ((action - self._expert(self._privileged)) ** 2).mean(axis=1)
        paid: Floats = self.imitation * np.exp(-apart / self._alike**2)
        return paid


class Tuner:
    """Reinforces an actor in a world, update after update. rollout: the last one that it learned from."""

    rollout: Rollout

    def __init__(self, world: World, student: Actor, critic: Critic, config: TuningConfig, *, seed: int = 0) -> None:
        """critic: of what the world calls privileged, and with mean_first of one number more."""
        self.config, self._world = config, world
        self.ppo = Ppo(student, critic, config.ppo)
        self.collector: Rollouts = Collector(world, self.ppo, mean_first=config.mean_first, seed=seed)

    def update(self, number: int) -> dict[str, float]:
        """Collects and learns once. Returns the success rate while exploring (`rate`), losses and the like."""
        if not self.collector.begun:
            self.collector.restart()
        if isinstance(self._world, TaskWorld):
            share = max(1.0 - number / max(self.config.fade_updates, 1), 0.0)
            self._world.imitation = self.config.imitation * share
        self.ppo.explore(number)
        rollout, last, tally = self.collector.rollout()
        self.rollout = rollout
        seconds, alone = self.collector.seconds, number < self.config.critic_first
        losses = seconds.timed("learning", lambda: self.ppo.update(rollout, last, critic_only=alone))
        return losses | {"rate": tally.rate, "reward": float(rollout.reward.mean()), "used": float(rollout.used.mean())}


def fine_tune(
    lesson: Lesson,
    critic: Critic,
    config: TuningConfig,
    updates: range,
    on_update: Callable[[int, float], None] = lambda _update, _rate: None,
) -> None:
    """Trains the student further.

    critic: of what the expert sees. updates: their numbers, of which the first is not 0 where one goes on. on_update:
    called after each of them with (its number, success rate while exploring).
    """
    world = TaskWorld(lesson.task, lesson.expert, config.alike)
    tuner = Tuner(world, lesson.student, critic, config)
    for update in updates:
        on_update(update, tuner.update(update)["rate"])
