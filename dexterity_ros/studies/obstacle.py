"""An obstacle that is passed left or right: what people demonstrate, N drives at once, and who hit it.

A point stands before a disc and has to get past it. It swerves at once, to whichever side it likes: nothing that is
seen tells which. Positions and actions are (forward, left), in metres; an action is how far to go in one step.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Singles

# What is seen (N, 2) to actions for the next steps (N, horizon, 2).
Policy = Callable[[Singles], Singles]

CENTRE_M, RADIUS_M = (0.20, 0.0), 0.15
AWAY_M, END_M = 0.30, 0.45  # how far to the side a person passes; where a drive is over
FORWARD_M, MOST_M = 0.05, 0.15  # one step of a person; one step at most, either way
# standard deviations: across, at the start, of what a person does, of what becomes of one step
START_M, UNSTEADY_M, SLIP_M = 0.01, 0.004, 0.004
LIMIT = 15  # steps; a person needs 9


@dataclass(frozen=True, kw_only=True)
class Passed:
    """How drives ended. What is neither collided, left nor right did not get past the obstacle in time."""

    collided: int
    left: int
    right: int
    trials: int

    def __add__(self, other: "Passed") -> "Passed":
        """Returns both together."""
        return Passed(**{name: count + vars(other)[name] for name, count in vars(self).items()})


def person(position: Singles, side: Singles) -> Singles:
    """Returns what a person does, (N, 2). side: (N,), 1 = they pass left of the obstacle, -1 = right."""
    across = np.clip(side * AWAY_M - position[:, 1], -MOST_M, MOST_M)
    return np.stack([np.full_like(across, FORWARD_M), across], axis=1).astype(np.float32)


def demonstrate(episodes: int, seed: int) -> list[tuple[Singles, Singles]]:
    """Returns (observations, actions), each (T, 2), of as many drives to the left as to the right."""
    rng = np.random.default_rng(seed)
    side = np.where(np.arange(episodes) % 2, 1.0, -1.0)
    position, seen, done = begin(episodes, rng), [], []
    while (position[:, 0] < END_M).any():
        seen.append(position)
        unsteady = person(position, side) + UNSTEADY_M * rng.normal(size=position.shape)
        done.append(np.clip(unsteady, -MOST_M, MOST_M).astype(np.float32))
        position = moved(position, done[-1], rng)
    paths, actions = np.stack(seen, axis=1), np.stack(done, axis=1)
    going = paths[:, :, 0] < END_M
    return [(path[on], action[on]) for path, action, on in zip(paths, actions, going, strict=True)]


def drive(policy: Policy, executed: int, trials: int, seed: int) -> Singles:
    """Returns the paths of a policy, (trials, LIMIT + 1, 2). executed: how many actions of a chunk are done."""
    rng = np.random.default_rng(seed)
    path = [begin(trials, rng)]
    while len(path) <= LIMIT:
        chunk = policy(path[-1])
        for k in range(min(executed, LIMIT + 1 - len(path))):
            path.append(moved(path[-1], chunk[:, k], rng))
    return np.stack(path, axis=1)


def begin(count: int, rng: np.random.Generator) -> Singles:
    """Returns where drives begin, (count, 2)."""
    return np.stack([np.zeros(count), START_M * rng.normal(size=count)], axis=1).astype(np.float32)


def moved(position: Singles, action: Singles, rng: np.random.Generator) -> Singles:
    """Returns where a step leads, (N, 2); it slips a little. Who is at the end stays there."""
    step = np.clip(action, -MOST_M, MOST_M) + SLIP_M * rng.normal(size=action.shape)
    return np.where(position[:, :1] < END_M, position + step, position).astype(np.float32)


def judge(paths: Singles) -> Passed:
    """Returns how drives (N, T, 2) ended: collided if any part of the way, between steps too, is in the disc."""
    collided = (_distance_m(paths[:, :-1], paths[:, 1:]) < RADIUS_M).any(axis=1)
    beyond = paths[:, :, 0] > CENTRE_M[0]
    first = beyond.argmax(axis=1)
    across = paths[np.arange(len(paths)), first, 1] > CENTRE_M[1]
    passed = beyond.any(axis=1) & ~collided
    return Passed(
        collided=int(collided.sum()),
        left=int((passed & across).sum()),
        right=int((passed & ~across).sum()),
        trials=len(paths),
    )


def _distance_m(begin: Singles, end: Singles) -> Singles:
    """Returns how near the straight ways from `begin` to `end` (..., 2) come to the obstacle's centre, (...)."""
    way, to_centre = end - begin, np.asarray(CENTRE_M, dtype=np.float32) - begin
    share = (to_centre * way).sum(axis=-1) / np.maximum((way**2).sum(axis=-1), 1e-12)
    nearest = begin + np.clip(share, 0.0, 1.0)[..., None] * way
    distance: Singles = np.linalg.norm(nearest - np.asarray(CENTRE_M, dtype=np.float32), axis=-1)
    return distance
