"""The one observation builder: training, evaluation, replay and the robot all call it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from array_api_compat import array_namespace

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import (
    Array,
    quat_conjugate,
    quat_to_cubic,
    quat_to_rot6d,
    quat_to_rotvec,
    rotation_between,
)
from dexterity_ros.contracts.sources import (
    GOAL,
    GOAL_CLOUD,
    JOINTS,
    OBJECT_CLOUD,
    OBJECT_POSE,
    SOURCES,
    ObservationInputs,
    Source,
)
from dexterity_ros.contracts.spec import VECTOR, ObservationSpec, ObservationTerm
from dexterity_ros.observation import language
from dexterity_ros.observation.language import Term as _Term
from dexterity_ros.observation.memory import PolicyMemory, Recollection


def _goal_rotation(inputs: ObservationInputs) -> Array:
    return rotation_between(inputs[OBJECT_POSE].quat_wxyz, inputs[GOAL].quat_wxyz)


def _pose_age(inputs: ObservationInputs) -> Array:
    pose = inputs[OBJECT_POSE]
    age_ns = inputs[JOINTS].stamp_ns - pose.stamp_ns
    return array_namespace(pose.pos_m).asarray(age_ns, dtype=pose.pos_m.dtype)[..., None] * 1e-9


_TERMS: dict[str, _Term] = {
    "joint_pos": _Term(compute=lambda i, _m: i[JOINTS].pos_rad, width=None, frame="joint", unit="rad", source=JOINTS),
    "joint_vel": _Term(
        compute=lambda i, _m: i[JOINTS].vel_rad_s, width=None, frame="joint", unit="rad/s", source=JOINTS
    ),
    "joint_error": _Term(
        compute=lambda i, m: m.target_pos_rad - i[JOINTS].pos_rad, width=None, frame="joint", unit="rad", source=JOINTS
    ),
    "object_pos": _Term(
        compute=lambda i, _m: i[OBJECT_POSE].pos_m, width=3, frame="hand", unit="m", source=OBJECT_POSE, relative=True
    ),
    "object_rot6d": _Term(
        compute=lambda i, _m: quat_to_rot6d(i[OBJECT_POSE].quat_wxyz),
        width=6,
        frame="hand",
        unit="1",
        source=OBJECT_POSE,
    ),
    "object_cubic": _Term(
        compute=lambda i, _m: quat_to_cubic(i[OBJECT_POSE].quat_wxyz),
        width=9,
        frame="hand",
        unit="1",
        source=OBJECT_POSE,
    ),
    "object_age": _Term(compute=lambda i, _m: _pose_age(i), width=1, frame="hand", unit="s", source=OBJECT_POSE),
    "object_lin_vel": _Term(
        compute=lambda _i, m: m.object_lin_vel_m_s, width=3, frame="hand", unit="m/s", source=OBJECT_POSE
    ),
    "object_ang_vel": _Term(
        compute=lambda _i, m: m.object_ang_vel_rad_s, width=3, frame="hand", unit="rad/s", source=OBJECT_POSE
    ),
    "goal_rotvec": _Term(
        compute=lambda i, _m: quat_to_rotvec(_goal_rotation(i)),
        width=3,
        frame="hand",
        unit="rad",
        source=GOAL,
        also=(OBJECT_POSE,),
    ),
    "goal_rot6d": _Term(
        compute=lambda i, _m: quat_to_rot6d(_goal_rotation(i)),
        width=6,
        frame="hand",
        unit="1",
        source=GOAL,
        also=(OBJECT_POSE,),
    ),
    "last_action": _Term(compute=lambda _i, m: m.action, width=None, frame="joint", unit="1", source=None),
    "last_action_raw": _Term(
        compute=lambda _i, m: language.further(m).raw_action, width=None, frame="joint", unit="1", source=None,
        recalls=True,
    ),
    "joint_target": _Term(compute=lambda _i, m: m.target_pos_rad, width=None, frame="joint", unit="rad", source=None),
    "object_rotation": language.rotation_term(lambda i: i[OBJECT_POSE].quat_wxyz, OBJECT_POSE),
    "goal_rotation": language.rotation_term(lambda i: i[GOAL].quat_wxyz, GOAL),
    "goal_turn": language.rotation_term(_goal_rotation, GOAL, OBJECT_POSE),
    "goal_turn_back": language.rotation_term(lambda i: quat_conjugate(_goal_rotation(i)), GOAL, OBJECT_POSE),
    "fingertips": _Term(
        compute=lambda _i, m: language.all_fingertips(m), width=3, frame="hand", unit="m", source=JOINTS, relative=True,
        recalls=True, tips=True,
    ),
    "tick": _Term(
        compute=lambda _i, m: language.further(m).ticks, width=1, frame="policy", unit="tick", source=None, recalls=True
    ),
}  # fmt: skip

CLOUD_SIZES = (48, 192)  # points of each cloud: to learn with, and to finish with


def _points(source: Source[Any], count: int) -> _Term:
    """Returns the term of a cloud's first points; clouds are in random order, too few points are repeated."""

    def compute(inputs: ObservationInputs, _memory: PolicyMemory) -> Array:
        points = inputs[source].points_m
        xp = array_namespace(points)
        return xp.take(points, xp.arange(count) % points.shape[-2], axis=-2)

    port = source.name.replace("cloud", "points")
    return _Term(compute=compute, width=3 * count, frame="hand", unit="m", source=source, port=port, shape=(count, 3))


