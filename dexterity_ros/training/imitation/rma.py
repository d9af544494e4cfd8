"""Rapid motor adaptation: act on what is privileged in a few numbers, then learn to guess these from what was seen.

Source: Kumar et al., arXiv 2107.04034, and Qi et al. (hora), arXiv 2210.04887. There, policy and encoder are learned by
reinforcement; here they imitate the expert, by DAgger, so that all methods have one teacher.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.training.imitation.collect import Batch, always_student, collect, parts_of
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.rounds import Lesson, OnRound, Round, RoundsConfig, silent, validate
from dexterity_ros.training.networks import Actor, RunningNorm, mlp
from dexterity_ros.training.transition import Task, Transition

_ENCODER = (256, 128)


class _Privileged:
    """A task that shows its student what is privileged behind what it sees."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def restart(self) -> tuple[Singles, Singles]:
        observation, privileged = self._task.restart()
        return _beside(observation, privileged), privileged

    def step(self, action: Singles) -> Transition:
        step = self._task.step(action)
        return replace(step, observation=_beside(step.observation, step.privileged))


def _beside(observation: Singles, privileged: Singles) -> Singles:
    both: Singles = torch.cat([torch.from_numpy(observation), torch.from_numpy(privileged)], dim=1).numpy()
    return both


class _Norms(nn.Module):
    """The normalisations of what is seen and of what is known, of both side by side."""

    def __init__(self, seen: RunningNorm, known: int) -> None:
        super().__init__()
        self.seen, self.known = seen, RunningNorm(known)
        self.mean = seen.mean

    def update(self, both: Tensor) -> None:
        width = len(self.seen.mean)
        self.seen.update(both[:, :width])
        self.known.update(both[:, width:])


class _Knowing(Actor):
    """Acts on what it sees and on what is privileged, encoded; has the student's policy, not its memory."""

    def __init__(self, student: Actor, known: int) -> None:
        nn.Module.__init__(self)
        self.config, self.joints = replace(student.config, memory="none", latent=0), student.joints
        self.student, self.log_std, self.values = student, student.log_std, student.values
        self.norm = _Norms(student.norm, known)  # type: ignore[assignment]
        self.encoder = mlp([known, *_ENCODER, student.config.latent])

    def encode(self, both: Tensor) -> Tensor:
        """Returns what is privileged in a few numbers within [-1, 1]."""
        known = both[..., len(self.student.norm.mean) :]
        return torch.tanh(self.encoder(self.norm.known(known)))  # type: ignore[operator]

    def parameters_of(self, observation: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        seen = observation[..., : len(self.student.norm.mean)]
        return self.student.act_on(seen, self.encode(observation)), state


class _Guessing(Actor):
    """The student itself, shown what is privileged beside what it sees, which it passes by."""

    def __init__(self, student: Actor) -> None:
        nn.Module.__init__(self)
        self.config, self.joints, self.student, self.norm = student.config, student.joints, student, student.norm
        self.values, self._width = student.values, len(student.norm.mean)

    def parameters_of(self, observation: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.student.parameters_of(observation[:, : self._width], state)

    def guesses(self, both: Tensor, done: Tensor) -> Tensor:
        """Returns the guesses of a sequence, (T, n, latent)."""
        return self.student.remember_all(both[..., : self._width], self.begin(done.shape[1]), done)


def rma(lesson: Lesson, config: RoundsConfig, *, seed: int = 0, on_round: OnRound = silent) -> list[Batch]:
    """Trains a student with `latent`: half of the rounds to act on it, half to guess it. Returns the last data."""
    _, privileged = lesson.task.restart()
    knowing, half = _Knowing(lesson.student, privileged.shape[1]), config.rounds // 2
    knowing_lesson = replace(lesson, task=_Privileged(lesson.task), student=knowing)
    labels = 0

    def count(after: Round) -> None:
        nonlocal labels
        labels = after.labels
        on_round(after)

    dagger(
        knowing_lesson, replace(config, rounds=half, imagine=False, validation_attempts=0), seed=seed, on_round=count
    )
    rest = replace(config, rounds=config.rounds - half)
    return _learn_to_guess(
        lesson, knowing, rest, lambda after: on_round(replace(after, number=half + after.number, labels=labels))
    )


def _learn_to_guess(lesson: Lesson, knowing: _Knowing, config: RoundsConfig, on_round: OnRound) -> list[Batch]:
    student, guessing, task = lesson.student, _Guessing(lesson.student), _Privileged(lesson.task)
    memory = [*student.body.parameters(), *student.cell.parameters(), *student.last.parameters()]
    optimiser = torch.optim.Adam(memory, lr=config.learning_rate)
    batches: list[Batch] = []
    for number in range(config.rounds):
        batches = [*batches, collect(task, lesson.expert, guessing, config.steps, always_student)][-config.keep :]
        for _ in range(config.epochs):
            for part in parts_of(guessing, batches, config.minibatch)[: config.updates or None]:
                with torch.no_grad():
                    known = knowing.encode(part["observation"])
                loss = ((guessing.guesses(part["observation"], part["done"]) - known) ** 2).mean()
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(memory, 1.0)
                optimiser.step()
        on_round(
            Round(
                number=number, rate=batches[-1].rate, labels=0, unexplained=batches[-1].unexplained, batch=batches[-1],
                alone=validate(lesson.task, student, config, number),
            )
        )  # fmt: skip
    return batches
