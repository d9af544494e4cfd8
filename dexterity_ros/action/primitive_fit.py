"""Fits a movement primitive to demonstrations: by least squares on what its own rollout does."""

from collections.abc import Sequence

import numpy as np

from dexterity_ros.action.primitive import Primitive, activation, advance, begin
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError

BASES_PER_S = 10.0  # a finger gait has parts of a third of a second
MOST_BASES = 600
_LEAST_S = 0.2
_RIDGE = 1e-9  # of the largest response: bases that hardly move anything stay small


def fit(demonstrations: Sequence[Floats], period_s: float, *, bases: int | None = None) -> Primitive:
    """Returns the primitive that comes nearest to all demonstrations together.

    The rollout is linear in the weights, so that the least squares are over positions, not over accelerations, which
    measured joints do not have.

    Args:
        demonstrations: positions (T, n) each, rad, one row every period. Start, goal and duration are their means.
        period_s: between rows.
        bases: of the force; None: ten for each second.

    Raises:
        ConfigError: there are none, one is too short or of another hand, or holds numbers that are not finite.
    """
    _check(demonstrations, period_s)
    duration_s = float(np.mean([len(path) - 1 for path in demonstrations])) * period_s
    count = bases or int(np.clip(round(BASES_PER_S * duration_s), 5, MOST_BASES))
    goal = np.mean([path[-1] for path in demonstrations], axis=0)
    answers, wanted = zip(*(_equations(path, goal, count) for path in demonstrations), strict=True)
    matrix, right = np.concatenate(answers), np.concatenate(wanted)
    ridge = _RIDGE * float((matrix**2).sum(axis=0).max())
    weights = np.linalg.solve(matrix.T @ matrix + ridge * np.eye(count), matrix.T @ right)
    start = np.mean([path[0] for path in demonstrations], axis=0)
    return Primitive(weights=weights, start_rad=start, goal_rad=goal, duration_s=duration_s)


def _equations(path: Floats, goal: Floats, bases: int) -> tuple[Floats, Floats]:
    """Returns (what each basis alone adds to the rollout (T, bases), what is missing without any (T, n))."""
    steps = len(path) - 1
    share, alone, free = 1.0 / steps, begin(np.zeros(bases)), begin(path[0])
    added, left = [alone.pos_rad], [np.zeros_like(goal)]
    for k in range(steps):
        alone = advance(alone, activation((k + 0.5) * share, bases), np.zeros(bases), share)
        free = advance(free, np.zeros_like(goal), goal, share)
        added.append(alone.pos_rad)
        left.append(path[k + 1] - free.pos_rad)
    return np.stack(added), np.stack(left)


def _check(demonstrations: Sequence[Floats], period_s: float) -> None:
    if not demonstrations:
        raise ConfigError("there are 0 demonstrations, expected 1 or more")
    least = max(round(_LEAST_S / period_s), 2)
    joints = demonstrations[0].shape[-1]
    for number, path in enumerate(demonstrations):
        if path.ndim != 2 or path.shape[1] != joints or len(path) <= least:
            raise ConfigError(
                f"demonstration {number} has the shape {path.shape}, expected ({least + 1} or more, {joints})"
            )
        if not np.isfinite(path).all():
            raise ConfigError(f"demonstration {number} holds numbers that are not finite")
