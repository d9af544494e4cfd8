"""Trains a student: DAgger of a teacher that sees the truth, in the simulated hand, with everything a robot adds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import torch
import yaml
from torch import Tensor
from tqdm import tqdm

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.ranges import PATH
from dexterity_ros.contracts.resources import resource
from dexterity_ros.tasks.reorient import GOAL_ANGLE
from dexterity_ros.training.checkpoint import CHECKPOINT, TrainingError, read_checkpoint, write_checkpoint
from dexterity_ros.training.imitation.behaviour_cloning import clone
from dexterity_ros.training.imitation.collect import Batch, Expert, Task
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.fine_tuning import TuningConfig, fine_tune
from dexterity_ros.training.imitation.gated import gated_dagger
from dexterity_ros.training.imitation.hand_task import BundleExpert, HandTask
from dexterity_ros.training.imitation.human_gated import human_gated_dagger
from dexterity_ros.training.imitation.rma import rma
from dexterity_ros.training.imitation.rounds import Round, RoundsConfig, Said, validate
from dexterity_ros.training.networks import Actor, ActorConfig, Critic
from dexterity_ros.training.setup import Setup
from dexterity_ros.training.teacher import interruptible


@dataclass(frozen=True, kw_only=True)
class StudentConfig(Setup):
    """One run; YAML in config/train. teacher: bundle directory. method: a file of training/imitation each.

    teacher_sees: the truth, or what the student's sensors say, so that the student can know what it acts on.
    stop_head: the student also says whether the goal is reached. tuning: of the method `reinforced`, whose rounds are
    updates.
    """

    teacher: Annotated[str, PATH]
    goal_rad: Annotated[tuple[float, float], GOAL_ANGLE]
    student: ActorConfig
    rounds: RoundsConfig
    method: Literal["dagger", "clone", "clone, shaken", "gated", "human-gated", "rma", "reinforced"] = "dagger"
    teacher_sees: Literal["truth", "sensors"] = "truth"
    stop_head: bool = False
    tuning: TuningConfig | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stop_head and not self.rounds.imagine:
            raise ConfigError(
                "stop_head is true and rounds.imagine false: only imagined goals show what reached is like"
            )
        if self.method == "reinforced" and (self.tuning is None or self.stop_head):
            raise ConfigError("method is reinforced: it needs tuning, and no stop_head, for which there is no reward")
        if self.method == "reinforced" and self.teacher_sees == "sensors":
            raise ConfigError(
                "method is reinforced: its critic sees what the teacher does, so teacher_sees must be truth"
            )

    @property
    def first_goal_rad(self) -> tuple[float, float]:
        """Always the same."""
        return self.goal_rad


@dataclass(kw_only=True)
class StudentProgress:
    """Counters that survive a resume. labels: actions that the teacher was asked for.

    rate: of goals, while collecting. alone: of goals, by the student alone, where that was tried. unexplained: of the
    variance of the teacher's actions, the share that the student missed where it went; what no training removes,
    its inputs cannot know.
    """

    rounds: int = 0
    labels: int = 0
    rate: float = 0.0
    unexplained: float | None = 1.0
    alone: float | None = None

    @property
    def steps(self) -> int:
        """How much it has learned from; for provenance."""
        return self.labels


def _learn(
    config: StudentConfig, task: Task, expert: Expert, student: Actor, begun: int, shown: Sequence[Batch], said: Said
) -> None:
    """Goes on after `begun` rounds by the method of the configuration, unless that is reinforcement."""
    rounds, seed = replace(config.rounds, rounds=max(config.rounds.rounds - begun, 0)), config.seed + begun
    if config.method == "dagger":
        dagger(task, expert, student, rounds, beta=0.0 if begun or shown else 1.0, shown=shown, seed=seed, said=said)
    elif config.method == "clone":
        clone(task, expert, student, rounds, seed=seed, said=said)
    elif config.method == "clone, shaken":
        clone(task, expert, student, rounds, noise=0.3, seed=seed, said=said)
    elif config.method == "gated":
        gated_dagger(task, expert, student, rounds, seed=seed, said=said)
    elif config.method == "rma":
        rma(task, expert, student, rounds, seed=seed, said=said)
    else:
        _clone_then_let_a_person_watch(task, expert, student, rounds, seed, said)


def _clone_then_let_a_person_watch(
    task: Task, expert: Expert, student: Actor, rounds: RoundsConfig, seed: int, said: Said
) -> None:
    """Spends a quarter of the rounds on demonstrations: nobody watches a hand that knows nothing."""
    first, labels = rounds.rounds // 4, 0

    def count(after: Round) -> None:
        nonlocal labels
        labels = after.labels
        said(after)

    shown = clone(task, expert, student, replace(rounds, rounds=first), seed=seed, said=count)
    rest = replace(rounds, rounds=rounds.rounds - first)
    human_gated_dagger(
        task, expert, student, rest, shown=shown, seed=seed,
        said=lambda after: said(replace(after, number=first + after.number, labels=labels + after.labels)),
    )  # fmt: skip


def _reinforce(
    config: StudentConfig, task: Task, expert: Expert, student: Actor, critic: Critic, begun: int, said: Said
) -> None:
    assert config.tuning is not None
    asked = config.tuning.ppo.horizon * config.env.num_envs
    fine_tune(
        task, expert, student, critic, config.tuning, range(begun, config.rounds.rounds),
        lambda update, rate, alone: said(
            Round(number=update - begun, rate=rate, labels=(update - begun + 1) * asked, unexplained=None, alone=alone)
        ),
        lambda update: validate(task, student, config.rounds, update),
    )  # fmt: skip


class _InterruptionError(Exception):
    """Somebody pressed Ctrl-C; the round is finished and saved."""


class Student:
    """One training run in a directory: config.yaml, log.jsonl, checkpoint.pt."""

    def __init__(self, config: StudentConfig, run: Path, *, shown: Sequence[Batch] = (), threads: int = 2) -> None:
        """Builds the environment and the network. threads: of the update.

        shown: an operator's corrections; DAgger of the teacher goes on, so that the rest is not forgotten.
        """
        if shown and config.method != "dagger":
            raise TrainingError(f"corrections are learned from beside dagger, the configuration says {config.method}")
        self._shown = shown
        torch.manual_seed(config.seed)
        torch.set_num_threads(threads)
        self.config, self.run = config, run
        self.env = config.environment()
        self.actor = Actor(config.observation().width, len(self.env.hand.joints) + config.stop_head, config.student)
        self.critic = self._new_critic()
        self.progress = StudentProgress()
        run.mkdir(parents=True, exist_ok=True)

    def _new_critic(self) -> Critic | None:
        if self.config.method != "reinforced" or self.config.tuning is None:
            return None
        told = load_manifest(resource(self.config.teacher)).observation.width
        return Critic(told, self.config.tuning.ppo.critic_hidden)

    def train(self) -> None:
        """Trains all rounds, or until Ctrl-C; each round leaves a checkpoint. Raises BundleError."""
        config, begun = self.config, self.progress.rounds
        expert = BundleExpert(resource(config.teacher), self.env.hand, config.policy.action)
        task = HandTask(
            self.env,
            expert.manifest.observation,
            config.seed,
            stop_head=config.stop_head,
            restricted=config.teacher_sees == "sensors",
        )
        (self.run / "config.yaml").write_text(yaml.safe_dump(configs.to_mapping(config), sort_keys=False))
        bar = tqdm(total=config.rounds.rounds, initial=begun, unit="round")
        labels_before = self.progress.labels
        with bar, interruptible() as interrupted:

            def said(after: Round) -> None:
                self.progress = StudentProgress(
                    rounds=begun + after.number + 1,
                    labels=labels_before + after.labels,
                    rate=after.rate,
                    unexplained=after.unexplained,
                    alone=after.alone,
                )
                self.save()
                bar.update(1)
                missed = {} if after.unexplained is None else {"unexplained": f"{after.unexplained:.2f}"}
                bar.set_postfix(goals=f"{after.rate:.2f}", **missed, labels=f"{self.progress.labels / 1e6:.2f}M")
                if interrupted():
                    raise _InterruptionError

            try:
                if self.critic is not None:
                    _reinforce(config, task, expert, self.actor, self.critic, begun, said)
                else:
                    _learn(config, task, expert, self.actor, begun, self._shown, said)
                self.save(quietly=True)
            except _InterruptionError:
                pass

    def save(self, *, quietly: bool = False) -> None:
        """Writes the checkpoint and, unless quietly, a row of the log."""
        content = {"actor": self.actor.state_dict(), "progress": vars(self.progress)}
        if self.critic is not None:
            content["critic"] = self.critic.state_dict()
        write_checkpoint(self.run / CHECKPOINT, "student", content)
        if not quietly:
            with (self.run / "log.jsonl").open("a") as log:
                log.write(json.dumps(vars(self.progress)) + "\n")

    def restore(self, run: Path | None = None) -> None:
        """Continues from the run's checkpoint, or begins with the network of another run's. Raises TrainingError.

        What was collected is collected anew. A stop head that this run does without is left behind.
        """
        path = (run or self.run) / CHECKPOINT
        content = read_checkpoint(path, "student")
        if run is None and self.critic is not None and "critic" not in content:
            raise TrainingError(
                f"{path} is of imitation, it has no critic: give its run with --warm-start, and a new --run"
            )
        try:
            self.actor.load_state_dict(_without_stop_head(content["actor"], self.actor))
        except RuntimeError as error:
            said = "observation terms, student or stop_head differ"
            raise TrainingError(f"the network in {path} has another shape than this configuration's: {said}") from error
        if run is None:
            if self.critic is not None:
                self.critic.load_state_dict(content["critic"])
            self.progress = StudentProgress(**content["progress"])


def _without_stop_head(values: dict[str, Tensor], student: Actor) -> dict[str, Tensor]:
    """Returns the values of a network with memory that says one number more than the student, without that number."""
    if len(values.get("log_std", ())) != student.joints + 1:
        return values
    said = ("log_std", "last.0.weight", "last.0.bias")
    return {name: value[:-1] if name in said else value for name, value in values.items()}