_TERMS |= {f"object_points_{count}": _points(OBJECT_CLOUD, count) for count in CLOUD_SIZES}
_TERMS |= {f"goal_points_{count}": _points(GOAL_CLOUD, count) for count in CLOUD_SIZES}

TERM_NAMES = tuple(_TERMS)
TRAINED_NAMES = tuple(name for name, term in _TERMS.items() if not (term.recalls or term.width == 0))
VECTOR_NAMES = tuple(name for name in TRAINED_NAMES if _TERMS[name].port == VECTOR)  # no clouds


def observation_spec(names: tuple[str, ...], n_joints: int, max_age_s: dict[str, float]) -> ObservationSpec:
    """Returns the specification of an observation made of the named terms, in that order.

    Args:
        names: of TRAINED_NAMES.
        n_joints: joints of the hand.
        max_age_s: age limit for each source that occurs.

    Raises:
        ConfigError: an unknown term, or a source without an age limit.
    """
    terms = []
    for name in names:
        term = _row({"name": name})
        source = term.source_name
        if term.source is not None and source not in max_age_s:
            raise ConfigError(f"term {name} comes from {source}, which has no max_age_s; given: {max_age_s}")
        if term.width == 0 or term.recalls:
            raise ConfigError(f"term {name} is of imported policies, whose manifest says more about it")
        terms.append(
            ObservationTerm(
                name=name,
                width=n_joints if term.width is None else term.width,
                frame=term.frame,
                unit=term.unit,
                source=source,
                max_age_s=max_age_s.get(source, 0.0),
                port=term.port,
                shape=term.shape,
            )
        )
    return ObservationSpec(terms=tuple(terms))


def check_spec(spec: ObservationSpec, n_joints: int, tips: tuple[str, ...] = ()) -> None:
    """Raises ConfigError when the builder cannot make what `spec` describes (a bundle of another version, say).

    tips: fingertip sites of the hand.
    """
    for wanted in spec.terms:
        built = replace(_described(wanted, n_joints, tips), max_age_s=wanted.max_age_s)
        if wanted != built:
            raise ConfigError(f"observation term {wanted} differs from what this version builds: {built}")


_SAID = ("of", "form", "relative_to", "offset", "scale", "limit", "period_ticks")


def described_term(term: Mapping[str, Any], n_joints: int, tips: tuple[str, ...], max_age_s: float) -> ObservationTerm:
    """Returns a term with width, frame, unit and source as the builder makes it. Raises ConfigError.

    term: name and what else people say of it: history, and the keys of _SAID, as they are in ObservationTerm.
    """
    row, said = _row(term), {key: term[key] for key in _SAID if key in term}
    history = int(term.get("history", 1))
    return ObservationTerm(
        name=term["name"],
        width=language.width_of_tick(row, term, n_joints, tips) * history,
        history=history,
        frame=row.frame,
        unit=language.unit_of(row, said.get("form", "")),
        source=row.source_name,
        max_age_s=0.0 if row.source is None else max_age_s,
        port=row.port,
        shape=row.shape,
        **said,
    )


def source_of(quantity: str) -> str:
    """Returns the source of what a term is made of, as a manifest names it. Raises ConfigError."""
    return _row({"name": quantity}).source_name


def _described(term: ObservationTerm, n_joints: int, tips: tuple[str, ...]) -> ObservationTerm:
    said = {name: getattr(term, name) for name in ("name", "history", *_SAID)}
    return described_term(said, n_joints, tips, term.max_age_s)


