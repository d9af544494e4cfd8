"""The one action decoder, raw network output to joint targets, and its inverse."""

from array_api_compat import array_namespace

from dexterity_ros.contracts.frames import Array
from dexterity_ros.contracts.spec import ActionSpec


def decode_action(
    spec: ActionSpec,
    raw_action: Array,
    *,
    previous_action: Array,
    previous_target_rad: Array,
    lower_rad: Array,
    upper_rad: Array,
) -> tuple[Array, Array]:
    """Returns (target_pos_rad, action): the joint targets inside the limits, and the action as applied.

    Args:
        spec: how the policy's actions were trained.
        raw_action: network output, (..., n).
        previous_action: the action applied in the last tick, (..., n); zeros after a reset.
        previous_target_rad: the last target, (..., n); the measured position after a reset.
        lower_rad: joint limits, (n,).
        upper_rad: joint limits, (n,).
    """
    xp = array_namespace(previous_target_rad)
    raw = xp.astype(raw_action, previous_target_rad.dtype)
    action = spec.ema * xp.clip(raw, -spec.clip, spec.clip) + (1.0 - spec.ema) * previous_action
    origin = previous_target_rad if spec.mode == "relative" else 0.5 * (lower_rad + upper_rad)
    target = xp.minimum(xp.maximum(origin + spec.scale_rad * action, lower_rad), upper_rad)
    return target, action


def encode_target(
    spec: ActionSpec,
    target_pos_rad: Array,
    *,
    previous_action: Array,
    previous_target_rad: Array,
    lower_rad: Array,
    upper_rad: Array,
) -> Array:
    """Returns the raw action, (..., n), that `decode_action` turns into the target, or as near as one action gets."""
    xp = array_namespace(previous_target_rad)
    origin = previous_target_rad if spec.mode == "relative" else 0.5 * (lower_rad + upper_rad)
    action = (target_pos_rad - origin) / spec.scale_rad
    return xp.clip((action - (1.0 - spec.ema) * previous_action) / spec.ema, -spec.clip, spec.clip)
