"""What a hand is doing, what it is asked, and what came of one control cycle."""

import enum
from dataclasses import dataclass

from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.samples import GatedTarget, JointSample, JointTarget


class Phase(enum.StrEnum):
    """What the hand is doing. LETTING_GO: torque off is repeated until every motor confirms it.

    STOPPED: torque is off and stays off until a person disarms. LIMP: torque is off, arming may begin.
    """

    LIMP = enum.auto()
    EASING = enum.auto()
    EASING_OUT = enum.auto()
    FOLLOWING = enum.auto()
    HOLDING = enum.auto()
    LETTING_GO = enum.auto()
    STOPPED = enum.auto()


@dataclass(frozen=True, kw_only=True)
class NumberedTarget:
    """A target and the reset its policy had last obeyed."""

    reset: int
    target: JointTarget


@dataclass(frozen=True, kw_only=True)
class HandTick:
    """One cycle: the measurement (None when it failed), the output, what was wrong, and a new reset number if any.

    written_target: the wanted target that reached the hand in this cycle for the first time, for its age.
    """

    measured: JointSample | None = None
    output: GatedTarget | None = None
    faults: tuple[Fault, ...] = ()
    new_reset: int | None = None
    written_target: JointTarget | None = None
