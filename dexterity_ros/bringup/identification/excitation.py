"""Motions that show what a joint is: slow ways for weight and friction, ramps and a chirp for damping, armature, delay.

Closed loop under one gain hides the armature, and a spring's scale: several gains are used, and one is kept to be
predicted. Sources: BAM (Rhoban/bam): slow up and down, sin(t^2), sin t + 0.5 sin 5t sin 2t, several gains with one held
out; PACE, arXiv 2509.06342: chirps, validation on other motions and gains.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dexterity_ros.contracts.arrays import Floats

RATE_HZ = 100.0  # of targets: that of the control loop of a hand
MOST_REACH_RAD = 0.5
# Goals move at less than half of what the walk allows, and turn gently: a spring that is stiffer and less damped than
# it should be overshoots, and a rotor crosses the play of its gears faster than its goal moves.
_SLOW_RAD_S, _FAST_RAD_S = 0.4, 0.35
_TURN_S, _QUICK_TURN_S = 0.2, 0.05  # over which a slow and a fast way change their speed
_REST_S, _CHIRP_S = 0.3, 4.0
_CHIRP_HZ = (0.4, 7.0)
_PLACES_RAD = (0.1, -0.1, 0.2, 0.0, -0.2, 0.05, -0.05, 0.0)


@dataclass(frozen=True, kw_only=True)
class GainSet:
    """Position gains during a part of the excitation, over the hand file's. held_out: not fitted, predicted."""

    p_share: float
    d_share: float
    held_out: bool = False


GAIN_SETS = (
    GainSet(p_share=1.0, d_share=1.0),
    GainSet(p_share=0.5, d_share=1.5),
    GainSet(p_share=1.5, d_share=1.0),
    GainSet(p_share=1.25, d_share=1.0, held_out=True),
)


def fitted_way(reach_rad: float) -> Floats:
    """Returns the motion that is fitted, rad away from a joint's middle, (k,) at RATE_HZ; starts and ends at 0.

    reach_rad: how far the slow part goes.
    """
    rest = np.zeros(round(_REST_S * RATE_HZ))
    slow = _rounded(np.concatenate([rest, _slow(reach_rad), rest]), _TURN_S)
    fast = _rounded(np.concatenate([_ramps(), rest, _chirp(), rest]), _QUICK_TURN_S)
    return np.concatenate([slow, fast])


def held_out_way(reach_rad: float) -> Floats:
    """Returns the motion that is predicted: sin t + 0.5 sin 5t sin 2t of BAM, no faster than the others."""
    t = np.arange(round(5.0 * RATE_HZ)) / RATE_HZ
    way = np.sin(t) + 0.5 * np.sin(5.0 * t) * np.sin(2.0 * t)
    most = min(_FAST_RAD_S / float(np.abs(np.gradient(way, t)).max()), reach_rad / float(np.abs(way).max()))
    rest = np.zeros(round(_REST_S * RATE_HZ))
    back = _straight(most * way[-1], 0.0, _SLOW_RAD_S)
    return _rounded(np.concatenate([rest, most * way, back, rest]), _QUICK_TURN_S)


def _slow(reach_rad: float) -> Floats:
    """Up, down and back."""
    ends = (0.0, reach_rad, -reach_rad, 0.0)
    way = np.concatenate([_straight(a, b, _SLOW_RAD_S) for a, b in pairwise(ends)])
    length = round(4.0 * MOST_REACH_RAD / _SLOW_RAD_S * RATE_HZ)
    return np.concatenate([way, np.zeros(max(length - len(way), 0))])


def _ramps() -> Floats:
    """From place to place at speed, with a rest at each, in which the joint sticks or settles."""
    parts, before = [], 0.0
    for place in _PLACES_RAD:
        parts += [_straight(before, place, _FAST_RAD_S), np.full(round(0.12 * RATE_HZ), place)]
        before = place
    return np.concatenate(parts)


def _chirp() -> Floats:
    """From slow to fast, at the same greatest speed throughout."""
    t = np.arange(round(_CHIRP_S * RATE_HZ)) / RATE_HZ
    low, high = _CHIRP_HZ
    speed = _FAST_RAD_S * np.cos(2.0 * np.pi * (low * t + 0.5 * (high - low) * t**2 / _CHIRP_S))
    way = np.cumsum(speed) / RATE_HZ
    return way - np.linspace(0.0, float(way[-1]), len(way))


def _rounded(way: Floats, over_s: float) -> Floats:
    """Returns a way, (k,), whose speed changes over a time and not at once: its mean over that time."""
    half = round(0.5 * over_s * RATE_HZ)
    around = np.pad(way, half, mode="edge")
    return np.convolve(around, np.full(2 * half + 1, 1.0 / (2 * half + 1)), mode="valid")


def _straight(start_rad: float, end_rad: float, speed_rad_s: float) -> Floats:
    """Returns a straight way, without its first point."""
    steps = max(int(np.ceil(abs(end_rad - start_rad) / speed_rad_s * RATE_HZ)), 1)
    return np.linspace(start_rad, end_rad, steps + 1)[1:]
