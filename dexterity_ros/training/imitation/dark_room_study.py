"""Every method on the dark room: `dexterity train dark-room`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from dexterity_ros.training.imitation.behaviour_cloning import clone
from dexterity_ros.training.imitation.collect import Expert, always_student, collect, success_rate
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.dark_room import (
    ACTIONS,
    LIMIT,
    DarkRoom,
    act_by_plan,
    new_student,
    privileged_expert,
    restricted_expert,
)
from dexterity_ros.training.imitation.explained import unexplained
from dexterity_ros.training.imitation.fine_tuning import TuningConfig, fine_tune
from dexterity_ros.training.imitation.rounds import RoundsConfig
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.ppo import PpoConfig

_ROOMS = 512
_CLONING = RoundsConfig(rounds=4, steps=LIMIT, epochs=20, minibatch=1024, learning_rate=3e-3)
_DAGGER = RoundsConfig(
    rounds=10, steps=LIMIT, epochs=8, minibatch=1024, learning_rate=3e-3, validation_attempts=512
)  # fmt: skip
_TUNING = TuningConfig(
    updates=120,
    imitation=0.1,
    fade_updates=60,
    ppo=PpoConfig(
        horizon=2 * LIMIT, epochs=4, minibatch=2048, gamma=0.99, gae_lambda=0.95, clip=0.2, entropy=0.02,
        value_weight=1.0, learning_rate=1e-3, learning_rate_range=(1e-4, 3e-3), target_kl=0.02, max_grad_norm=1.0,
        initial_std=0.5, actor_hidden=(64, 64), critic_hidden=(64, 64),
    ),
)  # fmt: skip
METHODS = ("behaviour cloning", "DAgger", "DAgger, then reinforcement", "DAgger of a restricted expert")


def study(seed: int, episodes: int, said: Callable[[str], None]) -> dict[str, Any]:
    """Returns {method: {successes, episodes, curve: [(labels or steps, rate)]}, unexplained: {expert: share}}."""
    results: dict[str, Any] = {}
    student = new_student(seed)
    said(METHODS[0])
    clone(DarkRoom(_ROOMS, seed), privileged_expert, student, _CLONING, seed=seed)
    results[METHODS[0]] = _judged(student, seed, episodes)
    results["unexplained"] = {"privileged expert": _unexplained(privileged_expert, student, seed)}
    for name, expert in (
        (METHODS[1], privileged_expert),
        (METHODS[3], act_by_plan(restricted_expert())),
    ):
        said(name)
        student, curve = _by_dagger(expert, seed)
        results[name] = _judged(student, seed, episodes) | {"curve": curve}
        if name == METHODS[1]:
            said(METHODS[2])
            results[METHODS[2]] = _tuned(student, seed, episodes)
        else:
            results["unexplained"]["restricted expert"] = _unexplained(expert, student, seed)
    return results


def _by_dagger(expert: Expert, seed: int) -> tuple[Actor, list[tuple[int, float | None]]]:
    student = new_student(seed)
    curve: list[tuple[int, float | None]] = []
    dagger(
        DarkRoom(_ROOMS, seed), expert, student, _DAGGER, seed=seed,
        said=lambda after: curve.append((after.labels, after.alone)),
    )  # fmt: skip
    return student, curve


def _tuned(student: Actor, seed: int, episodes: int) -> dict[str, Any]:
    curve: list[tuple[int, float]] = []
    steps = _ROOMS * _TUNING.ppo.horizon
    _loosen(student)
    fine_tune(
        DarkRoom(_ROOMS, seed + 1, anywhere=True), privileged_expert, student, _TUNING,
        lambda k, rate: curve.append(((k + 1) * steps, rate)),
    )  # fmt: skip
    return _judged(student, seed, episodes) | {"curve": curve}


def _loosen(student: Actor) -> None:
    """Makes a student that is sure of itself try other things again; what it prefers stays what it was."""
    with torch.no_grad():
        last = student.body[-1]
        last.weight *= 0.1
        last.bias *= 0.1


def _judged(student: Actor, seed: int, episodes: int) -> dict[str, Any]:
    won, played = success_rate(DarkRoom(_ROOMS, seed + 1000), student, episodes, LIMIT)
    return {"successes": won, "episodes": played}


def _unexplained(expert: Expert, student: Actor, seed: int) -> float:
    batch = collect(DarkRoom(_ROOMS, seed + 2000), expert, student, 4 * LIMIT, always_student)
    return float(np.round(unexplained([batch], categorical=ACTIONS, seed=seed).share, 3))
