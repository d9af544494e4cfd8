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
        joint_pos_rad: measured positions, (..., n); needed where the specification rests on them.

    Raises:
        ConfigError: max_lead_rad or mode measured, without measured positions.
    """
    xp = array_namespace(previous_target_rad)
    raw = xp.astype(raw_action, previous_target_rad.dtype)
    share = spec.ema if spec.smooths == "action" else 1.0
    action = share * xp.clip(raw, -spec.clip, spec.clip) + (1.0 - share) * previous_action
    origin = _origin(spec, previous_target_rad, joint_pos_rad, 0.5 * (lower_rad + upper_rad))
    wanted = origin + _scale(spec, origin) * action
    if spec.smooths == "target":
        wanted = spec.ema * wanted + (1.0 - spec.ema) * previous_target_rad
    wanted = _within_lead(spec, wanted, joint_pos_rad)
    target = xp.minimum(xp.maximum(wanted, lower_rad), upper_rad) if spec.within_limits else wanted
    return target, action


def _origin(spec: ActionSpec, previous_target_rad: Array, joint_pos_rad: Array | None, centre_rad: Array) -> Array:
    """Returns what the action is added to, rad."""
    if spec.mode == "relative":
        return previous_target_rad
    if spec.mode == "absolute":
        return centre_rad
    if spec.mode == "default":
        return array_namespace(previous_target_rad).asarray(spec.default_pos_rad, dtype=previous_target_rad.dtype)
    if joint_pos_rad is None:
        raise ConfigError("mode is measured, so the decoder needs the measured joints")
    return joint_pos_rad


def _scale(spec: ActionSpec, like: Array) -> Array | float:
    """Returns rad per unit of action: one number, or one for each joint."""
    if not spec.joint_scale_rad:
        return spec.scale_rad
    return array_namespace(like).asarray(spec.joint_scale_rad, dtype=like.dtype)


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
    joint_pos_rad: Array | None = None,
) -> Array:
    """Returns the raw action, (..., n), that `decode_action` turns into the target, or as near as one action gets."""
    xp = array_namespace(previous_target_rad)
    origin = _origin(spec, previous_target_rad, joint_pos_rad, 0.5 * (lower_rad + upper_rad))
    if spec.smooths == "target":
        wanted = (target_pos_rad - (1.0 - spec.ema) * previous_target_rad) / spec.ema
        return xp.clip((wanted - origin) / _scale(spec, origin), -spec.clip, spec.clip)
    action = (target_pos_rad - origin) / _scale(spec, origin)
    return xp.clip((action - (1.0 - spec.ema) * previous_action) / spec.ema, -spec.clip, spec.clip)
