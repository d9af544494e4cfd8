"""A run that learns from recordings: its configuration, and what it keeps so that export needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
import yaml

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.chunk import ChunkSpec
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.manifest import PolicyManifest, load_manifest
from dexterity_ros.contracts.ranges import PART_NAME, PATH, SEED, Checked, Length, Range
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.spec import MOST_TERMS, VECTOR, ActionSpec, ObservationSpec
from dexterity_ros.observation.builder import observation_spec
from dexterity_ros.training.checkpoint import packed, write_checkpoint
from dexterity_ros.training.learners.demonstrations import Demonstrations
from dexterity_ros.training.learners.kinds import LearnerConfig
from dexterity_ros.training.learners.learner import Learner, PrefixLearner
from dexterity_ros.training.learners.recorded import Episode
from dexterity_ros.training.learners.trainer import Trainer, TrainerConfig

DATA_FILE, SEEN_FILE = "data.yaml", "seen.pt"
_PAIRS = 64  # observations that are kept for the golden pair
_TICKS = Range(0, 1000, "control periods")


@dataclass(frozen=True, kw_only=True)
class RunAs(Checked):
    """How the policy is run, see ChunkSpec; horizon and noise are the learner's."""

    executed: Annotated[int, _TICKS]
    delay: Annotated[int, _TICKS] = 1
    late: Annotated[int, _TICKS] = 1
    blend: Literal["newest", "ensemble", "prefix"] = "newest"
    decay: Annotated[float, Range(0.0, 100.0, "0 = all chunks alike")] = 0.01
    seed: Annotated[int, SEED] = 0

    def spec(self, learner: Learner) -> ChunkSpec:
        """Returns the specification of the chunks that a learner says. Raises ConfigError when it cannot be run so."""
        if self.blend == "prefix" and not isinstance(learner, PrefixLearner):
            raise ConfigError("blend is prefix, which diffusion and flow can do; take newest or ensemble")
        return ChunkSpec(
            horizon=learner.horizon,
            executed=self.executed,
            delay=self.delay,
            late=self.late,
            blend=self.blend,
            decay=self.decay,
            noise_width=learner.noise_width,
            seed=self.seed,
        )


@dataclass(frozen=True, kw_only=True)
class DataConfig(Checked):
    """like: a bundle; hand, task, object, rate, gains, start pose, latency and the samples' ages are those of it.

    terms: what the policy sees; none = what that bundle's policy sees. action: what its actions mean; None = as there.
    """

    like: Annotated[str, PATH]
    learner: LearnerConfig
    trainer: TrainerConfig
    run_as: RunAs
    terms: Annotated[tuple[str, ...], PART_NAME, Length(0, MOST_TERMS, "none = as the policy it is like")] = ()
    action: ActionSpec | None = field(default=None)

    @cached_property
    def manifest(self) -> PolicyManifest:
        """The manifest of the policy that it is like. Raises BundleError."""
        return load_manifest(resource(self.like))

    @cached_property
    def hand(self) -> HandFile:
        """The hand."""
        return load_hand(self.manifest.hand)

    def observation(self) -> ObservationSpec:
        """Returns what the policy sees. Raises ConfigError for a term whose source the other policy does not use."""
        like = self.manifest.observation
        if not self.terms:
            return like
        ages = {source: age for term in like.terms if (age := like.max_age_s(source := term.source)) is not None}
        return observation_spec(self.terms, len(self.hand.joints), ages)

    def decoded_by(self) -> ActionSpec:
        """Returns what its actions mean."""
        return self.action or self.manifest.action


class DataRun:
    """One run in a directory: data.yaml and seen.pt beside the trainer's files."""

    def __init__(
        self, config: DataConfig, episodes: Sequence[Episode], run: Path, *, device: str = "cpu", threads: int = 1
    ) -> None:
        """threads: of the processor. Raises ConfigError when the learner cannot be, or cannot be run as it is to be."""
        torch.set_num_threads(threads)
        self.config, self.run = config, run
        demonstrations = Demonstrations(episodes, device)
        self.trainer = Trainer(config.learner, config.trainer, demonstrations, run, device=device)
        config.run_as.spec(self.trainer.learner)
        self._seen: Singles = np.concatenate([seen for seen, _ in episodes])

    def train(self) -> Learner:
        """Goes on to the last update. Returns the learner with averaged weights."""
        self.run.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(configs.to_mapping(self.config), sort_keys=False)
        (self.run / DATA_FILE).write_text(text)
        low, high = np.quantile(self._seen, [0.001, 0.999], axis=0)
        rows = self._seen[np.linspace(0, len(self._seen) - 1, _PAIRS).astype(int)]
        kept = packed({"low": low, "high": high, VECTOR: rows}) | {"steps": len(self._seen)}
        write_checkpoint(self.run / SEEN_FILE, "learner", kept)
        return self.trainer.train()
