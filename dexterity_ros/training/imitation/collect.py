"""One expert, one task, one collector: who acts differs between methods, who labels does not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from dexterity_ros.contracts.arrays import Bools, Singles
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.transition import Task


class Expert(Protocol):
    """Knows what to do from what is privileged: a teacher trained by reinforcement, a script, a person."""

    def __call__(self, privileged: Singles) -> Singles:
        """Returns actions, (N, n)."""
        ...


@runtime_checkable
class ManyGoals(Protocol):
    """A task whose expert can be asked about goals that nobody pursues (learning by cheating, arXiv 1912.12294)."""

    def imagine(self) -> tuple[Singles, Singles]:
        """Returns (observation, privileged) as they would be now if each hand pursued some other goal."""
        ...


# (step, student's action, expert's action) to who acts: True = the student, (N,).
Choose = Callable[[int, Singles, Singles], Bools]
Row = dict[str, Singles | Bools]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Steps of N episodes, (T, N, ...), from a restart on.

    label: what the expert would have done. used: worth learning from. attempts, successes: of those that ended.
    unexplained: share of the variance of the expert's actions that the student's own would have missed.
    """

    observation: Tensor
    label: Tensor
    done: Tensor
    used: Tensor
    attempts: int
    successes: int
    unexplained: float

    @property
    def rate(self) -> float:
        """Share of attempts that succeeded."""
        return self.successes / max(self.attempts, 1)

    @property
    def labels(self) -> int:
        """How many labels of the expert are in it."""
        return int(self.used.sum())


def always_expert(_step: int, student: Singles, _expert: Singles) -> Bools:
    """The expert acts, as in behaviour cloning."""
    return np.zeros(len(student), dtype=bool)


def always_student(_step: int, student: Singles, _expert: Singles) -> Bools:
    """The student acts, as in DAgger with beta 0."""
    return np.ones(len(student), dtype=bool)


@torch.no_grad()
def collect(
    task: Task,
    expert: Expert,
    student: Actor,
    steps: int,
    choose: Choose,
    *,
    interventions_only: bool = False,
    imagine: bool = False,
) -> Batch:
    """Returns `steps` steps from a restart, labelled by the expert.

    interventions_only: only what the expert itself did is worth learning from. imagine: each hand appears a second
    time, doing the same while pursuing another goal, with what the expert would have done for that one.
    """
    observation, privileged = task.restart()
    state = student.begin(len(observation))
    columns: dict[str, list[Tensor]] = {name: [] for name in ("observation", "label", "done", "used")}
    attempts = successes = 0
    missed, labels = 0.0, _Spread()
    for t in range(steps):
        parameters, state = student.parameters_of(torch.from_numpy(observation), state)
        own, label = student.likeliest(parameters).numpy(), expert(privileged)
        acts = choose(t, own, label)
        missed += float(((own - label) ** 2).sum())
        labels.add(label)
        used = ~acts if interventions_only else np.ones(len(acts), dtype=bool)
        row: Row = {"observation": observation, "label": label, "used": used}
        if imagine:
            row = _with_imagined(row, task, expert)
        step = task.step(np.where(acts[:, None], own, label).astype(np.float32))
        row["done"] = np.tile(step.restarted, 2 if imagine else 1)
        for name, value in row.items():
            columns[name].append(torch.from_numpy(value.astype(np.float32)))
        state = state * torch.from_numpy(~step.restarted).float()[:, None]
        attempts += int(step.attempted.sum())
        successes += int(step.reached.sum())
        observation, privileged = step.observation, step.privileged
    stacked = {name: torch.stack(values) for name, values in columns.items()}
    share = missed / max(labels.sum_of_squares(), 1e-9)
    return Batch(**stacked, attempts=attempts, successes=successes, unexplained=share)


def _with_imagined(row: Row, task: Task, expert: Expert) -> Row:
    """Returns a row of N hands, and of the same N pursuing another goal, (2 N, ...)."""
    assert isinstance(task, ManyGoals), f"{type(task).__name__} has one goal only"
    observation, privileged = task.imagine()
    more = {"observation": observation, "label": expert(privileged), "used": row["used"]}
    return {name: np.concatenate([row[name], more[name]]) for name in row}


class _Spread:
    """Sum of squared deviations of vectors from their mean."""

    def __init__(self) -> None:
        self._count, self._sum, self._squares = 0, np.zeros(1), 0.0

    def add(self, values: Singles) -> None:
        self._count += len(values)
        self._sum = self._sum + values.sum(axis=0, dtype=float)
        self._squares += float((values.astype(float) ** 2).sum())

    def sum_of_squares(self) -> float:
        return self._squares - float((self._sum**2).sum()) / max(self._count, 1)


class Learner:
    """A student, its optimiser, and what it learns from."""

    def __init__(
        self,
        student: Actor,
        learning_rate: float,
        keep: int = 0,
        seed: int = 0,
        demonstrations: Sequence[Batch] = (),
    ) -> None:
        """keep: how many batches are remembered; 0 = all. demonstrations: what is never forgotten."""
        self.student, self._keep, self._demonstrations = student, keep, list(demonstrations)
        self.batches: list[Batch] = []
        self.optimiser = torch.optim.Adam(student.parameters(), lr=learning_rate)
        self._generator = torch.Generator().manual_seed(seed)

    def add(self, batch: Batch) -> None:
        """Remembers a batch."""
        self.student.norm.update(batch.observation.flatten(0, 1))
        self.batches = [*self.batches, batch][-self._keep :]

    def everything(self) -> list[Batch]:
        """Returns what is learned from."""
        return [*self._demonstrations, *self.batches]

    def fit(self, *, epochs: int, minibatch: int, updates: int = 0) -> float:
        """Makes the student's actions likelier where the expert would have taken them. Returns the last mean loss.

        minibatch: episodes at a time for a student with memory, steps for one without. updates: no more of them than
        this per epoch, drawn from everything; 0 = all there is.
        """
        losses = [0.0]
        for _ in range(epochs):
            parts = parts_of(self.student, self.everything(), minibatch, self._generator)
            losses = [self._descend(part) for part in parts[: updates or None]]
        return float(np.mean(losses))

    def _descend(self, part: dict[str, Tensor]) -> float:
        student = self.student
        parameters = student.sequence(part["observation"], student.begin(part["done"].shape[1]), part["done"])
        likelihood = student.distribution(parameters).log_prob(part["label"])
        loss = -(likelihood * part["used"]).sum() / part["used"].sum().clamp(min=1.0)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        self.optimiser.step()
        return loss.item()


def parts_of(
    student: Actor, batches: list[Batch], minibatch: int, generator: torch.Generator | None = None
) -> list[dict[str, Tensor]]:
    """Returns all there is in shuffled minibatches: of episodes for a student with memory, of steps for one without."""
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


def success_rate(task: Task, student: Actor, attempts: int, steps: int) -> tuple[int, int]:
    """Returns (successes, attempts) of the student acting alone by its likeliest actions, at least so many."""
    won = played = 0
    while played < attempts:
        batch = collect(task, lambda privileged: _nothing(privileged, student), student, steps, always_student)
        won, played = won + batch.successes, played + batch.attempts
    return won, played


def _nothing(privileged: Singles, student: Actor) -> Singles:
    """Stands in for an expert that is not asked."""
    return np.zeros((len(privileged), student.joints), dtype=np.float32)
