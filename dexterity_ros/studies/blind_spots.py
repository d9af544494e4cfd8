"""Tasks whose expert knows what its student would have to find out, and every method on them.

`dexterity train dark-room`, `dexterity train slippery`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dexterity_ros.studies import dark_room, slippery
from dexterity_ros.training.imitation.behaviour_cloning import clone
from dexterity_ros.training.imitation.collect import Expert, always_student, collect, success_rate
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.explained import unexplained
from dexterity_ros.training.imitation.fine_tuning import TuningConfig, fine_tune
from dexterity_ros.training.imitation.rounds import Lesson, RoundsConfig
from dexterity_ros.training.networks import Actor, ActorConfig, Critic
from dexterity_ros.training.ppo import PpoConfig
from dexterity_ros.training.transition import Task

METHODS = ("behaviour cloning", "DAgger", "DAgger, then reinforcement", "DAgger of a restricted expert")


@dataclass(frozen=True, kw_only=True)
class BlindSpot:
    """A task with one attempt, of at most `limit` steps.

    task: (seed, whether episodes begin anywhere, not only where they do) to the task. privileged: expert that does what
    cannot be imitated. restricted: expert that finds out first, like a student would have to.
    observation: how many numbers a student sees. actions: how many choices it has. chance: of guessing right.
    updates: of reinforcement.
    """

    title: str
    task: Callable[[int, bool], Task]
    privileged: Expert
    restricted: Expert
    observation: int
    actions: int
    limit: int
    chance: float
    updates: int

    def student(self, seed: int) -> Actor:
        """Returns a student that knows nothing: what it sees to one of its choices."""
        torch.manual_seed(seed)
        return Actor(self.observation, 1, ActorConfig(hidden=(64, 64), head="bins", bins=self.actions))

    def cloning(self) -> RoundsConfig:
        """Returns how behaviour cloning goes."""
        return RoundsConfig(rounds=4, steps=self.limit, epochs=20, minibatch=1024, learning_rate=3e-3)

    def rounds(self) -> RoundsConfig:
        """Returns how DAgger goes."""
        return RoundsConfig(
            rounds=10, steps=self.limit, epochs=8, minibatch=1024, learning_rate=3e-3, validation_attempts=512
        )  # fmt: skip

    def tuning(self) -> TuningConfig:
        """Returns how reinforcement goes."""
        ppo = PpoConfig(
            horizon=2 * self.limit, epochs=4, minibatch=2048, gamma=0.99, gae_lambda=0.95, clip=0.2, entropy=0.02,
            value_weight=1.0, learning_rate=1e-3, learning_rate_range=(1e-4, 3e-3), target_kl=0.02, max_grad_norm=1.0,
            initial_std=0.5, actor_hidden=(64, 64), critic_hidden=(64, 64),
        )  # fmt: skip
        return TuningConfig(imitation=0.1, fade_updates=self.updates // 2, ppo=ppo)


def the_dark_room(rooms: int = 512) -> BlindSpot:
    """Returns the room whose code is on a blackboard that can be read only with the light on."""
    return BlindSpot(
        title="The dark room: one attempt, ten codes",
        task=lambda seed, anywhere: dark_room.DarkRoom(rooms, seed, anywhere=anywhere),
        privileged=dark_room.privileged_expert,
        restricted=dark_room.act_by_plan(dark_room.restricted_expert()),
        observation=dark_room.OBSERVATION,
        actions=dark_room.ACTIONS,
        limit=dark_room.LIMIT,
        chance=1.0 / dark_room.CODES,
        updates=120,
    )


def slippery_or_sticky(hands: int = 256) -> BlindSpot:
    """Returns the hand that has to squeeze a cube to know what it feels like."""
    return BlindSpot(
        title="Slippery or sticky: one attempt",
        task=lambda seed, anywhere: slippery.Slippery(hands, seed, anywhere=anywhere),
        privileged=slippery.knowing_expert,
        restricted=slippery.squeezing_expert,
        observation=slippery.OBSERVATION,
        actions=slippery.ACTIONS,
        limit=slippery.LIMIT,
        chance=0.5,
        updates=120,
    )


def study(
    case: BlindSpot, seed: int, episodes: int, on_method: Callable[[str], None], *, threads: int = 2
) -> dict[str, Any]:
    """Returns {method: {successes, episodes, curve: [(labels or steps, rate)]}, unexplained: {expert: share}}."""
    torch.set_num_threads(threads)
    results: dict[str, Any] = {}
    student = case.student(seed)
    on_method(METHODS[0])
    task = case.task(seed, False)
    clone(Lesson(task=task, expert=case.privileged, student=student), case.cloning(), seed=seed)
    results[METHODS[0]] = _judged(case, student, seed, episodes)
    results["unexplained"] = {"privileged expert": _unexplained(case, case.privileged, student, seed)}
    for name, expert in ((METHODS[1], case.privileged), (METHODS[3], case.restricted)):
        on_method(name)
        student, curve = _by_dagger(case, case.task(seed, False), expert, seed)
        results[name] = _judged(case, student, seed, episodes) | {"curve": curve}
        if name == METHODS[1]:
            on_method(METHODS[2])
            results[METHODS[2]] = _reinforced(case, seed, episodes)
        else:
            results["unexplained"]["restricted expert"] = _unexplained(case, expert, student, seed)
    return results


def _by_dagger(case: BlindSpot, task: Task, expert: Expert, seed: int) -> tuple[Actor, list[tuple[int, float | None]]]:
    student = case.student(seed)
    curve: list[tuple[int, float | None]] = []
    dagger(
        Lesson(task=task, expert=expert, student=student), case.rounds(), seed=seed,
        on_round=lambda after: curve.append((after.labels, after.alone)),
    )  # fmt: skip
    return student, curve


def _reinforced(case: BlindSpot, seed: int, episodes: int) -> dict[str, Any]:
    """Begins anywhere, so that the student learns from its expert what to do once it can know, and then to find out."""
    curve: list[tuple[int, float]] = []
    tuning, task = case.tuning(), case.task(seed + 1, True)
    student, _ = _by_dagger(case, task, case.privileged, seed)
    steps = len(task.restart()[0]) * tuning.ppo.horizon
    _loosen(student)
    critic = Critic(task.restart()[1].shape[1], tuning.ppo.critic_hidden)
    updates = range(case.updates)
    fine_tune(
        Lesson(task=task, expert=case.privileged, student=student), critic, tuning, updates,
        lambda k, rate: curve.append(((k + 1) * steps, rate)),
    )  # fmt: skip
    return _judged(case, student, seed, episodes) | {"curve": curve}


def _loosen(student: Actor) -> None:
    """Makes a student that is sure of itself try other things again; what it prefers stays what it was."""
    with torch.no_grad():
        last = student.body[-1]
        last.weight *= 0.1
        last.bias *= 0.1


def _judged(case: BlindSpot, student: Actor, seed: int, episodes: int) -> dict[str, Any]:
    won, played = success_rate(case.task(seed + 1000, False), student, episodes, case.limit)
    return {"successes": won, "episodes": played}


def _unexplained(case: BlindSpot, expert: Expert, student: Actor, seed: int) -> float:
    batch = collect(case.task(seed + 2000, False), expert, student, 4 * case.limit, always_student)
    return float(np.round(unexplained([batch], categorical=case.actions, seed=seed).share, 3))
