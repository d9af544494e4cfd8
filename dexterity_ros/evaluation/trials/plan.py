"""What a folder of trials is about, kept beside its sheet, and which policy has its turn."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.ranges import NAME, PATH, SEED, Checked, Length, Range, shown
from dexterity_ros.tasks.spec import TaskSpec

PLAN_FILE = "trials.yaml"


@dataclass(frozen=True, kw_only=True)
class OnTrial(Checked):
    """A policy on trial. bundle: its directory as it was named. bundle_id: what ran, whatever it is called later."""

    name: Annotated[str, NAME]
    bundle: Annotated[str, PATH]
    bundle_id: str


@dataclass(frozen=True, kw_only=True)
class TrialPlan(Checked):
    """Trials that can be compared with one another.

    protocol: its name. task, goals, episode_s: as the protocol has them, goals at most in one trial, episode_s 0 = no
    limit. system, arguments: what is started. seed: of the order of the policies and of the goals.
    """

    protocol: Annotated[str, PATH]
    task: TaskSpec
    goals: Annotated[int, Range(1, 100_000, "at least one")]
    episode_s: Annotated[float, Range(0.0, 86_400.0, "at most a day; 0 = no limit")]
    system: Annotated[str, PATH]
    policies: Annotated[tuple[OnTrial, ...], Length(1, 20, "each needs as many trials")]
    seed: Annotated[int, SEED]
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def blind(self) -> bool:
        """Whether nobody should know which policy has its turn."""
        return len(self.policies) > 1

    def block(self, episode: int) -> int:
        """Returns the block of an episode, both from 1 on: every policy has one turn in every block."""
        return (episode - 1) // len(self.policies) + 1

    def policy(self, episode: int) -> OnTrial:
        """Returns whose turn it is. Of every block the order is drawn anew, so that more trials can follow later."""
        count = len(self.policies)
        order = np.random.default_rng([self.seed, self.block(episode)]).permutation(count)
        return self.policies[int(order[(episode - 1) % count])]

    def goal_seed(self, episode: int) -> int:
        """Returns the seed of the goals, the same for all policies of a block."""
        return int(np.random.SeedSequence([self.seed, self.block(episode), 1]).generate_state(1)[0])


def kept_plan(folder: Path, asked: TrialPlan) -> TrialPlan:
    """Returns the plan of a folder: the one that is in it, or else `asked`, which is written there.

    Raises:
        ConfigError: the folder holds trials of something else; the message names it.
        FileError: the folder cannot be written.
    """
    path = folder / PLAN_FILE
    if not path.exists():
        with naming(path):
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(config.to_mapping(asked), sort_keys=False))
        return asked
    plan = config.load(TrialPlan, path)
    for one in fields(TrialPlan):
        before, now = (config.to_mapping(getattr(each, one.name)) for each in (plan, asked))
        if before != now:
            raise ConfigError(
                f"{folder} holds trials with {one.name} {shown(before)}, asked for is {shown(now)}; "
                "name another folder: --folder DIR"
            )
    return plan


def kept_seed(folder: Path, given: int | None) -> int:
    """Returns the seed of the trials: as given, or as the folder has it, or else one that nobody knows."""
    path = folder / PLAN_FILE
    if given is not None:
        return given
    return config.load(TrialPlan, path).seed if path.exists() else int(np.random.SeedSequence().generate_state(1)[0])
