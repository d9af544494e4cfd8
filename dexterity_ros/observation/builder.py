"""The one observation builder: training, evaluation, replay and the robot all call it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from array_api_compat import array_namespace

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import Array, quat_to_cubic, quat_to_rot6d, quat_to_rotvec, rotation_between
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
from dexterity_ros.contracts.spec import OWN_MEMORY, VECTOR, ObservationSpec, ObservationTerm
from dexterity_ros.observation.memory import PolicyMemory


@dataclass(frozen=True, kw_only=True)
class _Term:
    """One row. width: None: one per joint. source: the one that the manifest names; None: the policy's own memory.

    also: further sources that it is made of. port, shape: of what does not lie in the vector.
    """

    compute: Callable[[ObservationInputs, PolicyMemory], Array]
    width: int | None
    frame: str
    unit: str
    source: Source[Any] | None
    also: tuple[Source[Any], ...] = ()
    port: str = VECTOR
    shape: tuple[int, ...] = ()

    @property
    def source_name(self) -> str:
        """As the manifest names it."""
        return OWN_MEMORY if self.source is None else self.source.name


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
        compute=lambda i, m: m.target_pos_rad - i[JOINTS].pos_rad,
        width=None,
        frame="joint",
        unit="rad",
        source=JOINTS,
    ),
    "object_pos": _Term(
        compute=lambda i, _m: i[OBJECT_POSE].pos_m, width=3, frame="hand", unit="m", source=OBJECT_POSE
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
}

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


def observation_spec(names: tuple[str, ...], n_joints: int, max_age_s: dict[str, float]) -> ObservationSpec:
    """Returns the specification of an observation made of the named terms, in that order.

    Args:
        names: keys of TERM_NAMES.
        n_joints: joints of the hand.
        max_age_s: age limit for each source that occurs.

    Raises:
        ConfigError: an unknown term, or a source without an age limit.
    """
    terms = []
    for name in names:
        if name not in _TERMS:
            raise ConfigError(f"observation term {name!r} is unknown; there are {list(TERM_NAMES)}")
        term = _TERMS[name]
        source = term.source_name
        if term.source is not None and source not in max_age_s:
            raise ConfigError(f"term {name} comes from {source}, which has no max_age_s; given: {max_age_s}")
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


def check_spec(spec: ObservationSpec, n_joints: int) -> None:
    """Raises ConfigError when the builder cannot make what `spec` describes (a bundle of another version, say)."""
    known = observation_spec(tuple(t.name for t in spec.terms), n_joints, {t.source: t.max_age_s for t in spec.terms})
    for wanted, built in zip(spec.terms, known.terms, strict=True):
        if wanted != replace(built, max_age_s=wanted.max_age_s):
            raise ConfigError(f"observation term {wanted} differs from what this version builds: {built}")


def needed_sources(spec: ObservationSpec) -> tuple[Source[Any], ...]:
    """Returns what there must be a sample of in every tick, in the order of the table; joints always."""
    rows = [_TERMS[term.name] for term in spec.terms]
    needed = {row.source for row in rows} | {source for row in rows for source in row.also} | {JOINTS}
    return tuple(source for source in SOURCES.values() if source in needed)


def build_observation(spec: ObservationSpec, inputs: ObservationInputs, memory: PolicyMemory) -> Array:
    """Returns the observation vector, float32, shape (..., spec.width).

    Every input has the same leading dimensions. Noise, delay and dropout belong to the samples, before this.
    """
    xp = array_namespace(inputs[JOINTS].pos_rad)
    parts = [_TERMS[term.name].compute(inputs, memory) for term in spec.vectors]
    return xp.astype(xp.concat(parts, axis=-1), xp.float32)


def build_ports(spec: ObservationSpec, inputs: ObservationInputs, memory: PolicyMemory) -> dict[str, Array]:
    """Returns what each input of the network takes, float32, (..., *spec.ports[name]): the vector and the rest."""
    xp = array_namespace(inputs[JOINTS].pos_rad)
    own = {t.port: _TERMS[t.name].compute(inputs, memory) for t in spec.terms if t.port != VECTOR}
    vector = {VECTOR: build_observation(spec, inputs, memory)}
    return vector | {port: xp.astype(values, xp.float32) for port, values in own.items()}
