"""One expert, one task, one collector: who acts differs between methods, who labels does not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dexterity_ros.training.networks import Actor

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one step of N episodes brought. observation, truth: after automatic restarts. succeeded: where done."""

    observation: Floats
    truth: Floats
    reward: Floats
    done: Bools
    succeeded: Bools


class Task(Protocol):
    """N episodes at once. The student sees `observation`, the expert `truth`; actions lie in [-1, 1], (N, n)."""

    def restart(self) -> tuple[Floats, Floats]:
        """Begins all episodes anew. Returns (observation, truth)."""
        ...

    def step(self, action: Floats) -> Outcome:
        """Takes one step; episodes that end begin anew."""
        ...


class Expert(Protocol):
    """Knows what to do from the truth: a teacher trained by reinforcement, a script, a person."""

    def __call__(self, truth: Floats) -> Floats:
        """Returns actions, (N, n)."""
        ...


# (step, student's action, expert's action) to who acts: True = the student, (N,).
Choose = Callable[[int, Floats, Floats], Bools]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Steps of N episodes, (T, N, ...), from a restart on.

    label: what the expert would have done. used: worth learning from. episodes, successes: of those that ended.
    """

    observation: Tensor
    label: Tensor
    done: Tensor
    used: Tensor
    episodes: int
    successes: int

    @property
    def labels(self) -> int:
        """How many labels of the expert are in it."""
        return int(self.used.sum())


def always_expert(_step: int, student: Floats, _expert: Floats) -> Bools:
    """The expert acts, as in behaviour cloning."""
    return np.zeros(len(student), dtype=bool)


def always_student(_step: int, student: Floats, _expert: Floats) -> Bools:
    """The student acts, as in DAgger with beta 0."""
    return np.ones(len(student), dtype=bool)


@torch.no_grad()
def collect(task: Task, expert: Expert, student: Actor, steps: int, choose: Choose, *, sample: bool = False) -> Batch:
    """Returns `steps` steps from a restart, labelled by the expert wherever it was asked.

    sample: the student acts with its exploration, not with its likeliest action.
    """
    observation, truth = task.restart()
    state = student.begin(len(observation))
    columns: dict[str, list[Tensor]] = {name: [] for name in ("observation", "label", "done", "used")}
    episodes = successes = 0
    for t in range(steps):
        seen = torch.from_numpy(observation)
        parameters, state = student.parameters_of(seen, state)
        own = student.distribution(parameters).sample() if sample else student.likeliest(parameters)
        label = expert(truth)
        acts = choose(t, own.numpy(), label)
        outcome = task.step(np.where(acts[:, None], own.numpy(), label).astype(np.float32))
        done = torch.from_numpy(outcome.done.astype(np.float32))
        for name, value in (("observation", seen), ("label", torch.from_numpy(label)), ("done", done)):
            columns[name].append(value)
        columns["used"].append(torch.ones_like(done))
        state = state * (1.0 - done)[:, None]
        episodes += int(outcome.done.sum())
        successes += int(outcome.succeeded.sum())
        observation, truth = outcome.observation, outcome.truth
    stacked = {name: torch.stack(values) for name, values in columns.items()}
    return Batch(**stacked, episodes=episodes, successes=successes)


def fit(
    student: Actor, batches: list[Batch], *, epochs: int, minibatch: int, learning_rate: float, seed: int = 0
) -> float:
    """Makes the student's actions likelier where the expert would have taken them. Returns the last mean loss.

    minibatch: episodes at a time for a student with memory, steps for one without.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(student.parameters(), lr=learning_rate)
    student.norm.update(torch.cat([b.observation.flatten(0, 1) for b in batches]))
    losses = [0.0]
    for _ in range(epochs):
        losses = []
        for part in _parts(student, batches, minibatch, generator):
            parameters = student.sequence(part["observation"], student.begin(part["done"].shape[1]), part["done"])
            likelihood = student.distribution(parameters).log_prob(part["label"])
            loss = -(likelihood * part["used"]).sum() / part["used"].sum().clamp(min=1.0)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
    return float(np.mean(losses))


def _parts(student: Actor, batches: list[Batch], minibatch: int, generator: torch.Generator) -> list[dict[str, Tensor]]:
    names = ("observation", "label", "done", "used")
    if student.state_width == 0:
        flat = {name: torch.cat([getattr(b, name).flatten(0, 1) for b in batches])[None] for name in names}
        order = torch.randperm(flat["done"].shape[1], generator=generator)
        return [{name: value[:, index] for name, value in flat.items()} for index in order.split(minibatch)]
    parts = []
    for batch in batches:
        for index in torch.randperm(batch.done.shape[1], generator=generator).split(minibatch):
            parts.append({name: getattr(batch, name)[:, index] for name in names})
    shuffled = torch.randperm(len(parts), generator=generator).tolist()
    return [parts[k] for k in shuffled]


def success_rate(task: Task, student: Actor, episodes: int, steps: int) -> tuple[int, int]:
    """Returns (successes, episodes) of the student acting alone by its likeliest actions, at least so many."""
    won = played = 0
    while played < episodes:
        batch = collect(task, lambda truth: _nothing(truth, student), student, steps, always_student)
        won, played = won + batch.successes, played + batch.episodes
    return won, played


def _nothing(truth: Floats, student: Actor) -> Floats:
    """Stands in for an expert that is not asked."""
    return np.zeros((len(truth), student.joints), dtype=np.float32)
