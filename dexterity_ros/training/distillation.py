"""Trains a student of points: on-policy distillation of a privileged teacher, on synthetic clouds.

The student acts; the teacher says what it would have done where the student went. Source: Visual Dexterity, Chen et
al., arXiv 2211.11744, section on the student, without its second stage.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import PATH, Checked, Range
from dexterity_ros.contracts.sources import GOAL_CLOUD, OBJECT_CLOUD
from dexterity_ros.contracts.training_run import CHECKPOINT, read_run
from dexterity_ros.observation.builder import build_ports, needed_sources
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.tasks.spec import GOAL_ANGLE
from dexterity_ros.training.checkpoint import TrainingError, read_checkpoint, restoring
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.object_rates import OBJECTS, ObjectRates
from dexterity_ros.training.point_network import PointActor, PointActorConfig
from dexterity_ros.training.ranges import EPOCHS, HORIZON, LEARNING_RATE, STEPS
from dexterity_ros.training.run_folder import RunFolder
from dexterity_ros.training.run_loop import Job, repeat
from dexterity_ros.training.setup import Setup
from dexterity_ros.training.teacher_config import TeacherConfig

PORTS = ("observation", "object_points", "goal_points")
_SAVE_ROUNDS = 20


@dataclass(frozen=True, kw_only=True)
class DistillationConfig(Checked):
    """labels: of the teacher in all. horizon: control steps of all hands between two updates.

    sequences: hands in a minibatch. distance_weight: of the loss of the guessed distance beside that of the action.
    noise: standard deviation of what is added to the student's actions while it collects.
    """

    labels: Annotated[int, STEPS]
    horizon: Annotated[int, HORIZON]
    epochs: Annotated[int, EPOCHS]
    sequences: Annotated[int, Range(1, 1_000_000, "hands of one minibatch")]
    learning_rate: Annotated[float, LEARNING_RATE]
    distance_weight: Annotated[float, Range(0.0, 1000.0, "of a loss")] = 0.5
    noise: Annotated[float, Range(0.0, 1.0, "raw actions are of order one")] = 0.1


@dataclass(frozen=True, kw_only=True)
class PointStudentConfig(Setup):
    """One run; YAML in config/train. teacher_run: directory of a teacher whose actor sees what is privileged."""

    teacher_run: Annotated[str, PATH]
    goal_rad: Annotated[tuple[float, float], GOAL_ANGLE]
    student: PointActorConfig
    distillation: DistillationConfig

    def __post_init__(self) -> None:
        super().__post_init__()
        missing = [s.name for s in (OBJECT_CLOUD, GOAL_CLOUD) if s not in needed_sources(self.observation())]
        if missing or "joint_pos" not in self.policy.terms:
            raise ConfigError(
                f"policy.terms is {list(self.policy.terms)}: a student of points sees joint_pos, {missing}"
            )

    def environment(self) -> ReorientEnv:
        """Returns the simulated hands."""
        return self.hands(self.goal_rad)


@dataclass(kw_only=True)
class PointProgress:
    """Counters that survive a resume.

    unexplained: share of the variance of the teacher's actions that the student missed. distance_rad: mean error of the
    guessed distance. rate: of goals, while collecting.
    """

    rounds: int = 0
    labels: int = 0
    seconds: float = 0.0
    unexplained: float = 1.0
    distance_rad: float = 0.0
    rate: float = 0.0


class PointStudent:
    """One training run in a directory: run.yaml, log.jsonl, objects.json, checkpoint.pt."""

    def __init__(self, config: PointStudentConfig, run: Path, *, teacher: Path | None = None, threads: int = 2) -> None:
        """teacher: in place of config.teacher_run. Raises TrainingError, ConfigError."""
        torch.manual_seed(config.seed)
        torch.set_num_threads(threads)
        self.config, self.folder = config, RunFolder(run, "points")
        self.env = config.environment()
        self.actor = PointActor(self.env.hand, config.observation(), config.student)
        self.optimiser = torch.optim.Adam(self.actor.parameters(), lr=config.distillation.learning_rate)
        self.progress, self.rates = PointProgress(), ObjectRates(self.env.objects)
        self._teacher_run = teacher or Path(config.teacher_run)
        self._reached = self._ended = 0

    def train(self, *, quiet: bool = False) -> None:
        """Trains until there are enough labels, or Ctrl-C; leaves a checkpoint. Raises TrainingError."""
        self.folder.describe(self.config)
        teacher = load_teacher(self._teacher_run, self.env)
        _, self._privileged = self.env.reset()
        self._state = torch.zeros((self.env.num_envs, self.actor.state_width))
        self.actor.norm.update(torch.from_numpy(seen_now(self.env)[PORTS[0]]))
        job = Job(
            unit="label", total=self.config.distillation.labels, done=lambda: self.progress.labels,
            update=lambda: self._round(teacher), save=self.save,
            due=lambda: self.progress.rounds % _SAVE_ROUNDS == 0,
        )  # fmt: skip
        repeat(job, quiet=quiet)

    def save(self) -> None:
        """Writes the checkpoint, and how many goals were reached with each object since the last one."""
        content = {
            "actor": self.actor.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
        }
        self.folder.keep(content)
        self.rates.write(self.folder.path / OBJECTS)

    def restore(self, run: Path | None = None) -> None:
        """Goes on from the run's checkpoint, or begins with the network of another run's. Raises TrainingError."""
        path = (run or self.folder.path) / CHECKPOINT
        content = read_checkpoint(path, "points")
        with restoring(path):
            self.actor.load_state_dict(content["actor"])
            if run is None:
                self.optimiser.load_state_dict(content["optimiser"])
                self.progress = PointProgress(**content["progress"])

    def _round(self, teacher: "Teacher") -> str:
        """Collects and learns once. Returns what the progress bar shows. Raises TrainingError."""
        began = time.perf_counter()
        rows = self._collect(teacher)
        missed, off = self._learn(rows)
        self.progress = PointProgress(
            rounds=self.progress.rounds + 1,
            labels=self.progress.labels + rows["label"].shape[0] * rows["label"].shape[1],
            seconds=self.progress.seconds + time.perf_counter() - began,
            unexplained=missed,
            distance_rad=off,
            rate=self._reached / max(self._ended, 1),
        )
        if not np.isfinite(missed + off):
            raise TrainingError(f"the loss is not finite in round {self.progress.rounds}; the last checkpoint is kept")
        self.folder.log(vars(self.progress), self.progress.labels)
        return f"missed={missed:.2f}, goals={self.progress.rate:.2f}"

    @torch.no_grad()
    def _collect(self, teacher: "Teacher") -> dict[str, Tensor]:
        """Returns what was seen, and what the teacher would have done, (T, N, ...); and the memory at its start."""
        begun, rows, self._reached, self._ended = self._state, [], 0, 0
        for _ in range(self.config.distillation.horizon):
            seen = {name: torch.from_numpy(values) for name, values in seen_now(self.env).items()}
            label = teacher(torch.from_numpy(self._privileged))
            left = torch.from_numpy(self.env.episode.goals.error_rad.astype(np.float32))
            action, _, state = self.actor(*(seen[name] for name in PORTS), self._state)
            action = action + self.config.distillation.noise * torch.randn_like(action)
            step = self.env.step(action.numpy())
            self.rates.record(step)
            restarted = torch.from_numpy(step.restarted.astype(np.float32))
            rows.append(seen | {"label": label, "left": left, "restarted": restarted})
            self._state, self._privileged = state * (1.0 - restarted)[:, None], step.privileged
            self._reached += int(step.reached.sum())
            self._ended += int((step.reached | step.failed).sum())
        stacked = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
        self.actor.norm.update(stacked[PORTS[0]].flatten(0, 1))
        return stacked | {"begun": begun}

    def _learn(self, rows: dict[str, Tensor]) -> tuple[float, float]:
        """Returns (unexplained share of the labels' variance, mean error of the distance in rad)."""
        config, missed, off = self.config.distillation, [], []
        variance = float(rows["label"].var())
        for part in self._minibatches(rows["label"].shape[1]):
            observation, object_points, goal_points = (rows[name][:, part] for name in PORTS)
            action, distance = self.actor.sequence(
                observation, object_points, goal_points, rows["begun"][part], rows["restarted"][:, part]
            )
            wrong = nn.functional.mse_loss(action, rows["label"][:, part])
            far = distance[..., 0] - rows["left"][:, part]
            loss = wrong + config.distance_weight * (far**2).mean()
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.actor.parameters(), 1.0)
            self.optimiser.step()
            missed.append(wrong.item() / max(variance, 1e-9))
            off.append(far.abs().mean().item())
        return float(np.mean(missed)), float(np.mean(off))

    def _minibatches(self, hands: int) -> Iterator[Tensor]:
        for _ in range(self.config.distillation.epochs):
            yield from torch.randperm(hands).split(self.config.distillation.sequences)


