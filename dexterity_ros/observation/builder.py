"""The one observation builder: training, evaluation, replay and the robot all call it."""

from collections.abc import Callable
from dataclasses import dataclass

from array_api_compat import array_namespace

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import Array, quat_to_cubic, quat_to_rot6d, quat_to_rotvec, rotation_between
from dexterity_ros.contracts.samples import ObservationInputs
from dexterity_ros.contracts.spec import ObservationSpec, ObservationTerm
from dexterity_ros.observation.memory import PolicyMemory


@dataclass(frozen=True, kw_only=True)
class _Term:
    compute: Callable[[ObservationInputs, PolicyMemory], Array]
    width: int | None  # None: one per joint
    frame: str
    unit: str
    source: str


def _goal_rotation(inputs: ObservationInputs) -> Array:
    return rotation_between(inputs.object_pose.quat_wxyz, inputs.goal.quat_wxyz)


def _pose_age(inputs: ObservationInputs) -> Array:
    pos_m = inputs.object_pose.pos_m
    age_ns = inputs.joints.stamp_ns - inputs.object_pose.stamp_ns
    return array_namespace(pos_m).asarray(age_ns, dtype=pos_m.dtype)[..., None] * 1e-9


_TERMS: dict[str, _Term] = {
    "joint_pos": _Term(
        compute=lambda i, m: i.joints.pos_rad, width=None, frame="joint", unit="rad", source="joint_states"
    ),
    "joint_vel": _Term(
        compute=lambda i, m: i.joints.vel_rad_s, width=None, frame="joint", unit="rad/s", source="joint_states"
    ),
    "joint_error": _Term(
        compute=lambda i, m: m.target_pos_rad - i.joints.pos_rad,
        width=None,
        frame="joint",
        unit="rad",
        source="joint_states",
    ),
    "object_pos": _Term(
        compute=lambda i, m: i.object_pose.pos_m, width=3, frame="hand", unit="m", source="object_pose"
    ),
    "object_rot6d": _Term(
        compute=lambda i, m: quat_to_rot6d(i.object_pose.quat_wxyz),
        width=6,
        frame="hand",
        unit="1",
        source="object_pose",
    ),
    "object_cubic": _Term(
        compute=lambda i, m: quat_to_cubic(i.object_pose.quat_wxyz),
        width=9,
        frame="hand",
        unit="1",
        source="object_pose",
    ),
    "object_age": _Term(compute=lambda i, m: _pose_age(i), width=1, frame="hand", unit="s", source="object_pose"),
    "object_lin_vel": _Term(
        compute=lambda i, m: m.object_lin_vel_m_s, width=3, frame="hand", unit="m/s", source="object_pose"
    ),
    "object_ang_vel": _Term(
        compute=lambda i, m: m.object_ang_vel_rad_s, width=3, frame="hand", unit="rad/s", source="object_pose"
    ),
    "goal_rotvec": _Term(
        compute=lambda i, m: quat_to_rotvec(_goal_rotation(i)), width=3, frame="hand", unit="rad", source="goal"
    ),
    "goal_rot6d": _Term(
        compute=lambda i, m: quat_to_rot6d(_goal_rotation(i)), width=6, frame="hand", unit="1", source="goal"
    ),
    "last_action": _Term(compute=lambda i, m: m.action, width=None, frame="joint", unit="1", source="policy"),
}

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
        if term.source != "policy" and term.source not in max_age_s:
            raise ConfigError(f"term {name} comes from {term.source}, which has no max_age_s; given: {max_age_s}")
        terms.append(
            ObservationTerm(
                name=name,
                width=n_joints if term.width is None else term.width,
                frame=term.frame,
                unit=term.unit,
                source=term.source,
                max_age_s=max_age_s.get(term.source, 0.0),
            )
        )
    return ObservationSpec(terms=tuple(terms))


def check_spec(spec: ObservationSpec, n_joints: int) -> None:
    """Raises ConfigError when the builder cannot make what `spec` describes (a bundle of another version, say)."""
    known = observation_spec(tuple(t.name for t in spec.terms), n_joints, {t.source: t.max_age_s for t in spec.terms})
    for wanted, built in zip(spec.terms, known.terms, strict=True):
        if (wanted.width, wanted.frame, wanted.unit, wanted.source) != (
            built.width,
            built.frame,
            built.unit,
            built.source,
        ):
            raise ConfigError(f"observation term {wanted} differs from what this version builds: {built}")


def build_observation(spec: ObservationSpec, inputs: ObservationInputs, memory: PolicyMemory) -> Array:
    """Returns the observation vector, float32, shape (..., spec.width).

    Every input has the same leading dimensions. Noise, delay and dropout belong to the samples, before this.
    """
    xp = array_namespace(inputs.joints.pos_rad)
    parts = [_TERMS[term.name].compute(inputs, memory) for term in spec.terms]
    return xp.astype(xp.concat(parts, axis=-1), xp.float32)
