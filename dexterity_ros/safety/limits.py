"""The limits the gate enforces: the hand's ceilings, the policy's training, and what deployment tightens."""

from dataclasses import dataclass

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.manifest import PolicyManifest

_JITTER = 1.2  # targets of a 20 Hz policy may arrive 42 ms apart


@dataclass(frozen=True, kw_only=True)
class GateLimits:
    """lower_rad, upper_rad: (n,). max_step_rad: of one target. max_velocity_rad_s: on average."""

    lower_rad: Floats
    upper_rad: Floats
    max_step_rad: float
    max_velocity_rad_s: float
    current_limit_a: float


@dataclass(frozen=True, kw_only=True)
class Tightening:
    """What a deployment lowers below what the policy was trained with; None leaves it."""

    max_velocity_rad_s: float | None = None
    max_step_rad: float | None = None
    current_limit_a: float | None = None

    @property
    def nominal(self) -> bool:
        """Whether the run is as trained."""
        return self == Tightening()


def gate_limits(hand: HandSpec, manifest: PolicyManifest | None, tightening: Tightening) -> GateLimits:
    """Returns the limits for a hand and the policy it runs. Raises ConfigError when a `tightening` would loosen."""
    trained_a = hand.max_current_a if manifest is None else min(hand.max_current_a, manifest.current_limit_a)
    return GateLimits(
        lower_rad=hand.lower_rad,
        upper_rad=hand.upper_rad,
        max_step_rad=_tighter("max_step_rad", tightening.max_step_rad, hand.max_step_rad),
        max_velocity_rad_s=_tighter("max_velocity_rad_s", tightening.max_velocity_rad_s, hand.max_velocity_rad_s),
        current_limit_a=_tighter("current_limit_a", tightening.current_limit_a, trained_a),
    )


def check_decoder(manifest: PolicyManifest, limits: GateLimits) -> None:
    """Raises ConfigError when the gate would cut what the policy's decoder may command in one tick.

    A deployment that tightened the limits on purpose says so and skips this check.
    """
    step = manifest.action.max_step_rad
    velocity = step * manifest.control_rate_hz * _JITTER
    if manifest.action.mode != "relative":
        return
    if step > limits.max_step_rad:
        raise ConfigError(
            f"the decoder of {manifest.name} steps up to {step:.3f} rad, the gate allows {limits.max_step_rad}"
        )
    if velocity > limits.max_velocity_rad_s:
        raise ConfigError(
            f"the decoder of {manifest.name} needs {velocity:.2f} rad/s "
            f"({step:.3f} rad at {manifest.control_rate_hz} Hz and {(_JITTER - 1) * 100:.0f} % jitter), "
            f"the gate allows {limits.max_velocity_rad_s}"
        )


def _tighter(name: str, wanted: float | None, ceiling: float) -> float:
    if wanted is None:
        return ceiling
    if not 0.0 < wanted <= ceiling:
        raise ConfigError(f"{name} is {wanted}; a deployment may only tighten it: more than 0 and at most {ceiling}")
    return wanted
