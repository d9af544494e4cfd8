"""What came out differently when a stage was repeated."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class StageDiff:
    """One stage. compared: items repeated. differing: of them not bit-identical. largest: difference, in its unit.

    first_s: since the bag began, of the first difference. unrepeatable: items that cannot be repeated, and why.
    """

    stage: str
    compared: int
    differing: int
    largest: float
    first_s: float | None
    unrepeatable: int
    why: str = ""


class Differences:
    """Collects one stage's differences."""

    def __init__(self, stage: str, begin_ns: int, why: str = "") -> None:
        self._stage, self._begin_ns, self._why = stage, begin_ns, why
        self._compared = self._differing = self._unrepeatable = 0
        self._largest = 0.0
        self._first_ns: int | None = None

    def add(self, now_ns: int, recorded: Any, repeated: Any) -> None:
        """Compares one item bit by bit."""
        self._compared += 1
        if np.array_equal(recorded, repeated):
            return
        self._differing += 1
        if np.shape(recorded) == np.shape(repeated):
            self._largest = max(self._largest, float(np.abs(np.asarray(recorded) - np.asarray(repeated)).max()))
        self._first_ns = now_ns if self._first_ns is None else self._first_ns

    def skip(self) -> None:
        """Counts one that cannot be repeated."""
        self._unrepeatable += 1

    def result(self) -> StageDiff:
        """Returns the figures."""
        return StageDiff(
            stage=self._stage,
            compared=self._compared,
            differing=self._differing,
            largest=self._largest,
            first_s=None if self._first_ns is None else round((self._first_ns - self._begin_ns) * 1e-9, 3),
            unrepeatable=self._unrepeatable,
            why=self._why if self._unrepeatable else "",
        )
