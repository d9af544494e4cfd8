"""Which learners keep two ways of doing it apart: each on the same demonstrations, judged at the obstacle.

`dexterity train two-ways`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.studies.obstacle import Passed, Policy, demonstrate, drive, judge
from dexterity_ros.training.learners.demonstrations import Demonstrations
from dexterity_ros.training.learners.kinds import LearnerConfig
from dexterity_ros.training.learners.learner import Learner
from dexterity_ros.training.learners.trainer import Trainer, TrainerConfig

DEMONSTRATIONS, TRIALS, JUDGE_SEED = 200, 1000, 1000
_DRAWN = 16  # paths of each seed that are kept for the plot


@dataclass(frozen=True, kw_only=True)
class Head:
    """What is compared. executed: actions of a chunk that are done before the next is asked for."""

    made_of: LearnerConfig
    updates: int
    learning_rate: float
    executed: int = 1

    def trainer(self, seed: int) -> TrainerConfig:
        """Returns how it is trained."""
        return TrainerConfig(updates=self.updates, minibatch=64, learning_rate=self.learning_rate, seed=seed)


def _cloning(**settings: Any) -> Head:
    made_of = LearnerConfig(kind="cloning", settings={"hidden": [64, 64], **settings})
    return Head(made_of=made_of, updates=2400, learning_rate=5e-3)


def _chunks(kind: str, updates: int, **settings: Any) -> Head:
    made_of = LearnerConfig(kind=kind, settings={"horizon": 8, **settings})
    return Head(made_of=made_of, updates=updates, learning_rate=3e-3, executed=4)


HEADS: dict[str, Head] = {
    "least squares": _cloning(head="gaussian"),
    "GMM": _cloning(head="mixture", modes=5),
    "categorical": _cloning(head="bins", bins=21),
    "ACT": _chunks("act", 1200, width=32, heads=4, layers=1, latent=2, kl=0.05),
    "diffusion": _chunks("diffusion", 10000, network="flat", width=64, layers=3),
    "flow matching": _chunks("flow", 4000, network="flat", width=128, layers=3),
}


@dataclass(frozen=True, kw_only=True)
class Driven:
    """What one seed of a head did. seconds: of training. paths: some of its drives, (n, T, 2)."""

    passed: Passed
    seconds: float
    paths: list[list[list[float]]]


def study(
    seeds: int, run: Path, said: Callable[[str, int, Driven], None], *, device: str = "cpu", threads: int = 2
) -> dict[str, list[Driven]]:
    """Returns what every head did, per seed. What is in `run` already is not done again."""
    torch.set_num_threads(threads)
    results: dict[str, list[Driven]] = {name: [] for name in HEADS}
    for seed in range(seeds):
        for name in HEADS:
            folder = run / f"{name.replace(' ', '_')}_{seed}"
            results[name].append(_driven(name, seed, folder, device))
            said(name, seed, results[name][-1])
    return results


def together(rows: list[Driven]) -> Passed:
    """Returns all seeds in one."""
    return sum((row.passed for row in rows), Passed(collided=0, left=0, right=0, trials=0))


def _driven(name: str, seed: int, folder: Path, device: str) -> Driven:
    file = folder / "judged.json"
    if not file.exists():
        row = one(HEADS[name], seed, folder, device=device)
        file.write_text(json.dumps(asdict(row)))
    kept = json.loads(file.read_text())
    return Driven(passed=Passed(**kept["passed"]), seconds=kept["seconds"], paths=kept["paths"])


def one(head: Head, seed: int, folder: Path, *, device: str = "cpu") -> Driven:
    """Trains one head to its end, from where it was stopped, and drives it on ways that training never saw."""
    shown = Demonstrations(demonstrate(DEMONSTRATIONS, seed), device)
    trainer = Trainer(head.made_of, head.trainer(seed), shown, folder, device=device)
    if (folder / CHECKPOINT).exists():
        trainer.restore()
    learner = trainer.train()
    torch.manual_seed(JUDGE_SEED + seed)
    paths = drive(policy_of(learner), head.executed, TRIALS, JUDGE_SEED + seed)
    drawn = np.round(paths[:_DRAWN], 3).astype(float).tolist()
    return Driven(passed=judge(paths), seconds=round(trainer.seconds, 1), paths=drawn)


def policy_of(learner: Learner) -> Policy:
    """Returns a learner as a policy; its noise is drawn from torch's generator."""

    @torch.no_grad()
    def policy(seen: Singles) -> Singles:
        noise = learner.begin(len(seen))
        chunk: Singles = learner(torch.from_numpy(seen).to(noise.device), noise).cpu().numpy()
        return chunk

    return policy
