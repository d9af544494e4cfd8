"""The pendulum of gymnasium (Pendulum-v1), many at once, with a scripted expert: to hold our methods against others'.

Source: gymnasium 1.2, envs/classic_control/pendulum.py: equations, limits, reward, 200 steps.
"""

from collections.abc import Callable

import numpy as np

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.training.imitation.behaviour_cloning import clone
from dexterity_ros.training.imitation.collect import Batch
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.rounds import Lesson, RoundsConfig
from dexterity_ros.training.networks import Actor, ActorConfig
from dexterity_ros.training.transition import Task, Transition

LIMIT, MAX_TORQUE, _MAX_SPEED, _STEP_S = 200, 2.0, 8.0, 0.05


class Pendulum:
    """N pendulums; a `Task` in which the student sees what the expert sees: cos, sin, speed."""

    def __init__(self, count: int, seed: int) -> None:
        self._rng, self._steps = np.random.default_rng(seed), 0
        self.angle, self.speed = np.zeros(count), np.zeros(count)

    def restart(self) -> tuple[Singles, Singles]:
        """Begins all episodes anew. Returns (observation, privileged)."""
        self.angle = self._rng.uniform(-np.pi, np.pi, size=len(self.angle))
        self.speed = self._rng.uniform(-1.0, 1.0, size=len(self.angle))
        self._steps = 0
        return self._see(), self._see()

    def step(self, action: Singles) -> Transition:
        """Takes one step; all episodes end together."""
        torque = np.clip(action[:, 0], -1.0, 1.0) * MAX_TORQUE
        angle = (self.angle + np.pi) % (2 * np.pi) - np.pi
        reward = -(angle**2 + 0.1 * self.speed**2 + 0.001 * torque**2)
        speed = self.speed + (15.0 * np.sin(self.angle) + 3.0 * torque) * _STEP_S
        self.speed = np.clip(speed, -_MAX_SPEED, _MAX_SPEED)
        self.angle = self.angle + self.speed * _STEP_S
        self._steps += 1
        over, final = np.full(len(angle), self._steps >= LIMIT), self._see()
        if over[0]:
            self.restart()
        seen = self._see()
        reached = over & (np.abs(angle) < 0.2)
        return Transition(
            observation=seen, privileged=seen, final_privileged=final, reward=reward.astype(np.float32),
            terminated=np.zeros_like(over), truncated=over, restarted=over, reached=reached, failed=over & ~reached,
        )  # fmt: skip

    def _see(self) -> Singles:
        return np.stack([np.cos(self.angle), np.sin(self.angle), self.speed], axis=1).astype(np.float32)


def swing_up(privileged: Singles) -> Singles:
    """Pumps energy until the pendulum is near the top, then holds it there. Returns actions, (N, 1)."""
    angle, speed = np.arctan2(privileged[:, 1], privileged[:, 0]), privileged[:, 2]
    missing = 15.0 - (0.5 * speed**2 + 15.0 * privileged[:, 0])
    pump = np.where(speed >= 0.0, 1.0, -1.0) * missing
    hold = -8.0 * angle - 2.0 * speed
    torque = np.where((np.abs(angle) < 0.5) & (np.abs(speed) < 3.0), hold, pump)
    return np.clip(torque / MAX_TORQUE, -1.0, 1.0).astype(np.float32)[:, None]


def mean_return(task: Task, act: Callable[[Singles], Singles], episodes: int = 1) -> float:
    """Returns the mean sum of rewards of all pendulums over so many episodes."""
    total = 0.0
    for _ in range(episodes):
        seen, _ = task.restart()
        for _ in range(LIMIT):
            step = task.step(act(seen))
            total += float(step.reward.mean())
            seen = step.observation
    return total / episodes


def returns(seed: int, demonstrations: int = 20, rounds: int = 10) -> dict[str, float]:
    """Returns the mean return of the expert, of behaviour cloning and of DAgger with as many episodes labelled."""
    import torch

    cloning = RoundsConfig(rounds=1, steps=LIMIT, epochs=200, minibatch=32, learning_rate=1e-3)
    each = demonstrations // rounds
    interactive = RoundsConfig(rounds=rounds, steps=LIMIT, epochs=40, minibatch=32, learning_rate=1e-3)
    found = {"expert": mean_return(Pendulum(200, 99), swing_up)}
    learn: dict[str, Callable[[Actor], list[Batch]]] = {
        "behaviour cloning": lambda s: clone(_lesson(demonstrations, seed, s), cloning, seed=seed),
        "DAgger": lambda s: dagger(_lesson(each, seed, s), interactive, beta_decay=0.5, seed=seed),
    }
    for name, method in learn.items():
        torch.manual_seed(seed)
        student = Actor(3, 1, ActorConfig(hidden=(32, 32)))
        method(student)
        found[name] = mean_return(Pendulum(200, 99), _likeliest(student))
    return {name: round(value, 1) for name, value in found.items()}


def _lesson(count: int, seed: int, student: Actor) -> Lesson:
    return Lesson(task=Pendulum(count, seed), expert=swing_up, student=student)


def _likeliest(student: Actor) -> Callable[[Singles], Singles]:
    import torch

    def act(seen: Singles) -> Singles:
        with torch.no_grad():
            action: Singles = student(torch.from_numpy(seen), student.begin(len(seen)))[0].numpy()
        return action

    return act
