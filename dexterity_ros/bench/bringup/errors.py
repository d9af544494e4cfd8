"""Errors of one quantity of one walk, and which of its intervals hold the truth."""

from dataclasses import dataclass

from dexterity_ros.contracts.robot import Estimate


@dataclass(frozen=True, kw_only=True)
class Errors:
    """errors: of each quantity, without sign. covered: whether each truth lies in its interval, where there is one.

    half_widths: of those intervals. missing: truths of which nothing was measured.
    """

    errors: tuple[float, ...] = ()
    covered: tuple[bool, ...] = ()
    half_widths: tuple[float, ...] = ()
    missing: int = 0


def half_width(found: Estimate) -> float | None:
    """Returns half the width of an interval; None without one."""
    return None if found.low is None or found.high is None else 0.5 * (found.high - found.low)


def covers(found: Estimate, true: float) -> bool | None:
    """Returns whether an interval holds the truth; None without an interval."""
    return None if found.low is None or found.high is None else found.low <= true <= found.high
