"""A dynamic movement primitive: a spring that ends at a goal, and a force that gives it a demonstrated shape. A stage.

Source: Ijspeert et al., Dynamical Movement Primitives, Neural Computation 25 (2013), section 2.1, with time in shares
of the duration, a phase that falls evenly to zero instead of exponentially, and a force that the goal does not scale.
"""

from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError

# Natural frequency of the critically damped spring, per duration: after one duration (1 + 12.5) exp(-12.5) = 5e-5 of a
# displacement is left. Half of Ijspeert's alpha_z = 25.
FREQUENCY = 12.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Primitive:
    """What was learned. weights: (bases, n), rad per share of the duration squared. goal_rad, start_rad: (n,).

    duration_s: of the demonstrations, on average. Bases are Gaussians that stand evenly over the duration.
    """

    weights: Floats
    start_rad: Floats
    goal_rad: Floats
    duration_s: float

    def __post_init__(self) -> None:
        shapes = (self.weights.shape[1:], self.start_rad.shape, self.goal_rad.shape)
        if self.weights.ndim != 2 or len(set(shapes)) != 1:
            raise ConfigError(f"a primitive has weights {self.weights.shape}, start and goal {shapes[1:]}")
        if not (self.duration_s > 0.0 and all(np.isfinite(v).all() for v in (self.weights, *self.ends))):
            raise ConfigError(f"a primitive of {self.duration_s} s, or numbers in it that are not finite")

    @property
    def ends(self) -> tuple[Floats, Floats]:
        """Start and goal, rad."""
        return self.start_rad, self.goal_rad


@dataclass(frozen=True, kw_only=True, eq=False)
class PrimitiveState:
    """Where a rollout is. phase: share of the duration that is over. pos_rad (..., n); vel: rad per duration."""

    phase: float
    pos_rad: Floats
    vel: Floats


def activation(phase: float, bases: int) -> Floats:
    """Returns how much each basis counts at a phase, (bases,): normalised, and falling to nothing at the end."""
    centres = (np.arange(bases) + 0.5) / bases
    near = np.exp(-0.5 * ((phase - centres) * bases) ** 2)
    return near / (near.sum() + 1e-12) * max(1.0 - phase, 0.0) if phase < 1.0 else np.zeros(bases)


def begin(pos_rad: Floats) -> PrimitiveState:
    """Returns a rollout that starts at rest, anywhere, (n,) rad."""
    return PrimitiveState(phase=0.0, pos_rad=pos_rad.copy(), vel=np.zeros_like(pos_rad))


def advance(state: PrimitiveState, force: Floats, goal_rad: Floats, share: float) -> PrimitiveState:
    """Returns the state `share` of the duration later: the exact solution for a force, (n,), constant meanwhile.

    With u = goal + force / w^2 and e = pos - u: e(s) = (e + (v + w e) s) exp(-w s). It is stable for every step.
    """
    w, s = FREQUENCY, share
    rest = goal_rad + force / w**2
    off, slope = state.pos_rad - rest, state.vel + w * (state.pos_rad - rest)
    decay = np.exp(-w * s)
    return PrimitiveState(
        phase=state.phase + share, pos_rad=rest + (off + slope * s) * decay, vel=(state.vel - w * slope * s) * decay
    )


class Rollout:
    """A primitive at work: goal and duration may change in every step, and what it says never leaves the limits."""

    def __init__(self, primitive: Primitive, measured_rad: Floats, *, lower_rad: Floats, upper_rad: Floats) -> None:
        """Starts at the measured joints, (..., n). Limits (n,)."""
        self._primitive, self._lower, self._upper = primitive, lower_rad, upper_rad
        self.goal_rad, self.duration_s = primitive.goal_rad.copy(), primitive.duration_s
        self._state = begin(measured_rad)

    @property
    def phase(self) -> float:
        """Share of the duration that is over; beyond 1 it stays at the goal."""
        return self._state.phase

    def towards(self, goal_rad: Floats | None = None, duration_s: float | None = None) -> None:
        """Changes the goal, rad (n,), or the duration, from now on. Raises ConfigError for what cannot be."""
        if goal_rad is not None:
            if goal_rad.shape != self.goal_rad.shape or not np.isfinite(goal_rad).all():
                raise ConfigError(f"the goal is {goal_rad}, expected {self.goal_rad.size} finite numbers")
            self.goal_rad = np.clip(goal_rad, self._lower, self._upper)
        if duration_s is not None:
            if not (np.isfinite(duration_s) and duration_s > 0.0):
                raise ConfigError(f"the duration is {duration_s} s, expected more than 0")
            self.duration_s = duration_s

    def step(self, period_s: float) -> Floats:
        """Returns the position to command a period later, rad (..., n)."""
        weights, share = self._primitive.weights, period_s / self.duration_s
        force = activation(self._state.phase + 0.5 * share, len(weights)) @ weights
        self._state = advance(self._state, force, self.goal_rad, share)
        return np.clip(self._state.pos_rad, self._lower, self._upper)


def moved(primitive: Primitive, *, goal_rad: Floats | None = None, duration_s: float | None = None) -> Primitive:
    """Returns the same shape with another goal or duration."""
    return replace(
        primitive,
        goal_rad=primitive.goal_rad if goal_rad is None else goal_rad,
        duration_s=primitive.duration_s if duration_s is None else duration_s,
    )