def seen_now(env: ReorientEnv) -> dict[str, NDArray[np.float32]]:
    """Returns what a policy sees now, by port."""
    return build_ports(env.observation_spec, env.inputs, env.memory)


Teacher = Callable[[Tensor], Tensor]  # what is privileged, (N, width), to actions, (N, n)


def load_teacher(run: Path, env: ReorientEnv) -> Teacher:
    """Returns the teacher of a run. Raises TrainingError, or ConfigError when it sees other things than `env` says."""
    described = read_run(run)
    if described.kind != "teacher":
        raise ConfigError(f"{run} is a run of kind {described.kind}, expected a teacher")
    config = configs.from_mapping(TeacherConfig, described.config, where="config")
    if config.actor_sees != "privileged":
        raise ConfigError(
            f"the teacher in {run} sees an observation; a student of points needs one with actor_sees: privileged"
        )
    if config.env.privileged != env.config.privileged:
        raise ConfigError(f"env.privileged differs from that of the teacher in {run}: {list(config.env.privileged)}")
    content: dict[str, Any] = read_checkpoint(run / CHECKPOINT, "teacher")
    actor = Actor(env.privileged_width, len(env.hand.joints), config.ppo.actor()).eval()
    with restoring(run / CHECKPOINT):
        actor.load_state_dict(content["actor"])
    return lambda privileged: actor(privileged, actor.begin(len(privileged)))[0].clamp(-1.0, 1.0)