def _row(term: Mapping[str, Any]) -> _Term:
    quantity = term.get("of") or term["name"]
    if quantity not in _TERMS:
        raise ConfigError(f"observation term {quantity!r} is unknown; there are {list(TERM_NAMES)}")
    return _TERMS[quantity]


def needed_sources(spec: ObservationSpec) -> tuple[Source[Any], ...]:
    """Returns what there must be a sample of in every tick, in the order of the table; joints always."""
    rows = [_TERMS[term.quantity] for term in spec.terms]
    needed = {row.source for row in rows} | {source for row in rows for source in row.also} | {JOINTS}
    needed |= {
        language.RELATIVE_TO[term.relative_to] for term in spec.terms if term.relative_to in language.RELATIVE_TO
    }
    return tuple(source for source in SOURCES.values() if source in needed)


def looks_back(spec: ObservationSpec) -> bool:
    """Returns whether a policy needs more of a memory than what `observe_object` keeps: see `recall`."""
    return bool(spec.remembered) or any(_TERMS[t.quantity].recalls or t.relative_to for t in spec.terms)


def needs_fingertips(spec: ObservationSpec) -> bool:
    """Returns whether a policy is told where fingertips are."""
    known = {*language.RELATIVE_TO, ""}
    return any(_TERMS[term.quantity].tips or term.relative_to not in known for term in spec.terms)


def recall(
    spec: ObservationSpec, inputs: ObservationInputs, memory: PolicyMemory, tips_m: Mapping[str, Array] | None = None
) -> PolicyMemory:
    """Returns the memory with this tick added to what the policy looks back on; once in a tick, before building.

    tips_m: fingertips in the policy's frame, (..., 3) by site, for a policy that is told about them.
    """
    if not looks_back(spec):
        return memory
    past, tips = memory.further, tips_m or {}
    if past is None:
        ticks = array_namespace(memory.action).zeros_like(memory.action[..., :1])
        raw = array_namespace(memory.action).zeros_like(memory.action)
        now = Recollection(ticks=ticks, raw_action=raw, start=memory.object_pose, past=(), tips_m=tips)
    else:
        now = replace(past, ticks=past.ticks + 1.0, tips_m=tips)
    memory = replace(memory, further=now)
    values = [language.value_of(_TERMS[term.quantity], term, inputs, memory) for term in spec.remembered]
    before = (
        [language.filled(spec, t.history, v) for t, v in zip(spec.remembered, values, strict=True)]
        if past is None
        else now.past
    )
    pushed = tuple((*ticks[1:], value) for ticks, value in zip(before, values, strict=True))
    return replace(memory, further=replace(now, past=pushed))


def _seen(spec: ObservationSpec, inputs: ObservationInputs, memory: PolicyMemory) -> list[Array]:
    """Returns the numbers of each vector, those of earlier ticks among them."""
    if not spec.remembered:
        return [language.value_of(_TERMS[term.quantity], term, inputs, memory) for term in spec.vectors]
    past = dict(zip((term.name for term in spec.remembered), language.further(memory).past, strict=True))
    step = 1 if spec.history_order == "oldest_first" else -1
    xp = array_namespace(inputs[JOINTS].pos_rad)
    return [
        xp.concat(list(past[t.name][::step]), axis=-1)
        if t.name in past
        else language.value_of(_TERMS[t.quantity], t, inputs, memory)
        for t in spec.vectors
    ]


def build_observation(spec: ObservationSpec, inputs: ObservationInputs, memory: PolicyMemory) -> Array:
    """Returns the observation vector, float32, shape (..., spec.width).

    Every input has the same leading dimensions. Noise, delay and dropout belong to the samples, before this.
    """
    xp = array_namespace(inputs[JOINTS].pos_rad)
    return xp.astype(xp.concat(_seen(spec, inputs, memory), axis=-1), xp.float32)


def build_ports(spec: ObservationSpec, inputs: ObservationInputs, memory: PolicyMemory) -> dict[str, Array]:
    """Returns what each input of the network takes, float32, (..., *spec.ports[name]): the vector and the rest."""
    xp = array_namespace(inputs[JOINTS].pos_rad)
    own = {t.port: language.value_of(_TERMS[t.quantity], t, inputs, memory) for t in spec.terms if t.port != VECTOR}
    vector = {VECTOR: build_observation(spec, inputs, memory)}
    return vector | {port: xp.astype(values, xp.float32) for port, values in own.items()}
