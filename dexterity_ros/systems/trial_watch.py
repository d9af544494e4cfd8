"""Keeps a demo going: until when, what ends it, and the stops of the hand on its emulated port that do not."""

import time
from collections.abc import Callable
from pathlib import Path

from dexterity_ros.safety.supervisor import State
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.processes import Processes

_GIVE_UP = 5  # stops in a row without the hand having followed in between


class TimeUpError(OperatorError):
    """The time given to the demo is over."""


class StoppedError(OperatorError):
    """The supervisor stopped the hand."""


class TrialWatch:
    """What a demo looks after while it waits, and its stops so far.

    stops: {at_s, reason}, each followed by disarming, preparing and arming. A person has to do that on a robot; an
    emulated hand on a busy machine is stopped by its motors' watchdogs because the machine did not run it.
    """

    def __init__(
        self,
        operator: Operator,
        processes: Processes,
        log: Path,
        say: Callable[[str], None],
        *,
        minutes: float,
        goes_on: bool,
    ) -> None:
        """minutes: from now; 0 = no limit. goes_on: whether a stop is followed by arming; only on an emulated port."""
        self._operator, self._processes, self._log, self._say = operator, processes, log, say
        self._began_s, self._goes_on = time.monotonic(), goes_on
        self._end_s = self._began_s + 60.0 * minutes if minutes > 0 else float("inf")
        self._in_a_row = 0
        self.stops: list[dict[str, float | str]] = []

    @property
    def elapsed_s(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self._began_s

    def alive(self) -> None:
        """Raises OperatorError when a node has ended or the time is up, StoppedError when the hand was stopped."""
        self._running()
        if self._operator.supervisor.startswith(State.STOPPED.value):
            if not self._goes_on:
                raise OperatorError(f"the supervisor says {self._operator.supervisor}; {self._log_end()}")
            raise StoppedError(self._reason())

    def _running(self) -> None:
        if ended := self._processes.ended():
            raise OperatorError(f"ended by themselves: {ended}; {self._log_end()}")
        if time.monotonic() > self._end_s:
            raise TimeUpError("time is up")

    def _reason(self) -> str:
        hand = self._operator.hand_state
        return self._operator.supervisor + (f" (hand: {hand})" if ":" in hand else "")

    def _log_end(self) -> str:
        return f"the end of {self._log}:\n" + "\n".join(self._log.read_text(errors="replace").splitlines()[-6:])

    def arm(self) -> None:
        """Arms, after every stop again. Raises OperatorError when that is in vain."""
        self._arm(self._operator.arm)

    def _arm(self, begin: Callable[[Callable[[], None]], None]) -> None:
        while True:
            try:
                return begin(self.alive)
            except StoppedError as stop:
                self._let_go(stop)
                begin = self._operator.start_trial

    def going_on(self, doing: Callable[[], None]) -> None:
        """Does something with an armed hand; after a stop it puts the object back, arms, and does it once more."""
        while True:
            try:
                doing()
            except StoppedError as stop:
                self._let_go(stop)
                self._arm(self._operator.start_trial)
                continue
            if self._operator.hand_state.startswith("following"):
                self._in_a_row = 0
            return

    def _let_go(self, stop: StoppedError) -> None:
        self._count(str(stop))
        self._operator.let_go(self._running)

    def _count(self, reason: str) -> None:
        self.stops.append({"at_s": round(self.elapsed_s, 1), "reason": reason})
        self._in_a_row += 1
        self._say(f"  {self.elapsed_s:5.0f} s  {reason}; disarming, preparing and arming again")
        if self._in_a_row > _GIVE_UP:
            raise OperatorError(f"stopped {self._in_a_row} times in a row: {reason}")
