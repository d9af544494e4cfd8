"""Trains a teacher by reinforcement learning in simulation."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dexterity_ros.contracts.manifest import MANIFEST_FILE
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.training import devices
from dexterity_ros.training.checkpoint import (
    TrainingError,
    packed,
    random_states,
    read_checkpoint,
    restore_random,
    restoring,
    unpacked,
)
from dexterity_ros.training.interface import interface_of
from dexterity_ros.training.networks import Actor, Critic
from dexterity_ros.training.object_rates import OBJECTS, ObjectRates
from dexterity_ros.training.ppo import Ppo
from dexterity_ros.training.reward_count import RewardCount
from dexterity_ros.training.rollouts import Collector, Rollouts
from dexterity_ros.training.run_folder import RunFolder
from dexterity_ros.training.run_loop import Job, repeat
from dexterity_ros.training.seen import Seen
from dexterity_ros.training.site import Lot, Site
from dexterity_ros.training.teacher_config import TeacherConfig
from dexterity_ros.training.warm_start import load_known_terms
from dexterity_ros.training.widths import WidthCurriculum
from dexterity_ros.training.worlds import EnvWorld

_SAVE_UPDATES = 20  # between checkpoints


@dataclass(kw_only=True)
class Progress:
    """Counters that survive a resume."""

    steps: int = 0
    updates: int = 0
    seconds: float = 0.0
    goal_max_rad: float = 0.0
    widths: dict[str, float] = field(default_factory=dict)


class Teacher:
    """One training run in a directory: run.yaml, log.jsonl, checkpoint.pt; objects.json of several objects."""

    def __init__(
        self,
        config: TeacherConfig,
        run: Path,
        *,
        device: str = "cpu",
        threads: int = 2,
        gather: Callable[[Site], Rollouts] | None = None,
    ) -> None:
        """Builds the environment and the networks. `device`, `threads`: of the update.

        gather: what rollouts are taken from instead of the environment here, which then only says what it is like.
        Raises ConfigError for a device that is not there.
        """
        self.device = devices.device(device)
        torch.manual_seed(config.seed)
        torch.set_num_threads(threads)
        self.config, self.folder, self.seen = config, RunFolder(run, "teacher"), Seen()
        self.env = config.environment()
        ppo = config.ppo
        privileged, joints = config.actor_sees == "privileged", len(self.env.hand.joints)
        width = self.env.privileged_width if privileged else config.observation().width
        actor = Actor(width, joints, ppo.actor()).to(self.device)
        critic = Critic(self.env.privileged_width, ppo.critic_hidden).to(self.device)
        self.ppo = Ppo(actor, critic, ppo)
        self.widths: WidthCurriculum | None = None
        if config.widths is not None:
            self.widths = WidthCurriculum(config.widths, self.env, np.random.default_rng([config.seed, 1]))
        self.progress = Progress(goal_max_rad=config.curriculum.start_rad)
        self.rates = ObjectRates(self.env.objects)
        self.count = RewardCount(config.observation().slices, self.env.objects)
        world = EnvWorld(self.env, self._watch, privileged_actor=privileged)
        self.site = Site(
            env=self.env, ppo=self.ppo, count=self.count, widths=self.widths,
            collector=Collector(world, self.ppo, seed=config.seed, device=self.device),
        )  # fmt: skip
        self.collector = self.site.collector if gather is None else gather(self.site)
        self._outcomes: deque[bool] = deque(maxlen=config.curriculum.window_goals)

    def train(self, *, quiet: bool = False) -> None:
        """Trains until total_steps, Ctrl-C or a non-finite value; always leaves a checkpoint. Raises TrainingError."""
        self.folder.describe(self.config)
        if not self.collector.begun:
            self.begin()
        job = Job(
            unit="step", total=self.config.total_steps, done=lambda: self.progress.steps,
            update=lambda: self._report(self._update()), save=self.save, due=lambda: self._due,
        )  # fmt: skip
        repeat(job, quiet=quiet)

    def begin(self) -> None:
        """Restarts the environments."""
        observation, privileged = self.collector.restart()
        for norm, seen in ((self.ppo.actor.norm, observation), (self.ppo.critic.norm, privileged)):
            if self.progress.steps == 0 and float(norm.count) < 1.0:
                norm.update(seen)

    def train_until(self, steps: int) -> None:
        """Trains until that many steps in all, without log or checkpoint; `begin` first."""
        while self.progress.steps < steps:
            self._update()

    @property
    def _due(self) -> bool:
        """Whether a checkpoint is due."""
        return self.progress.updates % _SAVE_UPDATES == 0

    @property
    def fraction(self) -> float:
        """Share of goals reached, lately."""
        return self._fraction()

    def _update(self) -> dict[str, float]:
        began = time.perf_counter()
        self.count.begin()
        self.ppo.explore(self.progress.updates)
        rollout, last_value, tally = self.collector.rollout()
        self._outcomes.extend(self.count.outcomes)
        self.rates.add(*self.count.by_object)
        stats = self.count.means() | {"reward": float(rollout.reward.mean())}
        stats |= {"goals_reached": tally.reached, "goals_failed": tally.failed}
        self.seen.take(rollout.observation, rollout.restarted, rollout.state)
        alone = self.progress.updates < self.config.critic_first
        losses = self.ppo.update(rollout, last_value, critic_only=alone)
        self._check_finite(losses)
        self._advance_curriculum()
        if self.widths is not None:
            self.widths.update()
            self.progress.widths = dict(self.widths.widths)
        self.progress.steps += rollout.reward.numel()
        self.progress.updates += 1
        self.progress.seconds += time.perf_counter() - began
        return stats | losses

    def save(self) -> None:
        """Writes the checkpoint; an interrupted write leaves the previous one whole."""
        content = {
            "interface": self._interface,
            "seen": self.seen.snapshot(self.ppo.actor),
            "actor": self.ppo.actor.state_dict(),
            "critic": self.ppo.critic.state_dict(),
            "optimiser": self.ppo.optimiser.state_dict(),
            "learning_rate": self.ppo.learning_rate,
            "progress": vars(self.progress),
            "random": random_states(),
            "outcomes": list(self._outcomes),
        }
        if self.collector.begun:
            content["collector"] = packed(self.collector.snapshot())
        if self.widths is not None:
            content["widths"] = self.widths.snapshot()
        self.folder.keep(content)

    @cached_property
    def _interface(self) -> dict[str, Any]:
        return interface_of(
            self.config, self.env, self.ppo.actor, privileged_actor=self.config.actor_sees == "privileged"
        )

    def restore(self, checkpoint: Path, *, keep_progress: bool) -> None:
        """Continues from a checkpoint, or with keep_progress=False takes only its networks. Raises TrainingError."""
        content = read_checkpoint(checkpoint, "teacher", self.device)
        try:
            with restoring(checkpoint, but=(RuntimeError, ValueError)):
                self.ppo.actor.load_state_dict(content["actor"])
                self.ppo.critic.load_state_dict(content["critic"])
                if keep_progress:
                    self.ppo.optimiser.load_state_dict(content["optimiser"])
        except (RuntimeError, ValueError) as error:
            why = "the networks have another shape than this configuration's: policy.terms or ppo differ"
            raise TrainingError(f"{checkpoint}: {why}") from error
        if keep_progress:
            with restoring(checkpoint):
                self.ppo.learning_rate = content["learning_rate"]
                self.progress = Progress(**content["progress"])
                self._set_goal_max(self.progress.goal_max_rad)
                self._go_on(content)

    def warm_start(self, source: Path) -> None:
        """Begins with the networks of another run, or with what a bundle knows of the terms that this actor sees.

        Raises:
            TrainingError, BundleError: neither, or of another shape.
        """
        if (source / MANIFEST_FILE).is_file():
            told = self.config.actor_sees == "privileged"
            terms = self.config.observation().vectors
            widths = self.env.privileged_widths if told else {term.name: term.width for term in terms}
            load_known_terms(source, self.ppo.actor, self.config, widths)
        else:
            self.restore(source / CHECKPOINT, keep_progress=False)

    def _go_on(self, content: dict[str, Any]) -> None:
        """Takes up everything else that a later update depends on, of a checkpoint that has it."""
        if self.widths is not None:
            self.widths.restore(content.get("widths", {"widths": self.progress.widths}))
        self._outcomes.extend(content.get("outcomes", []))
        if "collector" in content:
            self.collector.restore(unpacked(content["collector"]))
        if "seen" in content:
            self.seen.restore(content["seen"])
        if "random" in content:
            restore_random(content["random"])

    def _watch(self, step: EnvStep) -> None:
        """Takes what is counted from a step."""
        self.count.watch(step)
        if self.widths is not None:
            self.widths.record(step)

    def _check_finite(self, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            if not np.isfinite(value):
                raise TrainingError(f"{name} is {value} at update {self.progress.updates}; the last checkpoint is kept")

    def _fraction(self) -> float:
        return sum(self._outcomes) / len(self._outcomes) if self._outcomes else 0.0

    def _advance_curriculum(self) -> None:
        curriculum = self.config.curriculum
        full = len(self._outcomes) == self._outcomes.maxlen
        if full and self._fraction() > curriculum.threshold and self.progress.goal_max_rad < curriculum.end_rad:
            self._set_goal_max(min(self.progress.goal_max_rad + curriculum.step_rad, curriculum.end_rad))
            self._outcomes.clear()

    def _set_goal_max(self, goal_max_rad: float) -> None:
        self.progress.goal_max_rad = goal_max_rad
        self.env.set_goal_range((self.config.goal_min_rad, goal_max_rad))

    def _report(self, stats: dict[str, float]) -> str:
        """Writes a row of the log, and the table of objects where it is due. Returns what the progress bar shows."""
        if self._due:
            self.rates.write(self.folder.path / OBJECTS)
        width = 0.0 if self.widths is None else self.widths.mean
        row = vars(self.progress) | {"width": width, "goal_fraction": self._fraction()} | stats
        self.folder.log(row, self.progress.steps)
        widths = "" if self.widths is None else f", width={width:.2f}"
        goals = f"goals={self._fraction():.2f}, up_to={self.progress.goal_max_rad:.1f}rad"
        return f"reward={stats['reward']:.3f}, {goals}{widths}"


def teacher_site(config: TeacherConfig, lot: Lot) -> Site:
    """Returns a worker's share of a teacher's run."""
    return Teacher(lot.of(config), Path(), threads=1).site
