"""The dark room: a task that imitation of a privileged expert cannot solve, small enough to see why in a minute.

A corridor with a light switch at its left end and a locked door at its right end, which opens to a code. The code is on
a blackboard that can be read only with the light on. The expert knows the code, walks to the door and enters it; it
never switches on the light, so who imitates it never learns to. There is one attempt.
"""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.studies.choices import to_action, to_choice
from dexterity_ros.training.transition import Transition

LENGTH, START, CODES, LIMIT = 5, 2, 10, 14
LEFT, RIGHT, SWITCH, ENTER = 0, 1, 2, 3  # ENTER + c enters the code c
ACTIONS = ENTER + CODES
# Where, whether the light is on, what the blackboard shows; what is privileged ends with the code.
OBSERVATION = LENGTH + 1 + CODES
_STEP_COST = 0.01


class DarkRoom:
    """N rooms at once; a `Task`."""

    def __init__(self, rooms: int, seed: int, *, anywhere: bool = False) -> None:
        """anywhere: episodes begin at any place and sometimes with the light on, as a simulator can arrange."""
        self._rng, self._anywhere = np.random.default_rng(seed), anywhere
        self.where = np.full(rooms, START)
        self.light = np.zeros(rooms, dtype=bool)
        self.code = np.zeros(rooms, dtype=np.int64)
        self._steps = np.zeros(rooms, dtype=np.int64)

    def restart(self) -> tuple[Singles, Singles]:
        """Begins all episodes anew. Returns (observation, privileged)."""
        self._begin(np.ones(len(self.where), dtype=bool))
        return self._observe()

    def step(self, action: Singles) -> Transition:
        """Takes one step; rooms in which a code was entered, or time is up, begin anew."""
        choice = to_choice(action, ACTIONS)
        at_switch, at_door = self.where == 0, self.where == LENGTH - 1
        self.where = np.clip(self.where + (choice == RIGHT) - (choice == LEFT), 0, LENGTH - 1)
        self.light = np.where((choice == SWITCH) & at_switch, ~self.light, self.light)
        self._steps += 1
        entered = at_door & (choice >= ENTER)
        opened = entered & (choice - ENTER == self.code)
        done = entered | (self._steps >= LIMIT)
        reward = opened.astype(np.float32) - _STEP_COST
        self._begin(done)
        observation, privileged = self._observe()
        return Transition(
            observation=observation, privileged=privileged, reward=reward, terminated=done,
            truncated=np.zeros_like(done), restarted=done, reached=opened, failed=done & ~opened,
        )  # fmt: skip

    def _begin(self, mask: NDArray[np.bool_]) -> None:
        self.where[mask], self.light[mask], self._steps[mask] = START, False, 0
        if self._anywhere:
            self.where[mask] = self._rng.integers(0, LENGTH, size=int(mask.sum()))
            self.light[mask] = self._rng.uniform(size=int(mask.sum())) < 0.3
        self.code[mask] = self._rng.integers(0, CODES, size=int(mask.sum()))

    def _observe(self) -> tuple[Singles, Singles]:
        where, code = np.eye(LENGTH, dtype=np.float32)[self.where], np.eye(CODES, dtype=np.float32)[self.code]
        light = self.light.astype(np.float32)[:, None]
        seen = np.concatenate([where, light, code * light], axis=1)
        return seen, np.concatenate([seen, code], axis=1)


def privileged_expert(privileged: Singles) -> Singles:
    """Walks to the door and enters the code, which it knows."""
    where, code = privileged[:, :LENGTH].argmax(axis=1), privileged[:, OBSERVATION:].argmax(axis=1)
    return to_action(np.where(where < LENGTH - 1, RIGHT, ENTER + code), ACTIONS)


def restricted_expert() -> NDArray[np.int64]:
    """Returns an expert that does only what can be imitated: choices by (where, light, code), shape (LENGTH, 2, CODES).

    It is planned with the code known, but wherever rooms look alike to a student they have to be treated alike: in the
    dark one choice for all codes, the best on average. So it has a reason to switch on the light.
    Source: the restriction of Warrington et al., Robust Asymmetric Learning in POMDPs, arXiv 2012.15566, in a table.
    """
    value = np.zeros((LENGTH, 2, CODES))
    worth = np.zeros((LENGTH, 2, CODES, ACTIONS))
    for _ in range(LIMIT):
        for where in range(LENGTH):
            for light in range(2):
                for choice in range(ACTIONS):
                    worth[where, light, :, choice] = _gain(value, where, light, choice) - _STEP_COST
        worth[:, 0] = worth[:, 0].mean(axis=1, keepdims=True)
        value = worth.max(axis=-1)
    best: NDArray[np.int64] = worth.argmax(axis=-1)
    return best


def _gain(value: NDArray[np.float64], where: int, light: int, choice: int) -> NDArray[np.float64]:
    """Returns what a choice is worth for every code, (CODES,)."""
    if where == LENGTH - 1 and choice >= ENTER:
        return (np.arange(CODES) == choice - ENTER).astype(float)
    after = min(max(where + (choice == RIGHT) - (choice == LEFT), 0), LENGTH - 1)
    lit = 1 - light if choice == SWITCH and where == 0 else light
    worth: NDArray[np.float64] = value[after, lit]
    return worth


def act_by_plan(plan: NDArray[np.int64]) -> "PlannedExpert":
    """Returns an `Expert` that follows choices by (where, light, code)."""
    return PlannedExpert(plan)


class PlannedExpert:
    """Looks its choice up."""

    def __init__(self, plan: NDArray[np.int64]) -> None:
        self._plan = plan

    def __call__(self, privileged: Singles) -> Singles:
        """Returns actions, (N, 1)."""
        where, code = privileged[:, :LENGTH].argmax(axis=1), privileged[:, OBSERVATION:].argmax(axis=1)
        light = (privileged[:, LENGTH] > 0.5).astype(int)
        return to_action(self._plan[where, light, code], ACTIONS)
