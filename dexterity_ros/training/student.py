"""Trains a student: DAgger of a privileged teacher, in the simulated hand, with everything a robot adds."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from dexterity_ros.contracts.manifest import MANIFEST_FILE, load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.training.best import Best, best_of
from dexterity_ros.training.checkpoint import TrainingError, read_checkpoint, restoring
from dexterity_ros.training.imitation.collect import Batch
from dexterity_ros.training.imitation.fine_tuning import TaskWorld, Tuner
from dexterity_ros.training.imitation.hand_task import BundleExpert, HandTask
from dexterity_ros.training.imitation.methods import learn
from dexterity_ros.training.imitation.rounds import Lesson, Round, validate
from dexterity_ros.training.interface import interface_of
from dexterity_ros.training.interruptible import interruptible
from dexterity_ros.training.networks import Actor, Critic
from dexterity_ros.training.reinforcement import GoalCount, Reinforcement, progress_line
from dexterity_ros.training.rollouts import Rollouts
from dexterity_ros.training.run_folder import RunFolder
from dexterity_ros.training.run_loop import EverySeconds, Job, repeat
from dexterity_ros.training.seen import Seen
from dexterity_ros.training.site import Lot, Site
from dexterity_ros.training.student_config import StudentConfig
from dexterity_ros.training.transition import World
from dexterity_ros.training.warm_start import load_actor, load_resume
from dexterity_ros.training.worlds import EnvWorld

CHECKPOINT_S = 120.0  # between checkpoints of a reinforced run


@dataclass(kw_only=True)
class StudentProgress:
    """Counters that survive a resume. labels: actions that the teacher was asked for.

    rate: of goals, while collecting. alone: of goals, by the student alone, in validation. unexplained: of the
    variance of the teacher's actions, the share that the student missed where it went; what no training removes,
    its inputs cannot know. seconds: of collecting and learning, of the method `reinforced`.
    """

    rounds: int = 0
    labels: int = 0
    rate: float = 0.0
    unexplained: float | None = 1.0
    alone: float | None = None
    seconds: float = 0.0

    @property
    def steps(self) -> int:
        """How much it has learned from; for provenance."""
        return self.labels


class _InterruptionError(Exception):
    """Somebody pressed Ctrl-C; the round is finished and saved."""


class Student:
    """One training run in a directory: run.yaml, log.jsonl, checkpoint.pt. site: of the method `reinforced`."""

    site: Site

    def __init__(
        self,
        config: StudentConfig,
        run: Path,
        *,
        corrections: Sequence[Batch] = (),
        threads: int = 2,
        gather: Callable[[Site], Rollouts] | None = None,
    ) -> None:
        """Builds the environment and the network. threads: of the update.

        gather: of the method `reinforced`, what rollouts are taken from instead of the environment here.

        corrections: of an operator; DAgger of the teacher goes on, so that the rest is not forgotten.
        """
        if corrections and config.method != "dagger":
            raise TrainingError(f"corrections are learned from beside dagger, the configuration says {config.method}")
        self._corrections, self._gather = corrections, gather
        torch.manual_seed(config.seed)
        torch.set_num_threads(threads)
        self.config, self.folder = config, RunFolder(run, "student")
        self.seen, self.best = Seen(), Best()
        self.env = config.environment()
        self.actor = Actor(config.observation().width, len(self.env.hand.joints) + config.stop_head, config.student)
        self.critic = self._new_critic()
        self.reinforcement = self._new_reinforcement()
        self.progress = StudentProgress()

    def _new_critic(self) -> Critic | None:
        config = self.config
        if config.method != "reinforced" or config.tuning is None:
            return None
        taught = load_manifest(resource(config.teacher)).observation.width
        width = self.env.privileged_width if config.critic_sees == "privileged" else taught
        return Critic(width + (config.tuning.mean_first is not None), config.tuning.ppo.critic_hidden)

    def _new_reinforcement(self) -> Reinforcement | None:
        config = self.config
        if self.critic is None or config.tuning is None:
            return None
        count = GoalCount()
        task = HandTask(
            self.env, load_manifest(resource(config.teacher)).observation, config.seed, watch=count.watch
        )  # fmt: skip
        paid = TaskWorld(task, self._expert(), config.tuning.alike) if config.critic_sees == "teacher" else None
        world: World = EnvWorld(self.env, count.watch) if paid is None else paid
        tuner = Tuner(world, self.actor, self.critic, config.tuning, seed=config.seed)
        self.site = Site(env=self.env, ppo=tuner.ppo, collector=tuner.collector, count=count, paid_by_expert=paid)
        if self._gather is not None:
            tuner.collector = self._gather(self.site)
        return Reinforcement(
            tuner,
            self.env,
            count,
            success=config.success,
            redraw_updates=config.redraw_updates,
            validated=lambda update: validate(task, self.actor, config.rounds, update),
        )

    def _expert(self) -> BundleExpert:
        return BundleExpert(resource(self.config.teacher), self.env.hand, self.config.policy.action)

    def train(self) -> None:
        """Trains all rounds, or until Ctrl-C or SIGTERM; leaves a checkpoint. Raises BundleError."""
        self.folder.describe(self.config)
        if self.reinforcement is not None:
            self._reinforce(self.reinforcement)
        else:
            self._imitate()

    def _reinforce(self, learner: Reinforcement) -> None:
        """Goes on update after update; a checkpoint every few minutes, and at the end."""
        job = Job(
            unit="round", total=self.config.rounds.rounds, done=lambda: self.progress.rounds,
            update=lambda: self._reinforce_once(learner), save=self.save, due=EverySeconds(CHECKPOINT_S),
        )  # fmt: skip
        repeat(job)

    def _reinforce_once(self, learner: Reinforcement) -> str:
        """Goes on by one update. Returns what the progress bar shows. Raises TrainingError."""
        stats, alone = learner.update(self.progress.rounds)
        rollout = learner.tuner.rollout
        self.progress = StudentProgress(
            rounds=self.progress.rounds + 1,
            labels=self.progress.labels + rollout.reward.numel(),
            rate=stats["rate"],
            unexplained=None,
            alone=alone,
            seconds=self.progress.seconds + stats["seconds_spent"],
        )
        self._check_finite(stats)
        self.seen.take(rollout.observation, rollout.restarted, rollout.state)
        self.best.offer(self.actor, alone, self.progress.steps)
        self._log(stats)
        return progress_line(stats, self.progress.labels)

    def _check_finite(self, stats: dict[str, float]) -> None:
        for name, value in stats.items():
            if not np.isfinite(value):
                raise TrainingError(f"{name} is {value} in update {self.progress.rounds}; the last checkpoint is kept")

    def _imitate(self) -> None:
        """Goes on round after round by the teacher's example; each leaves a checkpoint."""
        config, begun = self.config, replace(self.progress)
        bar = tqdm(total=config.rounds.rounds, initial=begun.rounds, unit="round", mininterval=5.0)
        with bar, interruptible() as interrupted, suppress(_InterruptionError):

            def on_round(after: Round) -> None:
                bar.set_postfix_str(self._take(after, begun), refresh=False)
                bar.update(1)
                if interrupted():
                    raise _InterruptionError

            learn(
                config.method, self._lesson(), config.rounds, seed=config.seed, begun=begun.rounds,
                demonstrations=self._corrections, on_round=on_round,
            )  # fmt: skip

    def _lesson(self) -> Lesson:
        expert = self._expert()
        task = HandTask(
            self.env,
            expert.manifest.observation,
            self.config.seed,
            stop_head=self.config.stop_head,
            restricted=self.config.teacher_sees == "sensors",
        )
        return Lesson(task=task, expert=expert, student=self.actor)

    def _take(self, after: Round, begun: StudentProgress) -> str:
        """Keeps what a round brought, in a checkpoint too. Returns what the progress bar shows."""
        self.progress = StudentProgress(
            rounds=begun.rounds + after.number + 1,
            labels=begun.labels + after.labels,
            rate=after.rate,
            unexplained=after.unexplained,
            alone=after.alone,
        )
        seen = after.batch.observation[..., : self.config.observation().width]
        self.seen.take(seen, after.batch.done, self.actor.begin(seen.shape[1]))
        self.best.offer(self.actor, after.alone, self.progress.steps)
        self.save()
        self._log({})
        missed = "" if after.unexplained is None else f"unexplained={after.unexplained:.2f}, "
        return f"goals={after.rate:.2f}, {missed}labels={self.progress.labels / 1e6:.2f}M"

    def save(self) -> None:
        """Writes the checkpoint."""
        content: dict[str, Any] = {
            "interface": self._interface,
            "seen": self.seen.snapshot(self.actor),
            "actor": self.actor.state_dict(),
            "best": self.best.snapshot(),
            "progress": vars(self.progress),
        }
        if self.critic is not None:
            content["critic"] = self.critic.state_dict()
        if self.reinforcement is not None and self.reinforcement.tuner.collector.begun:
            content |= self.reinforcement.snapshot()
        self.folder.keep(content)

    @cached_property
    def _interface(self) -> dict[str, Any]:
        return interface_of(self.config, self.env, self.actor)

    def _log(self, stats: dict[str, float]) -> None:
        """Writes a row of the log."""
        row = vars(self.progress) | {name: float(value) for name, value in stats.items()}
        self.folder.log(row, self.progress.labels)

    def restore(self, run: Path | None = None) -> None:
        """Continues from the run's checkpoint, or begins with the network of another run's. Raises TrainingError.

        What was collected is collected anew. A stop head that this run does without is left behind.
        """
        path = (run or self.folder.path) / CHECKPOINT
        content = read_checkpoint(path, "student")
        if run is None and self.critic is not None and "critic" not in content:
            raise TrainingError(
                f"{path} is of imitation, it has no critic: give its run with --warm-start, and a new --run"
            )
        try:
            with restoring(path, but=(RuntimeError,)):
                weights = content["actor"] if run is None else best_of(content, 0)[0]
                self.actor.load_state_dict(_without_stop_head(weights, self.actor))
        except RuntimeError as error:
            why = "observation terms, student or stop_head differ"
            raise TrainingError(f"the network in {path} has another shape than this configuration's: {why}") from error
        if run is None:
            with restoring(path):
                self.progress = StudentProgress(**content["progress"])
                self._go_on(content)

    def _go_on(self, content: dict[str, Any]) -> None:
        """Takes up everything else that a later update depends on, of a checkpoint that has it."""
        if "seen" in content:
            self.seen.restore(content["seen"])
            self.best.restore(content["best"])
        if self.critic is not None and self.reinforcement is not None:
            self.critic.load_state_dict(content["critic"])
            if "collector" in content:
                self.reinforcement.restore(content)

    def warm_start(self, source: Path) -> bool:
        """Begins with the network of another run, or of a bundle. Returns whether critic and exploration came along.

        Raises:
            TrainingError, BundleError: neither, or of another shape.
        """
        if not (source / MANIFEST_FILE).is_file():
            self.restore(source)
            return False
        load_actor(source, self.actor, self.config)
        return self.reinforcement is not None and load_resume(source, self.reinforcement.tuner.ppo)


def _without_stop_head(values: dict[str, Tensor], student: Actor) -> dict[str, Tensor]:
    """Returns the values of a network with memory that has one output more than the student, without that number."""
    if len(values.get("log_std", ())) != student.joints + 1:
        return values
    shortened = ("log_std", "last.0.weight", "last.0.bias")
    return {name: value[:-1] if name in shortened else value for name, value in values.items()}


def student_site(config: StudentConfig, lot: Lot) -> Site:
    """Returns a worker's share of a run of the method `reinforced`."""
    return Student(lot.of(config), Path(), threads=1).site
