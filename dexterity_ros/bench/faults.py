"""Injects faults into an emulated bus while the hand moves, and counts what came of each.

In virtual time, or in real time through a pseudo-terminal.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.drivers.dynamixel.control_table import POSITION_UNIT_RAD
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus, open_native
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.faults import KINDS, Rig
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.drivers.open import hand_on_bus
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import HandTick, NumberedTarget, Phase
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.limits import Tightening, gate_limits

_PERIOD_NS = 10_000_000
_FAULT_S, _RECOVERY_S = 0.5, 3.0
_REARM_S = 0.2  # a person disarms and arms again this long after a stop
_HANG_S = 1.0  # of virtual time in one cycle; of real time, ten times that
_TIMEOUT_S, _REALTIME_TIMEOUT_S = 0.01, 0.03  # a loaded host is late itself
_ABOUT_THE_HAND = {
    FaultCode.HAND_READ_FAILED,
    FaultCode.HAND_WRITE_FAILED,
    FaultCode.HAND_NOT_READY,
    FaultCode.MOTOR_ALERT,
    FaultCode.MOTOR_RESET,
    FaultCode.BUS_SLOW,
}


@dataclass(frozen=True, kw_only=True)
class FaultRow:
    """What came of one fault.

    detected_ms: from its beginning to the first cycle that reported it; None: never. recovered_ms: from its end to
    the hand following again, a person re-arming where that is needed; None: never. reaction: hold or stop; let go when
    the bus is lost and torque off is repeated; tolerated when the hand went on. unsafe_targets: goals that reached a
    motor and should not have, counted in the emulator. stale_as_fresh: readings that were not the truth of their
    cycle. hang: a cycle that took too long.
    """

    kind: str
    seed: int
    detected_ms: float | None
    reaction: str
    recovered_ms: float | None
    unsafe_targets: int
    stale_as_fresh: int
    hang: bool


class Campaign:
    """A moving hand on an emulated bus, with a policy that waves and a person who re-arms."""

    def __init__(self, hand: RobotHand, seed: int, *, realtime: bool = False) -> None:
        """Everything that is random comes from `seed`."""
        self._hand = hand
        self._home = np.array(hand.home_pos_rad)
        self._joints = StillJoints(hand.joint_names, self._home)
        self._bus = EmulatedBus(hand, self._joints, WireModel(baud=4_000_000))
        self._realtime = realtime
        self._port = ServedBus(self._bus) if realtime else VirtualPort(self._bus, seed=seed)
        self.rig = Rig(bus=self._bus, port=self._port, rng=np.random.default_rng(seed))
        self._reset, self._rearm_ns, self._disarms = 0, 0, 0
        self.cycles = self.stale_as_fresh = 0
        self.hang = False
        self.phases: set[Phase] = set()
        self.start_host()

    @property
    def unsafe_targets(self) -> int:
        """Unsafe goals that reached a motor."""
        return self._bus.unsafe_goals

    @property
    def following(self) -> bool:
        """Whether the hand follows the policy."""
        return self.control.phase is Phase.FOLLOWING

    def now_ns(self) -> int:
        """Returns the virtual time."""
        return self._port.now_ns()

    def permit(self) -> Permit:
        """Returns a supervisor's fresh permit to move."""
        return Permit(armed=True, disarms=self._disarms, heartbeat_ns=self.now_ns())

    def start_host(self) -> None:
        """A new host process: nothing is remembered."""
        self.driver = hand_on_bus(self._hand, self._open_bus, current_limit_a=0.35)
        limits = gate_limits(self._hand, None, Tightening())
        self.control = HandControl(self.driver, self._hand, limits, self._home, shadow=False)

    def restart_host(self) -> None:
        """The host process dies, which closes its port, and another one starts; the motors hear nothing of it."""
        self.driver.close()
        self.start_host()

    def close(self) -> None:
        """Ends the emulated bus of real time."""
        self.driver.close()
        self._port.close()

    def _open_bus(self) -> NativeBus:
        if isinstance(self._port, ServedBus):
            return open_native(self._port.path, self._hand.drive.baud_rate, timeout_s=_REALTIME_TIMEOUT_S)
        return NativeBus(self._port, timeout_s=_TIMEOUT_S)

    def cycle(self) -> HandTick:
        """Runs one control cycle on its deadline."""
        self._port.sleep((_PERIOD_NS - self.now_ns() % _PERIOD_NS) * 1e-9)
        now, began_s = self.now_ns(), time.perf_counter()
        permit = self._person(now)
        now = self.now_ns()
        truth, _ = self._joints.measure()
        tick = self._step(permit, now)
        self.cycles += 1
        self.phases.add(self.control.phase)
        if tick.new_reset is not None:
            self._reset = tick.new_reset
        if tick.measured is not None:
            # In real time a target of the cycle before may arrive only now: then the truth after it counts as well.
            truths = np.stack([truth, self._joints.measure()[0]])
            off_rad = np.abs(truths - tick.measured.pos_rad).min(axis=0).max()
            self.stale_as_fresh += int(off_rad > 2.0 * POSITION_UNIT_RAD)
        self.hang |= (self.now_ns() - now) * 1e-9 > _HANG_S or time.perf_counter() - began_s > 10.0 * _HANG_S
        return tick

    def _person(self, now: int) -> Permit:
        """A person who sees that the torque is off disarms after a while, reboots what needs it, and arms again."""
        if self.control.powered:
            self._rearm_ns = now + round(_REARM_S * 1e9)
        if self.control.phase is Phase.STOPPED and now >= self._rearm_ns:
            self._disarms += 1
            return Permit(armed=False, disarmed=True, disarms=self._disarms, heartbeat_ns=now)
        if self.control.phase is Phase.LIMP and now >= self._rearm_ns:
            self._rearm_ns = now + round(_REARM_S * 1e9)
            self.driver.connect()
            self.driver.reboot()
            self.control.activate(self.permit(), self.now_ns())
        return self.permit()

    def _step(self, permit: Permit, now: int) -> HandTick:
        return self.control.tick(self._wanted(now), replace(permit, heartbeat_ns=now), now)

    def run(self, duration_s: float, until: Callable[[HandTick], bool]) -> float | None:
        """Cycles until the condition holds. Returns after how many ms it did, or None when time was up."""
        began = self.now_ns()
        while (self.now_ns() - began) * 1e-9 < duration_s:
            if until(self.cycle()):
                return (self.now_ns() - began) * 1e-6
        return None

    def _wanted(self, now: int) -> NumberedTarget:
        wave = 0.15 * np.sin(2.0 * np.pi * 0.7 * now * 1e-9 + np.arange(len(self._home)))
        target = JointTarget(stamp_ns=now, pos_rad=self._home + wave)
        return NumberedTarget(reset=self._reset, target=target)


