"""Least squares in three stages: each joint for itself, all with one delay, and once more without what is far off."""

from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.bringup.identification.begin import first_guess
from dexterity_ros.bringup.identification.belief import DELAY, as_unknowns, as_values, known_before
from dexterity_ros.bringup.identification.data import Data
from dexterity_ros.bringup.identification.fit import Belief, Fitted, Pace, least_squares
from dexterity_ros.bringup.identification.joint_model import JointModel, Seen
from dexterity_ros.contracts.arrays import Bools, Floats

_TICK_RAD = 2.0 * np.pi / 4096  # of a motor's sensor (e-Manual, X series)
POS_FLOOR_RAD, _CURRENT_FLOOR_A = _TICK_RAD / np.sqrt(12.0), 3e-4
_FIRST_POS_RAD, _FIRST_CURRENT_A = 0.001, 0.002
_FAR = 3.0  # standard deviations; what is further off counts less (Huber)
_LEAST_DELAY_S = 1e-4  # to which a delay can be known at all, with targets every 10 ms
_NORMAL = 1.4826  # standard deviation over median absolute deviation, of a normal distribution


@dataclass(frozen=True, kw_only=True)
class Scale:
    """By what differences of positions and of currents are multiplied for a residual, each (K, n, t)."""

    pos_per_rad: Floats
    current_per_a: Floats


def fit_in_stages(model: JointModel, data: Data, start: Floats) -> tuple[Fitted, Belief]:
    """Returns the best fit, and what was known beforehand once the delay is known. start: parameters, (n, p)."""
    before = known_before(as_unknowns(start))
    guess = first_guess(model, data, start)
    first = Scale(pos_per_rad=data.there / _FIRST_POS_RAD, current_per_a=data.there / _FIRST_CURRENT_A)
    begin = np.clip(as_unknowns(guess), before.low, before.high)
    one = _fit(model, data, begin, before, first, Pace(rounds=10, enough=0.01))
    scale = robust_scale(model, data, one.unknowns)
    two = _fit(model, data, one.unknowns, before, scale, Pace(rounds=9, enough=0.0005, near=True))
    before = _with_delay(before, two.unknowns[:, DELAY])
    begin = two.unknowns.copy()
    begin[:, DELAY] = before.mean[:, DELAY]
    scale = robust_scale(model, data, begin)
    return _fit(model, data, begin, before, scale, Pace(rounds=6, enough=0.001, near=True)), before


def robust_scale(model: JointModel, data: Data, unknowns: Floats) -> Scale:
    """Returns a scale by what the model does not say at `unknowns`.

    Rows that follow each other err alike: n of them are worth n over their correlation time, so each counts with less.
    """
    seen = model.follow(data.motions, as_values(unknowns)[None])
    return Scale(
        pos_per_rad=_weights(seen.pos_rad[0] - data.pos_rad, data.there, POS_FLOOR_RAD),
        current_per_a=_weights(seen.current_a[0] - data.current_a, data.there, _CURRENT_FLOOR_A),
    )


def _weights(errors: Floats, there: Bools, floor: float) -> Floats:
    spread = np.array([_spread(errors[:, j], there[:, j], floor) for j in range(errors.shape[1])])[:, None]
    near = np.minimum(1.0, _FAR * spread / np.maximum(np.abs(errors), 1e-12))
    rows = _correlation_rows(np.clip(errors, -_FAR * spread, _FAR * spread))[:, None]
    weights: Floats = there * np.sqrt(near) / (spread * np.sqrt(rows))
    return weights


def _spread(errors: Floats, there: Bools, floor: float) -> float:
    """Returns the standard deviation of the greater part of the errors of one joint."""
    return max(_NORMAL * float(np.median(np.abs(errors[there]))), floor)


def _correlation_rows(errors: Floats) -> Floats:
    """Returns over how many rows errors (K, n, t) are alike, (n,): 1 + twice the sum of correlations up to the first
    that is not positive.
    """
    rest = errors - errors.mean(axis=-1, keepdims=True)
    power = np.abs(np.fft.rfft(rest, n=2 * rest.shape[-1], axis=-1)) ** 2
    alike = np.fft.irfft(power, axis=-1)[..., : rest.shape[-1]].sum(axis=0)
    alike = alike / np.maximum(alike[:, :1], 1e-30)
    positive = np.cumprod(alike > 0.0, axis=-1)
    rows: Floats = 1.0 + 2.0 * (alike * positive)[:, 1:].sum(axis=-1)
    return rows


def _with_delay(before: Belief, delays_s: Floats) -> Belief:
    """Returns the same once the delay is known, which all joints of a hand share: their median, as well as they agree.

    Source: standard error of a median from the median absolute deviation (1.4826, 1.2533: normal distribution).
    """
    delay = float(np.median(delays_s))
    scatter = _NORMAL * float(np.median(np.abs(delays_s - delay)))
    known = max(1.2533 * scatter / np.sqrt(len(delays_s)), _LEAST_DELAY_S)
    mean, deviation = before.mean.copy(), before.deviation.copy()
    mean[:, DELAY], deviation[:, DELAY] = delay, known
    return replace(before, mean=mean, deviation=deviation)


def _fit(model: JointModel, data: Data, begin: Floats, before: Belief, scale: Scale, pace: Pace) -> Fitted:
    def residuals(sets: Floats) -> Floats:
        return _residuals(model.follow(data.motions, as_values(sets)), data, scale)

    return least_squares(residuals, begin, before, pace)


def _residuals(seen: Seen, data: Data, scale: Scale) -> Floats:
    """Returns (S, n, rows): positions of all motions, then currents."""
    pos = (seen.pos_rad - data.pos_rad) * scale.pos_per_rad
    current = (seen.current_a - data.current_a) * scale.current_per_a
    rows = np.concatenate([pos, current], axis=1)  # (S, 2K, n, t)
    return np.moveaxis(rows, 2, 1).reshape(rows.shape[0], rows.shape[2], -1)
