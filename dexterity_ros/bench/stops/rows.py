"""What came of one stop, and whether that is what a stop must be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

TORQUE_OFF_MS = 150.0
PROCESS_DIED_MS = 300.0  # where a process had to die first
FADE_MS = 600.0 + TORQUE_OFF_MS  # a disarm lets the current fade first

Reaction = Literal["stop", "hold", "none"]


@dataclass(frozen=True, kw_only=True)
class StopRow:
    """One stop.

    time: virtual, of HandControl alone; or real, of a running system.
    reaction: stop switches the torque off; hold stands still; none: it goes on, as it must. torque_off_ms: from the
    event to the first motor without torque; None: none was reached. still_ms: from the event to the last goal that
    moved while it lasted. torque_commands_after: motors that were told to switch torque on again after the first one
    was off. said: what the hand said last.
    motors_with_torque_after_return: one second after the bus works again; None where it never failed.
    """

    kind: str
    bus_fault: str
    repeat: int
    time: Literal["virtual", "real"]
    reaction: Reaction
    torque_off_ms: float | None
    still_ms: float
    torque_commands_after: int
    motors_with_torque_after_10s: int
    motors_with_torque_after_return: int | None
    said: str


def shortcomings(row: StopRow, allowed_ms: float, *, reachable: bool) -> list[str]:
    """Returns what was wrong with a stop; empty when it was one.

    Args:
        row: what came of it.
        allowed_ms: to the first torque off, or of a hold to the last motion.
        reachable: whether the bus reached any motor at that moment.
    """
    problems = []
    if row.torque_commands_after:
        problems.append(f"{row.torque_commands_after} motors were told to switch torque on again")
    if row.reaction == "none":
        return problems if row.torque_off_ms is None or row.bus_fault != "none" else [*problems, "it was stopped"]
    if row.still_ms > allowed_ms:
        problems.append(f"goals moved for {row.still_ms:.0f} ms")
    if row.reaction == "hold":
        return problems
    if reachable and (row.torque_off_ms is None or row.torque_off_ms > allowed_ms):
        problems.append(f"first torque off after {row.torque_off_ms} ms")
    if row.motors_with_torque_after_10s and named_motors(row.said) < row.motors_with_torque_after_10s:
        problems.append(f"{row.motors_with_torque_after_10s} motors have torque, said: {row.said}")
    if row.motors_with_torque_after_return:
        problems.append(f"{row.motors_with_torque_after_return} motors have torque although the bus works again")
    return problems


def named_motors(said: str) -> int:
    """Returns how many motors a state says may have torque: as it counts them, or all where the bus is gone."""
    if any(all_of_them in said for all_of_them in ("the bus is lost", "is gone", "motors may still have torque")):
        return 10**6
    counted = re.search(r"not confirmed by (\d+) of (\d+) motors", said)
    return int(counted.group(1)) if counted else 0


def worst(values: Iterable[float | None]) -> float | None:
    """Returns the largest of some numbers; None when one of them is missing, or there are none."""
    found = list(values)
    return None if not found or None in found else max(value for value in found if value is not None)
