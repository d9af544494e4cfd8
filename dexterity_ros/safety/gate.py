"""The last clamp before the hand. Denies by default; its output never leaves the limits, whatever comes in."""

from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.samples import GatedTarget, JointTarget
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.safety.limits import GateLimits

TARGET_MAX_AGE_S = TOPICS["joint_targets"].max_age_s or 0.0
HEARTBEAT_MAX_AGE_S = TOPICS["supervisor"].max_age_s or 0.0
# One target moves the hand for this long after it first came; then it is only held. A policy that dies in the middle of
# a long way leaves no motion behind.
PURSUIT_S = 0.05
# A stamp further ahead than this comes from a clock that is not ours: it would never grow old.
AHEAD_MAX_S = 0.05
# A limp joint may sag this far past its limit; the gate starts there and lets it move inwards only.
OVERTRAVEL_RAD = 0.1
_CLAMP_TOLERANCE_RAD = 1e-9


@dataclass(frozen=True, kw_only=True)
class Permit:
    """What the supervisor last said, and when it arrived on the monotonic clock (None: never).

    disarmed: a person has ended motion in good order. stopped: torque is to go at once. disarms: how often a person
    has disarmed so far; only a further one ends a stop.
    """

    armed: bool
    disarmed: bool = False
    stopped: bool = False
    disarms: int = 0
    heartbeat_ns: int | None

    def fresh(self, now_ns: int) -> bool:
        """Returns whether the supervisor was heard just now; what comes from the future was not."""
        return self.heartbeat_ns is not None and 0.0 <= (now_ns - self.heartbeat_ns) * 1e-9 <= HEARTBEAT_MAX_AGE_S

    def fault(self, now_ns: int) -> Fault | None:
        """Returns why motion is not permitted at `now_ns`, or None. Unknown, silent and not armed all deny."""
        if self.heartbeat_ns is None:
            return Fault(code=FaultCode.HEARTBEAT_LOST, detail="the supervisor has not been heard yet")
        if not self.fresh(now_ns):
            silence_s = (now_ns - self.heartbeat_ns) * 1e-9
            return Fault(code=FaultCode.HEARTBEAT_LOST, detail=f"no supervisor for {silence_s * 1e3:.0f} ms")
        if not self.armed:
            return Fault(code=FaultCode.NOT_ARMED, detail="the supervisor does not permit motion")
        return None


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """The target that may be written, and why it is not the wanted one."""

    output: GatedTarget
    faults: tuple[Fault, ...]


class Gate:
    """Passes joint targets while armed, limited in position, step and velocity; otherwise repeats the last one.

    All times are on the monotonic clock: a clock that can be set would let a stale target live on.

    Velocity is a budget per joint that refills with time at max_velocity_rad_s and holds one max_step_rad at most:
    one target may step by max_step_rad, a stream of them moves no faster than max_velocity_rad_s.
    """

    def __init__(self, limits: GateLimits, measured_rad: Floats, now_ns: int) -> None:
        """Starts from the measured pose, (n,): the first output is there, up to OVERTRAVEL_RAD outside the limits."""
        self._limits = limits
        self._last = np.clip(measured_rad, limits.lower_rad - OVERTRAVEL_RAD, limits.upper_rad + OVERTRAVEL_RAD)
        self._budget = np.full(self._last.shape, limits.max_step_rad)
        self._refilled_ns = now_ns
        self._pursued: JointTarget | None = None
        self._pursued_since_ns = now_ns

    @property
    def last_rad(self) -> Floats:
        """The last output, (n,)."""
        return self._last.copy()

    def step(self, target: JointTarget | None, permit: Permit, now_ns: int) -> GateResult:
        """Returns what may be written at `now_ns`. `target` is None when there is nothing to follow."""
        self._refill(now_ns)
        faults = self._deny(target, permit, now_ns)
        if not faults and target is not None and self._may_pursue(target, now_ns):
            faults = self._follow(target)
        return GateResult(output=self.rest(now_ns), faults=faults)

    def rest(self, now_ns: int, current_share: float = 1.0) -> GatedTarget:
        """Returns the last output once more, with this share of the current: standing still is always permitted."""
        current_a = self._limits.current_limit_a * min(max(current_share, 0.0), 1.0)
        return GatedTarget(stamp_ns=now_ns, pos_rad=self._last.copy(), current_limit_a=current_a)

    def _refill(self, now_ns: int) -> None:
        elapsed_s = max(now_ns - self._refilled_ns, 0) * 1e-9
        self._refilled_ns = max(now_ns, self._refilled_ns)
        self._budget = np.minimum(self._budget + self._limits.max_velocity_rad_s * elapsed_s, self._limits.max_step_rad)

    def _deny(self, target: JointTarget | None, permit: Permit, now_ns: int) -> tuple[Fault, ...]:
        if (denied := permit.fault(now_ns)) is not None:
            return (denied,)
        if target is None:
            return (Fault(code=FaultCode.TARGET_STALE, detail="no target"),)
        age_s = (now_ns - int(target.stamp_ns)) * 1e-9
        if age_s > TARGET_MAX_AGE_S:
            return (
                Fault(
                    code=FaultCode.TARGET_STALE,
                    detail=f"it rests on measurements {age_s * 1e3:.0f} ms old, limit {TARGET_MAX_AGE_S * 1e3:.0f} ms",
                ),
            )
        if age_s < -AHEAD_MAX_S:
            return (Fault(code=FaultCode.STAMP_AHEAD, detail=f"the target's stamp is {-age_s:.3f} s ahead of time"),)
        if target.pos_rad.shape != self._last.shape or not np.isfinite(target.pos_rad).all():
            return (Fault(code=FaultCode.TARGET_INVALID, detail=f"the target is {target.pos_rad}"),)
        return ()

    def _may_pursue(self, target: JointTarget, now_ns: int) -> bool:
        if target is not self._pursued:
            self._pursued, self._pursued_since_ns = target, now_ns
        return now_ns - self._pursued_since_ns <= round(PURSUIT_S * 1e9)

    def _follow(self, target: JointTarget) -> tuple[Fault, ...]:
        before = self._last
        # A joint that started outside its limits may only come inwards.
        lower, upper = np.minimum(self._limits.lower_rad, before), np.maximum(self._limits.upper_rad, before)
        wanted = np.clip(target.pos_rad, lower, upper)
        move = np.clip(wanted - before, -self._budget, self._budget)
        self._last = np.clip(before + move, lower, upper)
        self._budget = np.maximum(self._budget - np.abs(self._last - before), 0.0)
        cut = float(np.abs(target.pos_rad - self._last).max())
        if cut > _CLAMP_TOLERANCE_RAD:
            return (Fault(code=FaultCode.TARGET_CLAMPED, detail=f"the target was cut by {cut:.3f} rad"),)
        return ()
