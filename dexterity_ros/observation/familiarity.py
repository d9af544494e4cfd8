"""How far an observation is outside what a policy was trained on: of one, of the last seconds, of a recording."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.manifest import PolicyManifest

MARGIN = 0.1  # of the range's width, on either side: the range is what 99.8 % of training saw
SHARE = 0.5  # of the ticks: a term that is outside in more of them is a finding
WINDOW_S = 2.0


class Ranges:
    """The training range of a policy, as arrays of the whole observation vector.

    terms: names in the order of the vector; starts: where each begins, (terms,). low, high: (width,).
    """

    def __init__(self, manifest: PolicyManifest) -> None:
        slices, told = manifest.observation.slices, manifest.training_range
        self.terms = tuple(slices)
        self.starts = np.array([part.start for part in slices.values()])
        self.low = np.concatenate([told[name].low for name in self.terms])
        self.high = np.concatenate([told[name].high for name in self.terms])
        self._per_width = 1.0 / np.maximum(self.high - self.low, 1e-6)
        self._names = {term.name: _numbers(manifest, term.frame, term.width) for term in manifest.observation.vectors}

    def excess(self, observation: NDArray[np.float32]) -> Floats:
        """Returns by how many widths of its range each number is outside, negative inside, (..., width)."""
        excess: Floats = np.maximum(self.low - observation, observation - self.high) * self._per_width
        return excess

    def outside(self, excess: Floats) -> Bools:
        """Returns which terms have a number outside, the margin allowed for, (..., terms)."""
        outside: Bools = np.maximum.reduceat(excess, self.starts, axis=-1) > MARGIN
        return outside

    def name(self, term: str, number: int) -> str:
        """Returns what a number of a term is called: its joint, where it has one, else its place."""
        names = self._names[term]
        return f"{term} of {names[number % len(names)]}" if names else f"{term}[{number}]"


def _numbers(manifest: PolicyManifest, frame: str, width: int) -> tuple[str, ...]:
    """Returns the joints that the numbers of a term are of, in the policy's own order; none for another term."""
    joints = manifest.joint_names if manifest.convention is None else manifest.convention.joint_order
    return joints if frame == "joint" and width % len(joints) == 0 else ()


@dataclass(frozen=True, kw_only=True)
class Outside:
    """A term in the last seconds.

    share: of ticks with a number outside. worst: which number was furthest outside, by so many widths of its range.
    """

    share: float
    worst: str
    widths: float

    def __str__(self) -> str:
        said = f"{self.worst} by {self.widths:.1f} of its range"
        return f"{said}, in {100.0 * self.share:.0f} % of the last {WINDOW_S:.0f} s"


class Familiarity:
    """Fed with every observation that a policy acts on; a stage. Knows the last seconds."""

    def __init__(self, ranges: Ranges, period_ns: int) -> None:
        """period_ns: of control."""
        self._ranges = ranges
        self._ticks = max(round(WINDOW_S * 1e9 / period_ns), 1)
        self._excess = np.empty((self._ticks, len(ranges.low)))
        self._outside = np.empty((self._ticks, len(ranges.terms)), dtype=bool)
        self.clear()

    def clear(self) -> None:
        """Forgets all that was seen."""
        self._seen = 0
        self._outside[:] = False
        self._counts = np.zeros(len(self._ranges.terms), dtype=np.int64)

    def step(self, observation: NDArray[np.float32]) -> bool:
        """Takes an observation, (width,). Returns whether a term was outside in most of the last seconds."""
        row = self._seen % self._ticks
        excess = self._ranges.excess(observation)
        outside = self._ranges.outside(excess)
        self._counts += outside
        self._counts -= self._outside[row]
        self._excess[row], self._outside[row] = excess, outside
        self._seen += 1
        return bool(self._counts.max() > SHARE * self._ticks)

    @property
    def strange(self) -> Bools:
        """Which terms were outside in most of the last seconds, (terms,)."""
        strange: Bools = self._counts > SHARE * self._ticks
        return strange

    def terms(self) -> Mapping[str, Outside]:
        """Returns the terms that were outside at all in the last seconds, the commonest first."""
        seen = max(min(self._seen, self._ticks), 1)
        order = [int(k) for k in np.argsort(-self._counts, kind="stable") if self._counts[k]]
        ends = [*self._ranges.starts[1:], len(self._ranges.low)]
        found = {}
        for k in order:
            name, begin = self._ranges.terms[k], int(self._ranges.starts[k])
            part = self._excess[:seen, begin : ends[k]].max(axis=0)
            worst = self._ranges.name(name, int(part.argmax()))
            found[name] = Outside(share=float(self._counts[k]) / seen, worst=worst, widths=float(part.max()))
        return found
