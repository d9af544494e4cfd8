"""The one action decoder, raw network output to joint targets, and its inverse."""

from array_api_compat import array_namespace

from dexterity_ros.contracts.errors import ConfigError
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
    joint_pos_rad: Array | None = None,
) -> tuple[Array, Array]:
    """Returns (target_pos_rad, action): the joint targets inside the limits, and the action as applied.

    Args:
        spec: how the policy's actions were trained.
        raw_action: network output, (..., n).
        previous_action: the action applied in the last tick, (..., n); zeros after a reset.
        previous_target_rad: the last target, (..., n); the measured position after a reset.
        lower_rad: joint limits, (n,).
        upper_rad: joint limits, (n,).
        joint_pos_rad: measured positions, (..., n); needed where the specification has max_lead_rad.

    Raises:
        ConfigError: max_lead_rad without measured positions.
    """
    xp = array_namespace(previous_target_rad)
    raw = xp.astype(raw_action, previous_target_rad.dtype)
    action = spec.ema * xp.clip(raw, -spec.clip, spec.clip) + (1.0 - spec.ema) * previous_action
    origin = previous_target_rad if spec.mode == "relative" else 0.5 * (lower_rad + upper_rad)
    wanted = _within_lead(spec, origin + spec.scale_rad * action, joint_pos_rad)
    target = xp.minimum(xp.maximum(wanted, lower_rad), upper_rad)
    return target, action


def _within_lead(spec: ActionSpec, wanted_rad: Array, joint_pos_rad: Array | None) -> Array:
    """Returns the targets, kept within max_lead_rad of the measured joints where there is such a limit."""
    if spec.max_lead_rad is None:
        return wanted_rad
    if joint_pos_rad is None:
        raise ConfigError(f"max_lead_rad is {spec.max_lead_rad}, so the decoder needs the measured joints")
    xp = array_namespace(wanted_rad)
    low, high = joint_pos_rad - spec.max_lead_rad, joint_pos_rad + spec.max_lead_rad
    return xp.minimum(xp.maximum(wanted_rad, low), high)


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
