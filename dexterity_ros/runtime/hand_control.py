"""From targets to the hand: eases in, gates, writes, holds, lets go; the whole of hand_node except ROS."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.action.ramp import Ramp
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.contracts.samples import GatedTarget, JointSample, JointTarget
from dexterity_ros.runtime.hand_tick import HandTick, NumberedTarget, Phase
from dexterity_ros.runtime.late_cycles import LateCycles
from dexterity_ros.safety.faults import first_holding, first_stopping
from dexterity_ros.safety.gate import Gate, Permit
from dexterity_ros.safety.health import HealthMonitor
from dexterity_ros.safety.limits import GateLimits
from dexterity_ros.safety.preflight import joints_outside

_EASE_SHARE = 0.25  # easing uses this share of the velocity limit
_EASE_OUT_S = 0.6  # the motors' current fades for this long before torque goes off
_RELIEF_SHARE = 0.5  # a motor that has stalled too long stands still with this share of its current
_READ_PATIENCE_S = 0.05  # one lost reading is not a reason to stand still
CUT_THE_POWER = "CUT THE POWER: "  # begins what a person has to be told at once
_CUT_POWER_S = 1.0  # torque that cannot be switched off for this long is a matter for the power switch
_WAITING = FaultCode.TARGET_STALE  # no news while the hand holds: the policy waits meanwhile
_STALLED = (FaultCode.STALLED, FaultCode.STALLED_LONG)


class HandControl:
    """A stage around a HandPort: limp until activated, then easing to a start pose, then following gated targets.

    At the end it eases out: it stands still while the motors' current fades, so that nothing is dropped with a jerk.
    A stop, asked for or found by itself, switches the torque off in the cycle that learns of it, repeats that until
    every motor confirms it, and is left only by a disarm that a person asked for afterwards.

    After every pause it counts a reset: only targets whose policy has started afresh from the measured pose pass.
    All times are on the monotonic clock.
    """

    def __init__(
        self, port: HandPort, hand: HandFile, limits: GateLimits, start_rad: NDArray[np.float64], *, shadow: bool
    ) -> None:
        """start_rad: pose to ease into, (n,). shadow: everything runs, but nothing is written and torque stays off."""
        self._port, self._hand, self._limits, self._start = port, hand, limits, start_rad
        self._monitor = HealthMonitor(hand, limits.current_limit_a)
        self._shadow = shadow
        self._gate: Gate | None = None
        self._ramp: Ramp | None = None
        self._reset = 0
        self._last_read_ns: int | None = None
        self._last_written: JointTarget | None = None
        self._late = LateCycles()
        self._ease_out_ns = self._let_go_ns = 0
        self._stop_wanted: str | None = None
        self._rests_in, self._why = Phase.LIMP, ""
        self._disarms = self._disarms_at_stop = 0
        self.phase = Phase.LIMP
        self.reason = ""

    @property
    def state(self) -> str:
        """Phase and reason as text."""
        return f"{self.phase}: {self.reason}" if self.reason else str(self.phase)

    @property
    def powered(self) -> bool:
        """Whether motors may have torque."""
        return self.phase not in (Phase.LIMP, Phase.STOPPED)

    def stop(self, reason: str) -> None:
        """Asks for a stop: the next tick switches the torque off. From any thread; the first reason stays."""
        self._stop_wanted = self._stop_wanted or reason

    def take_torque(self) -> None:
        """Begins by switching off whatever torque the motors may hold from before; limp once they confirm it."""
        self._let_go(Phase.LIMP, "torque is switched off before anything else", 0)

    def activate(self, permit: Permit, now_ns: int) -> Fault | None:
        """Switches torque on at the measured pose and begins to ease. Returns the fault that prevented it."""
        fault = self._not_ready() or permit.fault(now_ns)
        if fault is not None:
            return fault
        measured = self._port.read(now_ns)
        if isinstance(measured, Fault):
            return measured
        if (sick := first_holding(self._health_faults(measured, now_ns))) is not None:
            return sick
        if outside := joints_outside(self._hand, measured):
            return Fault(code=FaultCode.HAND_NOT_READY, detail=outside[0])
        self._gate = Gate(self._limits, measured.pos_rad, now_ns)
        self._ramp = self._ramp_from(self._gate, now_ns)
        self._last_read_ns = now_ns
        self._late.forget()
        self._enter(Phase.EASING, "")
        if self._shadow:
            return None
        fault = self._port.set_torque(True) or self._port.write(self._gate.rest(now_ns))
        if fault is not None:
            self._let_go(Phase.LIMP, f"torque did not come on: {fault}", now_ns)
        return fault

    def _not_ready(self) -> Fault | None:
        if self.phase is Phase.LIMP and self._stop_wanted is None:
            return None
        return Fault(code=FaultCode.HAND_NOT_READY, detail=f"the hand is {self.state}; disarm first")

    def _ramp_from(self, gate: Gate, now_ns: int) -> Ramp:
        return Ramp(
            start_rad=gate.last_rad,
            end_rad=self._start,
            max_velocity_rad_s=_EASE_SHARE * self._limits.max_velocity_rad_s,
            now_ns=now_ns,
        )

    def ease_out(self, now_ns: int) -> None:
        """Begins to let go gently; torque is off after a while of ticks. `stop` takes it at once."""
        if self._gate is not None and self.phase is not Phase.EASING_OUT:
            self._ease_out_ns = now_ns
            self._enter(Phase.EASING_OUT, "")

    def deactivate(self) -> Fault | None:
        """Switches the torque off now, for the end of the process. Returns the fault where a motor does not confirm."""
        self._let_go(Phase.STOPPED, self._stop_wanted or "the process ends", 0)
        fault = self._port.set_torque(False)
        if fault is None:
            self._enter(Phase.STOPPED, self._why)
        return fault

    def tick(
        self, wanted: NumberedTarget | None, permit: Permit, now_ns: int, refused: tuple[Fault, ...] = ()
    ) -> HandTick:
        """Reads the hand, decides and writes. refused: what was wrong with messages since the last cycle."""
        late = self._late.step(now_ns)
        self._heed(permit, now_ns)
        if self.phase is Phase.LETTING_GO:
            return self._tick_letting_go(now_ns)
        measured = self._port.read(now_ns)
        found = (measured,) if isinstance(measured, Fault) else self._health_faults(measured, now_ns)
        if (stopping := self._stopping(found)) is not None:
            self._stop_for(stopping, now_ns)
            after = self._tick_letting_go(now_ns)
            return replace(after, faults=found + after.faults)
        if isinstance(measured, Fault):
            return self._tick_blind(measured, now_ns)
        self._last_read_ns = now_ns
        if self._gate is None:
            return HandTick(measured=measured, faults=found)
        if self.phase is Phase.EASING_OUT:
            return self._tick_out(measured, found, now_ns)
        return self._tick_gated(self._gate, measured, found + late + refused, wanted, permit, now_ns)

    def _heed(self, permit: Permit, now_ns: int) -> None:
        """Does what people ask: a stop at once, a disarm gently, a disarm after a stop as its end."""
        self._disarms = permit.disarms
        if permit.stopped:
            self.stop("the supervisor stopped it")
        if self._stop_wanted is not None:
            if self.phase is not Phase.STOPPED:
                self._let_go(Phase.STOPPED, self._stop_wanted, now_ns)
            self._stop_wanted = None
        disarmed = permit.disarmed and permit.fresh(now_ns) and self._disarms != self._disarms_at_stop
        if self.phase is Phase.STOPPED and disarmed:
            self._rests_in = Phase.LIMP
            self._enter(Phase.LIMP, "")
        if permit.disarmed and permit.fresh(now_ns):
            self.ease_out(now_ns)
        if self.phase is Phase.EASING_OUT and (self._faded(now_ns) >= 1.0 or not permit.disarmed):
            self._let_go(Phase.LIMP, "disarmed", now_ns)

    def _stopping(self, found: tuple[Fault, ...]) -> Fault | None:
        """Returns what switches the torque off: any stop while the hand is active; torque while it should be limp."""
        if self._gate is not None:
            return first_stopping(found)
        return next((fault for fault in found if fault.code is FaultCode.TORQUE_FOUND), None)

    def _stop_for(self, fault: Fault, now_ns: int) -> None:
        """Stops an active hand; a limp one only loses the torque that should not be there."""
        rest = Phase.STOPPED if self.phase is not Phase.LIMP else Phase.LIMP
        self._let_go(rest, self._late.blamed(fault, now_ns), now_ns)

    def _let_go(self, rest: Phase, why: str, now_ns: int) -> None:
        """Begins to switch the torque off; `rest` is the phase when that is done."""
        if self.phase is Phase.LETTING_GO and self._rests_in is Phase.STOPPED:
            return
        self._gate = self._ramp = None
        self._rests_in, self._why, self._let_go_ns = rest, why, now_ns
        self._disarms_at_stop = self._disarms
        self._enter(Phase.LETTING_GO, why)

    def _tick_letting_go(self, now_ns: int) -> HandTick:
        fault = self._port.set_torque(False)
        if fault is None:
            self._enter(self._rests_in, self._why if self._rests_in is Phase.STOPPED else "")
        else:
            lasts = (now_ns - self._let_go_ns) * 1e-9 > _CUT_POWER_S
            self._enter(Phase.LETTING_GO, f"{self._why}; {CUT_THE_POWER if lasts else ''}{fault.detail}")
            fault = Fault(code=FaultCode.TORQUE_REMAINS, detail=fault.detail)
        measured = self._port.read(now_ns)
        faults = () if fault is None else (fault,)
        if isinstance(measured, Fault):
            return HandTick(faults=(*faults, measured))
        return HandTick(measured=measured, faults=faults)

    def _tick_gated(
        self,
        gate: Gate,
        measured: JointSample,
        found: tuple[Fault, ...],
        wanted: NumberedTarget | None,
        permit: Permit,
        now_ns: int,
    ) -> HandTick:
        holding = first_holding(found)
        target = self._target(wanted, now_ns) if holding is None else None
        result = gate.step(target, permit, now_ns)
        holding = holding or first_holding(result.faults)
        new_reset = self._change_phase(holding, now_ns)
        stalled = any(fault.code in _STALLED for fault in found)
        output = gate.rest(now_ns, _RELIEF_SHARE) if stalled else result.output
        faults = found + result.faults + self._write(output, now_ns)
        written = self._fresh(wanted, target, holding)
        return HandTick(measured=measured, output=output, faults=faults, new_reset=new_reset, written_target=written)

    def _faded(self, now_ns: int) -> float:
        return (now_ns - self._ease_out_ns) * 1e-9 / _EASE_OUT_S

    def _tick_out(self, measured: JointSample, found: tuple[Fault, ...], now_ns: int) -> HandTick:
        assert self._gate is not None
        output = self._gate.rest(now_ns, 1.0 - self._faded(now_ns))
        return HandTick(measured=measured, output=output, faults=found + self._write(output, now_ns))

    def _health_faults(self, measured: JointSample, now_ns: int) -> tuple[Fault, ...]:
        health = self._port.health()
        return () if health is None else self._monitor.step(health, measured, now_ns)

    def _tick_blind(self, fault: Fault, now_ns: int) -> HandTick:
        """A cycle without a measurement moves nothing; after a while of them the policy must start afresh."""
        if self._gate is None:
            return HandTick(faults=(fault,))
        new_reset = None
        out = self.phase is Phase.EASING_OUT
        if not out and (self._last_read_ns is None or (now_ns - self._last_read_ns) * 1e-9 > _READ_PATIENCE_S):
            new_reset = self._change_phase(fault, now_ns)
        return HandTick(output=self._gate.rest(now_ns), faults=(fault,), new_reset=new_reset)

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
        elif self.phase is Phase.HOLDING and holding and holding.code not in (_WAITING, self.reason.split(":")[0]):
            self.reason = str(holding)
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

    def _write(self, output: GatedTarget, now_ns: int) -> tuple[Fault, ...]:
        fault = None if self._shadow else self._port.write(output)
        if fault is None:
            return ()
        if first_stopping((fault,)) is not None:
            self._stop_for(fault, now_ns)
            return (fault, *self._tick_letting_go(now_ns).faults)
        return (fault,)

    def _fresh(
        self, wanted: NumberedTarget | None, target: JointTarget | None, holding: Fault | None
    ) -> JointTarget | None:
        if wanted is None or target is not wanted.target or holding is not None or target is self._last_written:
            return None
        self._last_written = target
        return target
