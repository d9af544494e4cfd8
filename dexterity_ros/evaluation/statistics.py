"""Intervals for what was counted and measured."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Z95 = 1.959963984540054
_RESAMPLES = 4000


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Returns the 95 % interval of a proportion. Source: Wilson 1927, score interval."""
    if trials == 0:
        return 0.0, 1.0
    rate = successes / trials
    scale = 1.0 + _Z95**2 / trials
    centre = (rate + _Z95**2 / (2 * trials)) / scale
    half = _Z95 / scale * math.sqrt(rate * (1.0 - rate) / trials + _Z95**2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_ratio(
    numerators: Sequence[float], denominators: Sequence[float], *, seed: int = 0
) -> tuple[float, float]:
    """Returns the 95 % interval of sum(numerators) / sum(denominators), resampling episodes."""
    samples = _ratio_samples(numerators, denominators, np.random.default_rng(seed))
    return float(np.quantile(samples, 0.025)), float(np.quantile(samples, 0.975))


def rate_interval(successes: Sequence[float], trials: Sequence[float]) -> tuple[float, float]:
    """Returns the 95 % interval of the share of trials that succeeded; one entry of both for each episode.

    Episodes are resampled. Where all trials or none succeeded, resampling has no spread: there it is the exact interval
    of as many episodes, all or none of which succeeded. Source: Clopper and Pearson 1934.
    """
    episodes = sum(count > 0 for count in trials)
    far = 0.025 ** (1.0 / max(episodes, 1))
    if episodes and sum(successes) == 0:
        return 0.0, 1.0 - far
    if episodes and sum(successes) == sum(trials):
        return far, 1.0
    return bootstrap_ratio(successes, trials)


def bootstrap_mean(values: Sequence[float], *, seed: int = 0) -> tuple[float, float]:
    """Returns the 95 % interval of the mean, resampling episodes."""
    return bootstrap_ratio(values, [1.0] * len(values), seed=seed)


def bootstrap_paired(
    first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]], *, seed: int = 0
) -> tuple[float, float]:
    """Returns the 95 % interval of the first ratio minus the second when episode k of both met the same conditions."""
    samples = _ratio_samples(*first, np.random.default_rng(seed)) - _ratio_samples(*second, np.random.default_rng(seed))
    return float(np.quantile(samples, 0.025)), float(np.quantile(samples, 0.975))


def _ratio_samples(
    numerators: Sequence[float], denominators: Sequence[float], rng: np.random.Generator
) -> NDArray[np.float64]:
    above, below = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    if below.sum() == 0.0:
        return np.array([0.0, 1.0])
    index = rng.integers(0, len(above), size=(_RESAMPLES, len(above)))
    return above[index].sum(axis=1) / np.maximum(below[index].sum(axis=1), 1.0)
