"""Plays a motion on a hand: eases to where it begins, then commands it cycle by cycle through the gate."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dexterity_ros.action.primitive import Primitive, Rollout
from dexterity_ros.bringup.manual import PERIOD_S, ManualHand
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec

SPEED = (0.05, 5.0)  # times as fast as it was shown
_SETTLE_S = 0.5  # at the end, so that the hand arrives


@dataclass(frozen=True, kw_only=True)
class Played:
    """tracking_rms_rad: of the measured joints against what was commanded. clamped: cycles in which the gate cut it.

    end_rad: largest distance from the last position that was commanded, when all is over.
    """

    seconds: float
    cycles: int
    clamped: int
    tracking_rms_rad: float
    end_rad: float


def path_of(motion: Floats, period_s: float, speed: float) -> Floats:
    """Returns a motion (T, n) with one row for each control cycle, in straight lines between those that were recorded.

    speed: times as fast. Raises ConfigError when it is none.
    """
    _check_speed(speed)
    times = np.arange(len(motion)) * period_s / speed
    rows = np.arange(0.0, times[-1] + 0.5 * PERIOD_S, PERIOD_S)
    return np.stack([np.interp(rows, times, joint) for joint in motion.T], axis=1)


def path_of_primitive(
    primitive: Primitive, start_rad: Floats, hand: HandSpec, *, speed: float, goal_rad: Floats | None = None
) -> Floats:
    """Returns what a primitive does from where the hand stands, one row for each control cycle. Raises ConfigError."""
    _check_speed(speed)
    rollout = Rollout(primitive, start_rad, lower_rad=hand.lower_rad, upper_rad=hand.upper_rad)
    rollout.towards(goal_rad, primitive.duration_s / speed)
    cycles = round(rollout.duration_s / PERIOD_S)
    return np.stack([start_rad, *(rollout.step(PERIOD_S) for _ in range(cycles))])


def play(manual: ManualHand, path: Floats, each: Callable[[float], None] = lambda _share: None) -> Played:
    """Eases to where the path (T, n) begins and follows it. Torque stays on. each: is told what share is done.

    Raises HandError when the hand does not follow; then torque is off.
    """
    manual.ease_to(path[0])
    off, clamped = [], 0
    still = np.repeat(path[-1:], round(_SETTLE_S / PERIOD_S), axis=0)
    commanded, measured = path[0], path[0]
    for k, position in enumerate(np.concatenate([path, still])):
        tick = manual.tick(position)
        clamped += any(fault.code == "target_clamped" for fault in tick.faults)
        if tick.measured is not None:
            measured = tick.measured.pos_rad
            if k < len(path):
                off.append(measured - commanded)
        commanded = position
        each(min(k / len(path), 1.0))
    return Played(
        seconds=round(len(path) * PERIOD_S, 2),
        cycles=len(path),
        clamped=clamped,
        tracking_rms_rad=round(float(np.sqrt(np.mean(np.square(off)))), 4),
        end_rad=round(float(np.abs(measured - path[-1]).max()), 4),
    )


def _check_speed(speed: float) -> None:
    if not SPEED[0] <= speed <= SPEED[1]:
        raise ConfigError(f"speed is {speed:g}, expected {SPEED[0]:g} to {SPEED[1]:g} times as fast as it was shown")
