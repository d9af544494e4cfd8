"""What a policy remembers from one tick to the next; seeded from the measured pose after every hold or reset."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from array_api_compat import array_namespace

from dexterity_ros.contracts.frames import Array, quat_to_rotvec, rotation_between
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE, ObservationInputs

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class Recollection:
    """What only some policies look back on; kept by observation/builder.py.

    ticks: since the policy started, (..., 1). raw_action: the network's last answer, (..., n). start: the first pose.
    past: of each term with a history the values of its ticks, oldest first. tips_m: fingertips of this tick, by site.
    """

    ticks: Array
    raw_action: Array
    start: PoseSample | None
    past: tuple[tuple[Array, ...], ...]
    tips_m: Mapping[str, Array]


@dataclass(frozen=True, kw_only=True)
class PolicyMemory:
    """Values carried between ticks; arrays are (..., n) or (..., 3).

    target_pos_rad: the last decoded target. action: the last action after clipping and smoothing, no unit.
    object_pose: the last pose sample seen, None for a policy that is given none. object_lin_vel_m_s,
    object_ang_vel_rad_s: differences of successive pose samples, hand frame; zero without any. further: see there; None
    for a policy that does not look back on it.
    """

    target_pos_rad: Array
    action: Array
    object_pose: PoseSample | None
    object_lin_vel_m_s: Array
    object_ang_vel_rad_s: Array
    further: Recollection | None = None


def seed_memory(inputs: ObservationInputs) -> PolicyMemory:
    """Returns the memory of a policy that starts now: target = measured joints, everything else at rest."""
    measured_rad = inputs[JOINTS].pos_rad
    xp = array_namespace(measured_rad)
    rest = xp.zeros((*measured_rad.shape[:-1], 3), dtype=measured_rad.dtype)
    return PolicyMemory(
        target_pos_rad=measured_rad + 0.0,
        action=xp.zeros_like(measured_rad),
        object_pose=inputs.get(OBJECT_POSE),
        object_lin_vel_m_s=rest,
        object_ang_vel_rad_s=rest + 0.0,
    )


def observe_object(memory: PolicyMemory, inputs: ObservationInputs) -> PolicyMemory:
    """Returns the memory with the object's velocity renewed from the newest pose sample.

    A pose that is no newer than the last one leaves the velocity as it was: a slow camera is not a still object.
    """
    pose, previous = inputs.get(OBJECT_POSE), memory.object_pose
    if pose is None or previous is None:
        return memory
    xp = array_namespace(pose.pos_m)
    elapsed_s = xp.asarray(pose.stamp_ns - previous.stamp_ns, dtype=pose.pos_m.dtype)[..., None] * 1e-9
    newer = elapsed_s > 0.0
    divisor = xp.where(newer, elapsed_s, xp.ones_like(elapsed_s))
    turned = quat_to_rotvec(rotation_between(previous.quat_wxyz, pose.quat_wxyz))
    return replace(
        memory,
        object_pose=pose,
        object_lin_vel_m_s=xp.where(newer, (pose.pos_m - previous.pos_m) / divisor, memory.object_lin_vel_m_s),
        object_ang_vel_rad_s=xp.where(newer, turned / divisor, memory.object_ang_vel_rad_s),
    )


def copies_of(memory: Kind, hand: int, copies: int) -> Kind:
    """Returns a dataclass of arrays (N, ...) with what one hand of the batch remembers as often as asked."""
    repeated: Kind = _repeated(memory, [hand] * copies)
    return repeated


def _repeated(value: Any, rows: list[int]) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{item.name: _repeated(getattr(value, item.name), rows) for item in fields(value)})
    if isinstance(value, Mapping):
        return {name: _repeated(item, rows) for name, item in value.items()}
    if value is None or isinstance(value, tuple):
        return value and tuple(_repeated(item, rows) for item in value)
    return value[rows]
