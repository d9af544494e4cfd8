"""What a policy sees (ObservationSpec) and what its output means (ActionSpec); both are part of the manifest."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import PART_NAME, UNSAID_AT_DEFAULT, Checked, Length, Range

MAX_AGE = Range(0.0, 1.0, "older than a second is no feedback; 0 for the policy's own memory")
MOST_TERMS = 64
VECTOR = "observation"  # the port of the network that takes all terms but those with a port of their own
OWN_MEMORY = "policy"  # the source of terms that the policy remembers itself


@dataclass(frozen=True, kw_only=True)
class ObservationTerm(Checked):
    """One block of what a policy sees, in the order of the manifest.

    name: a term that observation/builder.py knows. width: numbers per tick. frame, unit: of those numbers.
    source: key of SOURCES (contracts/sources.py), or "policy" for the policy's own memory.
    max_age_s: older than this, the tick has no observation (a Fault), not an old one. 0 for the policy's own memory.
    port: input of the network. Vectors share one, side by side; what has a shape of its own, as points (512, 3), has a
    port of its own.
    """

    name: Annotated[str, PART_NAME]
    width: Annotated[int, Range(1, 100_000, "at least one number; at most a small image")]
    frame: Annotated[str, PART_NAME]
    unit: Annotated[str, PART_NAME]
    source: Annotated[str, PART_NAME]
    max_age_s: Annotated[float, MAX_AGE]
    port: Annotated[str, PART_NAME] = field(default=VECTOR, metadata=UNSAID_AT_DEFAULT)
    shape: Annotated[tuple[int, ...], Range(1, 100_000, "as width"), Length(0, 4, "images have three")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.port == VECTOR) != (self.shape == ()):
            raise ConfigError(
                f"term {self.name} is of shape {self.shape} at the port {self.port}; vectors share {VECTOR}"
            )
        if self.shape and math.prod(self.shape) != self.width:
            raise ConfigError(f"term {self.name} has shape {self.shape} and width {self.width}, which differ")


@dataclass(frozen=True, kw_only=True)
class ObservationSpec(Checked):
    """What a policy sees, term by term: the observation vector, and what comes through ports of its own."""

    terms: Annotated[tuple[ObservationTerm, ...], Length(1, MOST_TERMS, "a policy sees something")]

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [term.name for term in self.terms]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ConfigError(f"terms must differ, these occur more than once: {doubled}")
        ports = [term.port for term in self.terms if term.port != VECTOR]
        if len(set(ports)) != len(ports) or len(ports) == len(names):
            raise ConfigError(f"each of {ports} must be the port of one term, and at least one term a vector")

    @cached_property
    def vectors(self) -> tuple[ObservationTerm, ...]:
        """The terms that make the observation vector."""
        return tuple(term for term in self.terms if term.port == VECTOR)

    @cached_property
    def width(self) -> int:
        """Length of the observation vector."""
        return sum(term.width for term in self.vectors)

    @cached_property
    def ports(self) -> dict[str, tuple[int, ...]]:
        """Inputs of the network, each with the shape of what it takes in one tick."""
        return {VECTOR: (self.width,)} | {term.port: term.shape for term in self.terms if term.port != VECTOR}

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each term lies in the vector."""
        ends: dict[str, slice] = {}
        start = 0
        for term in self.vectors:
            ends[term.name] = slice(start, start + term.width)
            start += term.width
        return ends

    def max_age_s(self, source: str) -> float | None:
        """Returns the strictest age limit of the terms fed by `source`, or None when nothing uses it."""
        ages = [term.max_age_s for term in self.terms if term.source == source]
        return min(ages) if ages else None


@dataclass(frozen=True, kw_only=True)
class ActionSpec(Checked):
    """How a raw action becomes joint targets.

    relative: target = previous target + scale_rad * a. absolute: target = centre of the range + scale_rad * a.
    a is the raw action clipped to [-clip, clip], then smoothed: a = ema * a + (1 - ema) * previous a.
    max_lead_rad: the target is kept within this of the measured joint, so that it does not wind up beyond what torque
    can use; None = it is not.
    """

    mode: Literal["relative", "absolute"]
    scale_rad: Annotated[float, Range(1e-4, 2.0 * math.pi, "from what motors resolve to a whole turn")]
    clip: Annotated[float, Range(1e-3, 100.0, "raw actions are of order one")]
    ema: Annotated[float, Range(1e-3, 1.0, "share of the new action; 1 means no smoothing, 0 that nothing moves")]
    max_lead_rad: Annotated[float | None, Range(1e-3, 2.0 * math.pi, "less than a motor resolves would hold it")] = (
        field(default=None, metadata=UNSAID_AT_DEFAULT)
    )

    @property
    def max_step_rad(self) -> float:
        """Largest change of a target in one tick when relative, in rad."""
        return self.scale_rad * self.clip