def reports_hand_fault(tick: HandTick) -> bool:
    """Returns whether a cycle reported anything about the hand itself."""
    return any(fault.code in _ABOUT_THE_HAND for fault in tick.faults)


def run_fault(hand: RobotHand, kind: str, seed: int, *, realtime: bool = False) -> FaultRow:
    """Returns what came of one fault of a kind."""
    campaign = Campaign(hand, seed, realtime=realtime)
    try:
        return _run_fault(campaign, kind, seed)
    finally:
        campaign.close()


def _run_fault(campaign: Campaign, kind: str, seed: int) -> FaultRow:
    fault = KINDS[kind]
    detected_ms: float | None = None
    reaction = "refused" if fault.at_start else "tolerated"
    if fault.at_start:
        undo = fault.begin(campaign.rig)
        refused = campaign.driver.connect() or campaign.control.activate(campaign.permit(), campaign.now_ns())
        detected_ms = 0.0 if refused else None
    else:
        campaign.run(_RECOVERY_S, lambda _tick: campaign.following)
        campaign.run(0.3, lambda _tick: False)
        campaign.phases.clear()
        began = campaign.now_ns()
        undo = fault.begin(campaign.rig)
        detected = campaign.run(_FAULT_S, reports_hand_fault)
        detected_ms = None if detected is None else (campaign.now_ns() - began) * 1e-6
        campaign.run(_FAULT_S, lambda _tick: False)
        if Phase.STOPPED in campaign.phases:
            reaction = "stop"
        elif Phase.HOLDING in campaign.phases:
            reaction = "hold"
        elif Phase.LETTING_GO in campaign.phases:
            reaction = "let go"
    if fault.restart:
        campaign.restart_host()
    undo()
    recovered_ms = campaign.run(_RECOVERY_S, lambda _tick: campaign.following)
    return FaultRow(
        kind=kind,
        seed=seed,
        detected_ms=detected_ms,
        reaction=reaction,
        recovered_ms=recovered_ms,
        unsafe_targets=campaign.unsafe_targets,
        stale_as_fresh=campaign.stale_as_fresh,
        hang=campaign.hang,
    )


def run_mixture(hand: RobotHand, cycles: int, seed: int) -> dict[str, Any]:
    """Returns counts over many cycles in which faults of random kinds come and go, several at once."""
    campaign = Campaign(hand, seed)
    rng = campaign.rig.rng
    kinds = [name for name, kind in KINDS.items() if not kind.at_start]
    undos: list[Callable[[], None]] = []
    following = injected = 0
    while campaign.cycles < cycles:
        if rng.random() < 0.01 and len(undos) < 2:
            kind = KINDS[kinds[int(rng.integers(0, len(kinds)))]]
            undos.append(kind.begin(campaign.rig))
            injected += 1
            if kind.restart:
                campaign.restart_host()
        if undos and rng.random() < 0.02:
            # In reverse order: each restores what it found.
            while undos:
                undos.pop()()
        campaign.cycle()
        following += campaign.following
    return {
        "cycles": campaign.cycles,
        "faults": injected,
        "following_cycles": following,
        "unsafe_targets": campaign.unsafe_targets,
        "stale_as_fresh": campaign.stale_as_fresh,
        "hang": campaign.hang,
    }


def rows_as_dicts(rows: list[FaultRow]) -> list[dict[str, Any]]:
    """Returns rows for a JSON file."""
    return [asdict(row) for row in rows]
