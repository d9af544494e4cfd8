"""From targets to the hand: eases in, gates, writes, holds; the whole of hand_node except ROS."""

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.action.ramp import Ramp
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.contracts.samples import GatedTarget, JointSample, JointTarget
from dexterity_ros.contracts.text_enum import TextEnum
from dexterity_ros.safety.faults import first_holding
from dexterity_ros.safety.gate import Gate, Permit
from dexterity_ros.safety.health import HealthMonitor
from dexterity_ros.safety.limits import GateLimits

_EASE_SHARE = 0.25  # easing uses this share of the velocity limit
_EASE_OUT_S = 0.6  # the motors' current fades for this long before torque goes off
_RELIEF_SHARE = 0.5  # a motor that has stalled too long stands still with this share of its current
_READ_PATIENCE_S = 0.05  # one lost reading is not a reason to stand still
_STALLED = (FaultCode.STALLED, FaultCode.STALLED_LONG)


class Phase(TextEnum):
    """What the hand is doing."""

    LIMP = enum.auto()
    EASING = enum.auto()
    EASING_OUT = enum.auto()
    FOLLOWING = enum.auto()
    HOLDING = enum.auto()


@dataclass(frozen=True, kw_only=True)
class NumberedTarget:
    """A target and the reset its policy had last obeyed."""

    reset: int
    target: JointTarget


@dataclass(frozen=True, kw_only=True)
class HandTick:
    """One cycle: the measurement (None when it failed), the output, what was wrong, and a new reset number if any.

    written_target: the wanted target that reached the hand in this cycle for the first time, for its age.
    """

    measured: JointSample | None
    output: GatedTarget | None
    faults: tuple[Fault, ...]
    new_reset: int | None
    written_target: JointTarget | None


