"""The options of `dexterity arm`, `disarm` and `estop`."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ArmOptions:
    """Arm the hand of a running system, in two steps: preflight, then, after a look at the hand, torque.

    Status 1 when preflight or arming is refused; the reason is printed. Nothing moves before the second step.

    Attributes:
        yes: do not wait for Enter between the two steps.
    """

    yes: bool = False


@dataclass(frozen=True, kw_only=True)
class DisarmOptions:
    """Disarm the hand of a running system: it lets go gently, then the torque is off.

    Status 1 when it is refused.
    """


@dataclass(frozen=True, kw_only=True)
class EstopOptions:
    """Stop the hand of a running system: torque off at once. Disarm, then arm, to go on.

    Asks every node that can stop the hand, all at the same time, and prints what each answered. Status 0 when the hand
    itself said that its torque is off; else 1: cut the power.
    """
