"""What a policy sees (ObservationSpec) and what its output means (ActionSpec); both are part of the manifest."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import PART_NAME, UNSAID_AT_DEFAULT, Checked, Length, Pattern, Range

MAX_AGE = Range(0.0, 1.0, "older than a second is no feedback; 0 for the policy's own memory")
MOST_TERMS = 64
HISTORY = Range(1, 1000, "from one tick to some seconds")
PART_OR_NOTHING = Pattern(f"{PART_NAME.regex}|", f"{PART_NAME.expected}, or nothing")
_EACH = Length(0, 64, "one for each joint, or none")
_NUMBER = Range(-1e6, 1e6, "observations are in rad, m, s and their like")
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
    of: what it is made of, where the name does not say so. form: how a rotation is written (observation/rotations.py).
    relative_to: start (the object when the policy started), goal, object, or a fingertip's site.
    offset, scale: each number is (value - offset) * scale, then kept within limit. Of one tick, as many as it has.
    unit is of the value before. period_ticks: of a phase, told as its sine and cosine.
    history: ticks side by side. width: all numbers, those of earlier ticks among them.
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
    of: Annotated[str, PART_OR_NOTHING] = field(default="", metadata=UNSAID_AT_DEFAULT)
    form: Annotated[str, PART_OR_NOTHING] = field(default="", metadata=UNSAID_AT_DEFAULT)
    relative_to: Annotated[str, PART_OR_NOTHING] = field(default="", metadata=UNSAID_AT_DEFAULT)
    offset: Annotated[tuple[float, ...], _NUMBER, Length(0, 10_000, "one for each number of a tick")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )
    scale: Annotated[tuple[float, ...], _NUMBER, Length(0, 10_000, "one for each number of a tick")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )
    limit: Annotated[tuple[float, float] | None, _NUMBER] = field(default=None, metadata=UNSAID_AT_DEFAULT)
    period_ticks: Annotated[float, Range(0.0, 1e6, "0 = no phase")] = field(default=0.0, metadata=UNSAID_AT_DEFAULT)
    history: Annotated[int, HISTORY] = field(default=1, metadata=UNSAID_AT_DEFAULT)

    @property
    def quantity(self) -> str:
        """What it is made of: a key of the builder's table."""
        return self.of or self.name

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limit is not None and not self.limit[0] < self.limit[1]:
            raise ConfigError(f"term {self.name} has the limit {list(self.limit)}, expected the lower first")
        if self.width % self.history or (self.history > 1 and self.port != VECTOR):
            raise ConfigError(f"term {self.name} has {self.width} numbers and a history of {self.history} ticks")
        for name in ("offset", "scale"):
            given = len(getattr(self, name))
            if given not in (0, self.width // self.history):
                raise ConfigError(
                    f"{name} of term {self.name} has {given} numbers, a tick has {self.width // self.history}"
                )
        if (self.port == VECTOR) != (self.shape == ()):
            raise ConfigError(
                f"term {self.name} is of shape {self.shape} at the port {self.port}; vectors share {VECTOR}"
            )
        if self.shape and math.prod(self.shape) != self.width:
            raise ConfigError(f"term {self.name} has shape {self.shape} and width {self.width}, which differ")


@dataclass(frozen=True, kw_only=True)
class ObservationSpec(Checked):
    """What a policy sees, term by term: the observation vector, and what comes through ports of its own.

    history_order, history_fill: of terms with a history: which tick comes first, and what stands for the ticks before
    the first one: that first one, or zeros.
    """

    terms: Annotated[tuple[ObservationTerm, ...], Length(1, MOST_TERMS, "a policy sees something")]
    history_order: Literal["oldest_first", "newest_first"] = field(default="oldest_first", metadata=UNSAID_AT_DEFAULT)
    history_fill: Literal["first", "zeros"] = field(default="first", metadata=UNSAID_AT_DEFAULT)

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
    def remembered(self) -> tuple[ObservationTerm, ...]:
        """The terms of which earlier ticks are seen."""
        return tuple(term for term in self.vectors if term.history > 1)

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

    target = origin + scale * a. mode says the origin: relative = the previous target, measured = the measured joints,
    absolute = centre of the range, default = default_pos_rad.
    a is the raw action clipped to [-clip, clip], then smoothed: a = ema * a + (1 - ema) * previous a.
    smooths: target = the same of targets instead of actions.
    scale_rad: of all joints, or the largest of joint_scale_rad, (n,), which is each joint's own.
    max_lead_rad: the target is kept within this of the measured joint, so that it does not wind up beyond what torque
    can use; None = it is not.
    within_limits: the policy's own last target is kept within the joints' limits; what is commanded always is.
    """

    mode: Literal["relative", "absolute", "default", "measured"]
    scale_rad: Annotated[float, Range(1e-4, 2.0 * math.pi, "from what motors resolve to a whole turn")]
    clip: Annotated[float, Range(1e-3, 100.0, "raw actions are of order one")]
    ema: Annotated[float, Range(1e-3, 1.0, "share of the new action; 1 means no smoothing, 0 that nothing moves")]
    max_lead_rad: Annotated[float | None, Range(1e-3, 2.0 * math.pi, "less than a motor resolves would hold it")] = (
        field(default=None, metadata=UNSAID_AT_DEFAULT)
    )
    joint_scale_rad: Annotated[tuple[float, ...], Range(1e-4, 2.0 * math.pi, "as scale_rad"), _EACH] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )
    default_pos_rad: Annotated[tuple[float, ...], Range(-2.0 * math.pi, 2.0 * math.pi, "a pose"), _EACH] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )
    smooths: Literal["action", "target"] = field(default="action", metadata=UNSAID_AT_DEFAULT)
    within_limits: bool = field(default=True, metadata=UNSAID_AT_DEFAULT)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.mode == "default") != bool(self.default_pos_rad):
            raise ConfigError(f"mode is {self.mode} with {len(self.default_pos_rad)} numbers of default_pos_rad")
        if self.joint_scale_rad and not math.isclose(max(self.joint_scale_rad), self.scale_rad, rel_tol=1e-6):
            raise ConfigError(
                f"scale_rad is {self.scale_rad}, the largest of joint_scale_rad {max(self.joint_scale_rad)}"
            )

    @property
    def max_step_rad(self) -> float:
        """Largest change of a target in one tick when relative, in rad."""
        return self.scale_rad * self.clip
