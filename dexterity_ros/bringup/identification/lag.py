"""How late commands become motion: what was measured against what the model does at once, by cross-correlation.

Source: UMI, umi/common/latency_util.py: both signals on a grid of 1 ms, normalised, the lag at which they agree best.
Against the command itself, the lag would be mostly the spring's and the damper's, which the model has too.
"""

import numpy as np

from dexterity_ros.contracts.arrays import Floats

_GRID_S = 1e-3
_LONGEST_S = 0.08
_LEAST_SPEED = 0.5  # of the correlation; below, the joint hardly moved


def lag_s(looked_s: Floats, seen_rad: Floats, modelled_rad: Floats) -> float | None:
    """Returns by how much the seen motion is later than the modelled one; None where they are short, or nothing alike.

    Args:
        looked_s: (t,), rising.
        seen_rad: (t,).
        modelled_rad: (t,).
    """
    grid = np.arange(looked_s[0], looked_s[-1], _GRID_S)
    if len(grid) <= 4 * round(_LONGEST_S / _GRID_S):
        return None
    seen, modelled = (_normalised(np.gradient(_smooth(looked_s, w, grid))) for w in (seen_rad, modelled_rad))
    most = round(_LONGEST_S / _GRID_S)
    lags = range(-most, most + 1)
    agree = np.array([_agreement(seen, modelled, lag, most) for lag in lags])
    best = int(agree.argmax())
    if agree[best] < _LEAST_SPEED or best in (0, len(lags) - 1):
        return None
    before, here, after = agree[best - 1 : best + 2]
    between = 0.5 * (before - after) / (before - 2.0 * here + after)
    return float((lags[best] + between) * _GRID_S)


def _smooth(looked_s: Floats, values: Floats, at_s: Floats) -> Floats:
    """Returns values between looks by cubics with the slopes of their neighbours: lines would favour whole periods.

    Source: E. Catmull and R. Rom, A class of local interpolating splines, 1974.
    """
    slopes = np.gradient(values, looked_s)
    left = np.clip(np.searchsorted(looked_s, at_s, side="right") - 1, 0, len(looked_s) - 2)
    width = looked_s[left + 1] - looked_s[left]
    s = (at_s - looked_s[left]) / width
    near = (1.0 + 2.0 * s) * (1.0 - s) ** 2 * values[left] + s**2 * (3.0 - 2.0 * s) * values[left + 1]
    between: Floats = near + width * s * (1.0 - s) * ((1.0 - s) * slopes[left] - s * slopes[left + 1])
    return between


def _agreement(seen: Floats, modelled: Floats, lag: int, most: int) -> float:
    """Returns the correlation of the middle of what was seen with the model's motion so much earlier."""
    middle = seen[most : len(seen) - most]
    earlier = modelled[most - lag : len(modelled) - most - lag]
    return float((middle * earlier).sum() / np.sqrt((middle**2).sum() * (earlier**2).sum() + 1e-30))


def _normalised(values: Floats) -> Floats:
    spread = values.std()
    normalised: Floats = (values - values.mean()) / (spread if spread > 0.0 else 1.0)
    return normalised
