"""Puts true poses and goal events, which come over two topics, into the order in which they happened."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from dexterity_ros.contracts.samples import PoseSample


class Judge(Protocol):
    """Who judges goals on the truth."""

    def see(self, truth: PoseSample) -> None:
        """Takes a true pose."""

    def event(self, event: dict[str, Any]) -> None:
        """Takes an event of goal_node."""


class InOrder:
    """Holds an event back until the truth has come as far as its stamp.

    A process that a busy machine did not run for a while finds both topics full. Which of them it reads first must not
    decide whether a goal was reached.
    """

    def __init__(self, judges: Sequence[Judge]) -> None:
        self._judges = tuple(judges)
        self._waiting: deque[dict[str, Any]] = deque()

    def see(self, truth: PoseSample) -> None:
        """Tells the judges of events up to this true pose, then of the pose."""
        while self._waiting and self._waiting[0]["stamp_ns"] <= int(truth.stamp_ns):
            event = self._waiting.popleft()
            for judge in self._judges:
                judge.event(event)
        for judge in self._judges:
            judge.see(truth)

    def event(self, event: dict[str, Any]) -> None:
        """Takes an event of goal_node; stamp_ns: when it happened."""
        self._waiting.append(event)
