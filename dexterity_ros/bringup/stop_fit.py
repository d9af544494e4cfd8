"""A joint's zero from its two mechanical stops: with the interval that the play of the stops leaves, and its doubts."""

import math
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.hand import JointSpec
from dexterity_ros.contracts.robot import Estimate
from dexterity_ros.contracts.robot_hand import NOMINAL_ZERO_RAD

STOP_PLAY_RAD = math.radians(2.0)  # how far a stop may lie from where the hand's file has it, either way
_LEAST_PLAY_RAD = 0.25 * STOP_PLAY_RAD  # of the mean of two stops, however far they lie apart: they give a little
_SHARE = 0.95
_BLOCKED_RAD = math.radians(2.0)  # a range that is shorter by more than the stops' play and this met something else
_REPEAT_RAD = math.radians(1.0)  # one stop is not touched in two places
_SLIPPED_RAD = math.radians(15.0)  # a horn that sits further from the middle was put on a tooth off, or slipped
_CONTRARY_RAD = math.radians(20.0)


@dataclass(frozen=True, kw_only=True)
class Touches:
    """Where a joint stood, as an angle from the middle of its motor's turn, with its sign. lower, upper: each touch.

    from_below, from_above: at one and the same goal, reached from either side.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    from_below: float
    from_above: float

    @property
    def hysteresis_rad(self) -> float:
        """How far apart the joint stops at one goal: friction over stiffness, and play."""
        return self.from_above - self.from_below

    @property
    def repeat_rad(self) -> float:
        """How far touches of one stop lie apart, root mean square."""
        return float(np.sqrt(np.mean([np.var(self.lower), np.var(self.upper)])))


@dataclass(frozen=True, kw_only=True)
class ZeroFit:
    """zero: motor angle of the joint's zero. lower, upper: the stops as joint angles. slip_rad: from the middle."""

    zero: Estimate
    lower: Estimate
    upper: Estimate
    slip_rad: float
    blocked: bool
    contrary: bool

    @property
    def slipped(self) -> bool:
        """Whether the horn sits further off than horns do that are put on with care."""
        return abs(self.slip_rad) > _SLIPPED_RAD


def fit_zero(joint: JointSpec, sign: float, touches: Touches) -> ZeroFit:
    """Returns the zero that puts both stops nearest to where the hand's file has them.

    Each stop may lie anywhere within STOP_PLAY_RAD of the file's limit. Of the two offsets only the difference is seen;
    given that, their mean is as likely anywhere between the bounds: the interval is 95 % of that width.
    """
    low, high = float(np.mean(touches.lower)), float(np.mean(touches.upper))
    offset = 0.5 * (low - joint.lower_rad + high - joint.upper_rad)
    apart = (high - low) - (joint.upper_rad - joint.lower_rad)
    half = max(_SHARE * max(STOP_PLAY_RAD - 0.5 * abs(apart), _LEAST_PLAY_RAD), 2.0 * touches.repeat_rad)
    mirrored = -0.5 * (low + high) - 0.5 * (joint.lower_rad + joint.upper_rad)  # the offset, were the sign wrong
    return ZeroFit(
        zero=_around(NOMINAL_ZERO_RAD + sign * offset, half),
        lower=_around(low - offset, half),
        upper=_around(high - offset, half),
        slip_rad=offset,
        blocked=apart < -2.0 * STOP_PLAY_RAD - _BLOCKED_RAD or touches.repeat_rad > _REPEAT_RAD,
        contrary=abs(offset) > _CONTRARY_RAD and abs(mirrored) < _SLIPPED_RAD,
    )


def _around(nominal: float, half: float) -> Estimate:
    return Estimate(nominal=round(nominal, 5), low=round(nominal - half, 5), high=round(nominal + half, 5))
