"""What a policy sees (ObservationSpec) and what its output means (ActionSpec); both are part of the manifest."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from dexterity_ros.contracts.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ObservationTerm:
    """One block of the observation vector, in the order of the manifest.

    name: a term that observation/builder.py knows. width: numbers per tick. frame, unit: of those numbers.
    source: key of the topics table it comes from, or "policy" for the policy's own memory.
    max_age_s: older than this, the tick has no observation (a Fault), not an old one. 0 for the policy's own memory.
    """

    name: str
    width: int
    frame: str
    unit: str
    source: str
    max_age_s: float


@dataclass(frozen=True, kw_only=True)
class ObservationSpec:
    """The observation vector: its terms in order, and the rate at which differences between ticks were trained."""

    terms: tuple[ObservationTerm, ...]

    @cached_property
    def width(self) -> int:
        """Length of the observation vector."""
        return sum(term.width for term in self.terms)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each term lies in the vector."""
        ends: dict[str, slice] = {}
        start = 0
        for term in self.terms:
            ends[term.name] = slice(start, start + term.width)
            start += term.width
        return ends

    def max_age_s(self, source: str) -> float | None:
        """Returns the strictest age limit of the terms fed by `source`, or None when nothing uses it."""
        ages = [term.max_age_s for term in self.terms if term.source == source]
        return min(ages) if ages else None


@dataclass(frozen=True, kw_only=True)
class ActionSpec:
    """How a raw action becomes joint targets.

    relative: target = previous target + scale_rad * a. absolute: target = centre of the range + scale_rad * a.
    a is the raw action clipped to [-clip, clip], then smoothed: a = ema * a + (1 - ema) * previous a.
    """

    mode: Literal["relative", "absolute"]
    scale_rad: float
    clip: float
    ema: float

    def __post_init__(self) -> None:
        if not 0.0 < self.ema <= 1.0:
            raise ConfigError(f"ema is {self.ema}, expected a number in (0, 1]; 1 means no smoothing")
        if self.scale_rad <= 0.0 or self.clip <= 0.0:
            raise ConfigError(f"scale_rad {self.scale_rad} and clip {self.clip} must be positive")

    @property
    def max_step_rad(self) -> float:
        """Largest change of a target in one tick when relative, in rad."""
        return self.scale_rad * self.clip