class HandControl:
    """A stage around a HandPort: limp until activated, then easing to a start pose, then following gated targets.

    At the end it eases out: it stands still while the motors' current fades, so that nothing is dropped with a jerk.

    After every pause it counts a reset: only targets whose policy has started afresh from the measured pose pass.
    """

    def __init__(
        self, port: HandPort, hand: HandSpec, limits: GateLimits, start_rad: NDArray[np.float64], *, shadow: bool
    ) -> None:
        """start_rad: pose to ease into, (n,). shadow: everything runs, but nothing is written and torque stays off."""
        self._port, self._limits, self._start = port, limits, start_rad
        self._monitor = HealthMonitor(hand, limits.current_limit_a)
        self._shadow = shadow
        self._gate: Gate | None = None
        self._ramp: Ramp | None = None
        self._reset = 0
        self._last_read_ns: int | None = None
        self._last_written: JointTarget | None = None
        self._ease_out_ns = 0
        self.phase = Phase.LIMP
        self.reason = ""

    @property
    def state(self) -> str:
        """Phase and reason as text."""
        return f"{self.phase}: {self.reason}" if self.reason else str(self.phase)

    def activate(self, now_ns: int) -> Fault | None:
        """Switches torque on at the measured pose and begins to ease. Returns the fault that prevented it."""
        measured = self._port.read(now_ns)
        if isinstance(measured, Fault):
            return measured
        if (sick := first_holding(self._health_faults(measured, now_ns))) is not None:
            return sick
        self._gate = Gate(self._limits, measured.pos_rad, now_ns)
        self._ramp = self._ramp_from(self._gate, now_ns)
        self._last_read_ns = now_ns
        self._enter(Phase.EASING, "")
        if self._shadow:
            return None
        fault = self._port.set_torque(True) or self._port.write(self._gate.rest(now_ns))
        if fault is not None:
            self.deactivate()
        return fault

    def _ramp_from(self, gate: Gate, now_ns: int) -> Ramp:
        return Ramp(
            start_rad=gate.last_rad,
            end_rad=self._start,
            max_velocity_rad_s=_EASE_SHARE * self._limits.max_velocity_rad_s,
            now_ns=now_ns,
        )

    def ease_out(self, now_ns: int) -> None:
        """Begins to let go; torque is off after a while of ticks. `deactivate` takes it at once."""
        if self._gate is not None and self.phase is not Phase.EASING_OUT:
            self._ease_out_ns = now_ns
            self._enter(Phase.EASING_OUT, "")

    def deactivate(self) -> Fault | None:
        """Switches torque off."""
        self._gate = self._ramp = None
        self._enter(Phase.LIMP, "")
        return self._port.set_torque(False)

    def tick(self, wanted: NumberedTarget | None, permit: Permit, now_ns: int) -> HandTick:
        """Reads the hand, decides and writes."""
        if self.phase is Phase.EASING_OUT and (self._faded(now_ns) >= 1.0 or not permit.disarmed):
            fault = self._port.set_torque(False)
            if fault is not None:  # a motor may still have torque: not limp, tried again in the next cycle
                self._enter(Phase.EASING_OUT, str(fault))
                return HandTick(measured=None, output=None, faults=(fault,), new_reset=None, written_target=None)
            self._gate = self._ramp = None
            self._enter(Phase.LIMP, "")
        measured = self._port.read(now_ns)
        if isinstance(measured, Fault):
            return self._tick_blind(measured, now_ns)
        self._last_read_ns = now_ns
        sick = self._health_faults(measured, now_ns)
        if self._gate is None:
            return HandTick(measured=measured, output=None, faults=sick, new_reset=None, written_target=None)
        if self.phase is Phase.EASING_OUT:
            return self._tick_out(measured, sick, now_ns)
        holding = first_holding(sick)
        target = self._target(wanted, now_ns) if holding is None else None
        result = self._gate.step(target, permit, now_ns)
        holding = holding or first_holding(result.faults)
        new_reset = self._change_phase(holding, now_ns)
        stalled = any(fault.code in _STALLED for fault in sick)
        output = self._gate.rest(now_ns, _RELIEF_SHARE) if stalled else result.output
        return HandTick(
            measured=measured,
            output=output,
            faults=sick + result.faults + self._write(output),
            new_reset=new_reset,
            written_target=self._fresh(wanted, target, holding),
        )

    def _faded(self, now_ns: int) -> float:
        return (now_ns - self._ease_out_ns) * 1e-9 / _EASE_OUT_S

    def _tick_out(self, measured: JointSample, sick: tuple[Fault, ...], now_ns: int) -> HandTick:
        assert self._gate is not None
        output = self._gate.rest(now_ns, 1.0 - self._faded(now_ns))
        faults = sick + self._write(output)
        return HandTick(measured=measured, output=output, faults=faults, new_reset=None, written_target=None)

    def _health_faults(self, measured: JointSample, now_ns: int) -> tuple[Fault, ...]:
        health = self._port.health()
        return () if health is None else self._monitor.step(health, measured, now_ns)

    def _tick_blind(self, fault: Fault, now_ns: int) -> HandTick:
        """A cycle without a measurement moves nothing; after a while of them the policy must start afresh."""
        if self._gate is None:
            return HandTick(measured=None, output=None, faults=(fault,), new_reset=None, written_target=None)
        new_reset = None
        out = self.phase is Phase.EASING_OUT
        if not out and (self._last_read_ns is None or (now_ns - self._last_read_ns) * 1e-9 > _READ_PATIENCE_S):
            new_reset = self._change_phase(fault, now_ns)
        output = self._gate.rest(now_ns)
        return HandTick(measured=None, output=output, faults=(fault,), new_reset=new_reset, written_target=None)

    def _target(self, wanted: NumberedTarget | None, now_ns: int) -> JointTarget | None:
        if self.phase is Phase.EASING and self._ramp is not None:
            return JointTarget(stamp_ns=now_ns, pos_rad=self._ramp.step(now_ns))
        if wanted is None or wanted.reset != self._reset:
            return None
        return wanted.target

    def _change_phase(self, holding: Fault | None, now_ns: int) -> int | None:
        """Moves between easing, following and holding. Returns the number of a new reset, or None."""
        if self.phase is Phase.EASING:
            return self._change_easing(holding, now_ns)
        if self.phase is Phase.FOLLOWING and holding is not None:
            self._enter(Phase.HOLDING, str(holding))
            return self._count_reset()
        if self.phase is Phase.HOLDING and holding is None:
            self._enter(Phase.FOLLOWING, "")
        return None

    def _change_easing(self, holding: Fault | None, now_ns: int) -> int | None:
        if self._gate is not None and holding is not None:
            # Standing still while easing: begin again from where the gate stands once motion is permitted.
            self._ramp = self._ramp_from(self._gate, now_ns)
            return None
        if self._ramp is not None and self._ramp.done(now_ns):
            self._enter(Phase.HOLDING, "waiting for the first target")
            return self._count_reset()
        return None

    def _count_reset(self) -> int:
        self._reset += 1
        return self._reset

    def _enter(self, phase: Phase, reason: str) -> None:
        self.phase, self.reason = phase, reason

    def _write(self, output: GatedTarget) -> tuple[Fault, ...]:
        if self._shadow:
            return ()
        fault = self._port.write(output)
        return () if fault is None else (fault,)

    def _fresh(
        self, wanted: NumberedTarget | None, target: JointTarget | None, holding: Fault | None
    ) -> JointTarget | None:
        if wanted is None or target is not wanted.target or holding is not None or target is self._last_written:
            return None
        self._last_written = target
        return target
