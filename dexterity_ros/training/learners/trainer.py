"""The one trainer of all learners: AdamW with warm-up and cosine, averaged weights, checkpoints that go on exactly."""

import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.ranges import SEED, SHARE, Checked, Range
from dexterity_ros.contracts.training_run import RUN_FILE, read_run
from dexterity_ros.training import devices
from dexterity_ros.training.checkpoint import TrainingError, random_states, restore_random
from dexterity_ros.training.learners.demonstrations import Demonstrations
from dexterity_ros.training.learners.kinds import LearnerConfig
from dexterity_ros.training.learners.learner import Learner
from dexterity_ros.training.ranges import LEARNING_RATE, MINIBATCH, STEPS
from dexterity_ros.training.run_folder import RunFolder
from dexterity_ros.training.run_loop import Job, repeat


@dataclass(frozen=True, kw_only=True)
class TrainerConfig(Checked):
    """updates: of `minibatch` chunks each, drawn with replacement. save_every, log_every: in updates.

    The learning rate rises for warmup updates and falls along a cosine to 0 at the last one.
    average_power, most_average: after u updates the average keeps min(most_average, 1 - (1 + u)^-average_power) of
    itself. Source: diffusers EMAModel and Diffusion Policy's configurations, 0.75 and 0.9999.
    """

    updates: Annotated[int, STEPS]
    minibatch: Annotated[int, MINIBATCH]
    learning_rate: Annotated[float, LEARNING_RATE]
    seed: Annotated[int, SEED] = 0
    weight_decay: Annotated[float, Range(0.0, 10.0, "0 = none")] = 1e-6
    warmup: Annotated[int, Range(0, 1_000_000, "0 = none")] = 50
    max_grad_norm: Annotated[float, Range(1e-6, 1e6, "1 is usual")] = 1.0
    average_power: Annotated[float, Range(0.0, 10.0, "0 = the average is the last one")] = 0.75
    most_average: Annotated[float, SHARE] = 0.9999
    save_every: Annotated[int, Range(1, 10**9, "a checkpoint now and then")] = 1000
    log_every: Annotated[int, Range(1, 10**9, "a row now and then")] = 100

    def rate(self, update: int) -> float:
        """Returns the learning rate of an update, counted from 0."""
        if update < self.warmup:
            return self.learning_rate * (update + 1) / self.warmup
        share = (update - self.warmup) / max(self.updates - self.warmup, 1)
        return self.learning_rate * 0.5 * (1.0 + math.cos(math.pi * share))

    def kept(self, update: int) -> float:
        """Returns how much of itself the average keeps in an update, counted from 0."""
        return min(self.most_average, 1.0 - (1.0 + update) ** -self.average_power)


class Trainer:
    """One run in a directory: run.yaml, log.jsonl, checkpoint.pt."""

    def __init__(
        self,
        made_of: LearnerConfig,
        config: TrainerConfig,
        demonstrations: Demonstrations,
        run: Path,
        *,
        device: str = "cpu",
    ) -> None:
        """demonstrations: on the same device. Raises ConfigError for a device or learner that there is not."""
        torch.manual_seed(config.seed)
        self.made_of, self.config, self._demonstrations = made_of, config, demonstrations
        self.folder = RunFolder(run, "learner")
        self._device = devices.device(device)
        self.learner = made_of.learner(demonstrations.width, demonstrations.joints)
        self.learner.fit_ranges(demonstrations)
        self.learner.to(self._device)
        self.average = copy.deepcopy(self.learner).eval().requires_grad_(False)
        self._optimiser = torch.optim.AdamW(
            self.learner.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.updates, self.seconds, self.loss = 0, 0.0, math.nan
        self._losses: list[torch.Tensor] = []  # since the last row of the log

    @property
    def progress(self) -> dict[str, float]:
        """How far it is. loss: of the last row of the log; nan before the first."""
        return {"updates": self.updates, "seconds": round(self.seconds, 1), "loss": round(self.loss, 6)}

    def train(self, until: int | None = None) -> Learner:
        """Goes on to the last update, or to `until`; leaves a checkpoint. Returns the learner with averaged weights.

        Raises KeyboardInterrupt when a person ended it before, TrainingError when the loss is no number any more.
        """
        self.folder.describe({"learner": self.made_of, "trainer": self.config})
        last, began = min(until or self.config.updates, self.config.updates), time.monotonic() - self.seconds

        def update() -> str:
            self._losses.append(self._update())
            self.seconds = time.monotonic() - began
            if self.updates % self.config.log_every == 0 or self.updates == last:
                self._log()
            return f"loss={self.loss:.4f}"

        job = Job(
            unit="update", total=self.config.updates, enough=last, done=lambda: self.updates, update=update,
            save=self.save, due=lambda: self.updates % self.config.save_every == 0,
        )  # fmt: skip
        repeat(job)
        if self.updates < last:
            raise KeyboardInterrupt
        return self.average

    def _update(self) -> torch.Tensor:
        """Takes one step down. Returns the loss, still on its device."""
        start = torch.randint(0, len(self._demonstrations), (self.config.minibatch,), device=self._device)
        for group in self._optimiser.param_groups:
            group["lr"] = self.config.rate(self.updates)
        loss = self.learner.loss(self._demonstrations.chunks(start, self.learner.horizon))
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.learner.parameters(), self.config.max_grad_norm)
        self._optimiser.step()
        self._move_average()
        self.updates += 1
        return loss.detach()

    @torch.no_grad()
    def _move_average(self) -> None:
        averaged, newest = list(self.average.parameters()), list(self.learner.parameters())
        torch._foreach_lerp_(averaged, newest, 1.0 - self.config.kept(self.updates))

    def _log(self) -> None:
        """Writes a row of the log. Raises TrainingError when the loss is no number any more."""
        loss = float(torch.stack(self._losses).mean())
        self._losses.clear()
        if not math.isfinite(loss):
            kept = "the last checkpoint is kept" if self.folder.checkpoint.exists() else "there is no checkpoint yet"
            raise TrainingError(f"the loss is {loss} at update {self.updates}; {kept}")
        self.loss = loss
        self.folder.log({"updates": self.updates, "loss": loss, "seconds": round(self.seconds, 3)}, self.updates)

    def save(self) -> None:
        """Writes the checkpoint: with run.yaml all that going on, or exporting, needs beside the demonstrations."""
        content = {
            "learner": self.learner.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "interface": {"width": self.learner.width, "joints": self.learner.joints},
            "progress": {"updates": self.updates, "seconds": self.seconds},
            "random": random_states(),
        }
        self.folder.keep(content)

    def restore(self) -> None:
        """Goes on from the run's checkpoint, bit by bit as if it had never stopped. Raises TrainingError."""
        content = self.folder.kept(self._device)
        try:
            self.learner.load_state_dict(content["learner"])
        except RuntimeError as error:
            why = "has another shape than this configuration's, or learned from other demonstrations"
            raise TrainingError(f"the network in {self.folder.checkpoint} {why}") from error
        self.average.load_state_dict(content["average"])
        self._optimiser.load_state_dict(content["optimiser"])
        self.updates, self.seconds = content["progress"]["updates"], content["progress"]["seconds"]
        restore_random(content["random"])


def load_learner(run: Path) -> Learner:
    """Returns what a run has learned, with averaged weights. Raises TrainingError, ConfigError."""
    content = RunFolder(run, "learner").kept()
    made_of = configs.from_mapping(LearnerConfig, read_run(run).config["learner"], where=f"{RUN_FILE}: learner")
    learner = made_of.learner(**content["interface"])
    learner.load_state_dict(content["average"])
    return learner.eval()
