"""What a manifest can say of a term besides its name: relative to what, in which form, offset, scale, limit."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import Array, quat_conjugate, quat_multiply
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.sources import GOAL, OBJECT_POSE, ObservationInputs, Source
from dexterity_ros.contracts.spec import OWN_MEMORY, VECTOR, ObservationSpec, ObservationTerm
from dexterity_ros.observation.memory import PolicyMemory, Recollection
from dexterity_ros.observation.rotations import FORMS


@dataclass(frozen=True, kw_only=True)
class Term:
    """One row. width: None: one per joint. source: the one that the manifest names; None: the policy's own memory.

    also: further sources that it is made of. port, shape: of what does not lie in the vector.
    relative: whether it is a place or a rotation that can be told relative to something. rotation: it is a quaternion,
    to be told in one of FORMS. recalls: it needs a Recollection. tips: numbers for each fingertip.
    """

    compute: Callable[[ObservationInputs, PolicyMemory], Array]
    width: int | None
    frame: str
    unit: str
    source: Source[Any] | None
    also: tuple[Source[Any], ...] = ()
    port: str = VECTOR
    shape: tuple[int, ...] = ()
    relative: bool = False
    rotation: bool = False
    recalls: bool = False
    tips: bool = False

    @property
    def source_name(self) -> str:
        """As the manifest names it."""
        return OWN_MEMORY if self.source is None else self.source.name


RELATIVE_TO: dict[str, Source[Any]] = {"start": OBJECT_POSE, "object": OBJECT_POSE, "goal": GOAL}


def further(memory: PolicyMemory) -> Recollection:
    """Returns what `recall` of the builder has kept."""
    assert memory.further is not None, "recall() comes before what needs it"
    return memory.further


def rotation_term(compute: Callable[[ObservationInputs], Array], source: Source[Any], *also: Source[Any]) -> Term:
    """Returns a row of a quaternion, (..., 4)."""
    return Term(
        compute=lambda i, _m: compute(i), width=0, frame="hand", unit="1", source=source, also=also, relative=True,
        rotation=True,
    )  # fmt: skip


def all_fingertips(memory: PolicyMemory) -> Array:
    """Returns the places of all fingertips side by side, (..., 3 for each)."""
    tips = list(further(memory).tips_m.values())
    return array_namespace(*tips).concat(tips, axis=-1)


def width_of_tick(row: Term, term: Mapping[str, Any], n_joints: int, tips: tuple[str, ...]) -> int:
    """Returns how many numbers a term has in one tick. Raises ConfigError when what is said of it does not fit it."""
    form, relative_to = term.get("form", ""), term.get("relative_to", "")
    places = ("start", "object", *tips) if not row.rotation else ("start", "object", "goal")
    if relative_to and (not row.relative or relative_to not in places):
        allowed = list(places) if row.relative else "nothing"
        raise ConfigError(f"term {term['name']} is relative to {relative_to!r}, expected one of {allowed}")
    if row.rotation != bool(form) or (form and form not in FORMS):
        said = f"one of {list(FORMS)}" if row.rotation else "none: it is no rotation"
        raise ConfigError(f"term {term['name']} has the form {form!r}, expected {said}")
    if term.get("period_ticks", 0.0) and row.unit != "tick":
        raise ConfigError(f"term {term['name']} has period_ticks, which is for a phase: of: tick")
    if row.rotation:
        return FORMS[form].width
    if term.get("period_ticks", 0.0):
        return 2
    return n_joints if row.width is None else row.width * (len(tips) if row.tips else 1)


def unit_of(row: Term, form: str) -> str:
    """Returns the unit of a term before offset and scale."""
    return FORMS[form].unit if row.rotation else row.unit


def value_of(row: Term, term: ObservationTerm, inputs: ObservationInputs, memory: PolicyMemory) -> Array:
    """Returns the numbers of one term in one tick."""
    value = row.compute(inputs, memory)
    if term.relative_to:
        value = _relative(row, value, term.relative_to, inputs, memory)
    if term.form:
        value = FORMS[term.form].write(value)
    if term.period_ticks:
        value = _phase(value, term.period_ticks)
    if term.offset or term.scale or term.limit:
        value = _scaled(term, value)
    return value


def _relative(row: Term, value: Array, to: str, inputs: ObservationInputs, memory: PolicyMemory) -> Array:
    """Returns a rotation in the frame of another, or a place minus another, along the axes of the hand frame."""
    if row.rotation:
        quat = inputs[GOAL].quat_wxyz if to == "goal" else _reference(to, inputs, memory).quat_wxyz
        return quat_multiply(quat_conjugate(quat), value)
    tips = further(memory).tips_m
    origin = tips[to] if to in tips else _reference(to, inputs, memory).pos_m
    xp = array_namespace(value)
    return value - xp.concat([origin] * (value.shape[-1] // 3), axis=-1)


def _reference(to: str, inputs: ObservationInputs, memory: PolicyMemory) -> PoseSample:
    """Returns the object's pose now, or when the policy started."""
    start = further(memory).start
    return start if to == "start" and start is not None else inputs[OBJECT_POSE]


def _phase(ticks: Array, period: float) -> Array:
    """Returns sine and cosine of where a period is, (..., 2)."""
    xp = array_namespace(ticks)
    angle = ticks * (2.0 * math.pi / period)
    return xp.concat([xp.sin(angle), xp.cos(angle)], axis=-1)


def _scaled(term: ObservationTerm, value: Array) -> Array:
    xp = array_namespace(value)
    if term.offset:
        value = value - xp.asarray(term.offset, dtype=value.dtype)
    if term.scale:
        value = value * xp.asarray(term.scale, dtype=value.dtype)
    return value if term.limit is None else xp.clip(value, *term.limit)


def filled(spec: ObservationSpec, history: int, value: Array) -> tuple[Array, ...]:
    """Returns what stands for the ticks before the first. value: of a tick, (..., width)."""
    first = value if spec.history_fill == "first" else array_namespace(value).zeros_like(value)
    return (first,) * history
