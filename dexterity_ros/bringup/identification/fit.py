"""Least squares for many joints at once: each has its own parameters, and its own rows of the residual.

Levenberg-Marquardt with what is known beforehand as further rows; unknowns are logarithms of what cannot be negative.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats

# Residuals (S, n, m) of S sets of unknowns (S, n, p): n joints with p unknowns and m rows each.
Residuals = Callable[[Floats], Floats]

_DAMPING_LEAST, _DAMPING_MOST = 1e-8, 1e6


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """unknowns (n, p); residual (n, m) and its slopes (n, m, p) there."""

    unknowns: Floats
    residual: Floats
    slopes: Floats


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What is known before: mean and standard deviation of each unknown, and its bounds, all (n, p).

    probe: (p,), how far apart unknowns are for a slope; further than sticking and play make what follows rough.
    """

    mean: Floats
    deviation: Floats
    low: Floats
    high: Floats
    probe: Floats

    @property
    def precision(self) -> Floats:
        """Inverse covariance, (n, p, p)."""
        matrices: Floats = self.deviation[:, :, None] ** -2.0 * np.eye(self.mean.shape[1])
        return matrices


@dataclass(frozen=True, kw_only=True)
class Pace:
    """rounds: at most so many linearisations. enough: share of the sum of squares by which a round must lower it to be
    followed by another. near: the beginning is near enough for long steps.
    """

    rounds: int
    enough: float
    near: bool = False


def least_squares(residuals: Residuals, begin: Floats, before: Belief, pace: Pace) -> Fitted:
    """Returns the unknowns with the least sum of squares for each joint, what was known before counted in.

    Args:
        residuals: see Residuals; in units of their standard deviation.
        begin: where to begin, (n, p).
        before: what is known of the unknowns without any data.
        pace: how long to go on.
    """
    unknowns: Floats = begin.copy()
    damping: Floats = np.full(len(begin), 1e-5 if pace.near else 1e-2)
    residual, slopes = _linearised(residuals, unknowns, before)
    for _ in range(pace.rounds):
        tried = np.clip(unknowns + _step(residual, slopes, unknowns, before, damping), before.low, before.high)
        new_residual, new_slopes = _linearised(residuals, tried, before)
        cost, new_cost = _cost(residual, unknowns, before), _cost(new_residual, tried, before)
        better, settled = new_cost < cost, new_cost > (1.0 - pace.enough) * cost
        unknowns = np.where(better[:, None], tried, unknowns)
        residual = np.where(better[:, None], new_residual, residual)
        slopes = np.where(better[:, None, None], new_slopes, slopes)
        damping = np.clip(np.where(better, damping * 0.1, damping * 10.0), _DAMPING_LEAST, _DAMPING_MOST)
        if (settled & (better | (damping > 1.0))).all():
            break
    return Fitted(unknowns=unknowns, residual=residual, slopes=slopes)


def covariance(fitted: Fitted, before: Belief) -> Floats:
    """Returns the covariance of the unknowns, (n, p, p)."""
    spread: Floats = np.asarray(np.linalg.inv(_normal(fitted.slopes) + before.precision), dtype=np.float64)
    return spread


def weakest_direction(fitted: Fitted) -> tuple[Floats, Floats]:
    """Returns (singular values (n, p) largest first, the last direction (n, p)) of the slopes at the solution."""
    _, values, directions = np.linalg.svd(fitted.slopes, full_matrices=False)
    return values, directions[:, -1]


def _linearised(residuals: Residuals, unknowns: Floats, before: Belief) -> tuple[Floats, Floats]:
    """Returns the residual (n, m) and its slopes (n, m, p); one more set is asked for each unknown."""
    count = unknowns.shape[1]
    away = np.where(unknowns + before.probe <= before.high, before.probe, -before.probe)
    sets = np.repeat(unknowns[None], count + 1, axis=0)
    for k in range(count):
        sets[k + 1, :, k] += away[:, k]
    found = residuals(sets)
    slopes = (found[1:] - found[0]) / away.T[:, :, None]
    return found[0], np.moveaxis(slopes, 0, -1)


def _normal(slopes: Floats) -> Floats:
    product: Floats = np.swapaxes(slopes, 1, 2) @ slopes
    return product


def _step(residual: Floats, slopes: Floats, unknowns: Floats, before: Belief, damping: Floats) -> Floats:
    normal = _normal(slopes) + before.precision
    scaled = normal + damping[:, None, None] * normal * np.eye(normal.shape[-1])
    gradient = np.einsum("nmp,nm->np", slopes, residual) + (unknowns - before.mean) / before.deviation**2
    step: Floats = -np.linalg.solve(scaled, gradient[..., None])[..., 0]
    return step


def _cost(residual: Floats, unknowns: Floats, before: Belief) -> Floats:
    away = (unknowns - before.mean) / before.deviation
    total: Floats = (residual**2).sum(axis=1) + (away**2).sum(axis=1)
    return total
