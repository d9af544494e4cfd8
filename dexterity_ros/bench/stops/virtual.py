"""Stops of HandControl on an emulated bus in virtual time: what needs no process to die."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dexterity_ros.bench.faults import Campaign
from dexterity_ros.bench.stops.rows import FADE_MS, TORQUE_OFF_MS, StopRow
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import GatedTarget, JointSample, MotorHealth
from dexterity_ros.drivers.emulated.faults import KINDS as BUS_KINDS
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import HandTick, NumberedTarget
from dexterity_ros.safety.faults import REACTIONS, Reaction
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.limits import Tightening, gate_limits

_HOUR_NS = 3600 * 10**9
_AFTER_S, _RETURN_S, _FOLLOW_S, _MOVE_S = 10.0, 1.5, 3.0, 0.3
_WATCHED_S, _LOOK_S = 1.0, 0.1

BUS_FAULTS = ("none", *sorted(name for name, kind in BUS_KINDS.items() if not kind.at_start and not kind.restart))
UNREACHABLE = ("cable_pulled", "wrong_baud")  # nothing that is sent arrives
_ESCAPES = (FaultCode.ESTOP, FaultCode.TORQUE_REMAINS)  # said by nodes and by the letting go itself, not by a hand


class _FailingPort:
    """A HandPort in front of another one that reports a fault once."""

    def __init__(self, port: HandPort) -> None:
        self._port = port
        self.fault: Fault | None = None

    def describe(self) -> str:
        return self._port.describe()

    def connect(self) -> list[str]:
        return self._port.connect()

    def reboot(self) -> list[str]:
        return self._port.reboot()

    def read(self, now_ns: int) -> JointSample | Fault:
        fault, self.fault = self.fault, None
        return fault or self._port.read(now_ns)

    def health(self) -> MotorHealth | None:
        return self._port.health()

    def write(self, target: GatedTarget) -> Fault | None:
        return self._port.write(target)

    def set_torque(self, enabled: bool) -> Fault | None:
        return self._port.set_torque(enabled)

    def close(self) -> None:
        self._port.close()


class StopRig(Campaign):
    """A moving hand, and a person who stops it and then only looks."""

    def __init__(self, hand: RobotHand, seed: int) -> None:
        """Everything that is random comes from `seed`."""
        super().__init__(hand, seed)
        self.said: dict[str, object] = {}  # fields of the permit that differ from armed
        self.silent_since_ns: int | None = None
        self.refused: tuple[Fault, ...] = ()
        self.clock_ns = self.stamp_ns = 0
        self.person = True

    def start_host(self) -> None:
        """A new host process, whose hand can be told to report a fault."""
        super().start_host()
        self.failing = _FailingPort(self.driver)
        limits = gate_limits(self._hand, None, Tightening())
        self.control = HandControl(self.failing, self._hand, limits, self._home, shadow=False)

    def permit(self) -> Permit:
        """Returns what the supervisor says, and when it was last heard."""
        heard = self.now_ns() if self.silent_since_ns is None else self.silent_since_ns
        permit = Permit(armed=True, disarms=self._disarms, heartbeat_ns=heard)
        return replace(permit, **self.said) if self.said else permit  # type: ignore[arg-type]

    def _person(self, now: int) -> Permit:
        return super()._person(now) if self.person else self.permit()

    def _step(self, permit: Permit, now: int) -> HandTick:
        return self.control.tick(self._wanted(now), permit, now + self.clock_ns, self.refused)

    def _wanted(self, now: int) -> NumberedTarget:
        wanted = super()._wanted(now)
        return replace(wanted, target=replace(wanted.target, stamp_ns=now + self.stamp_ns))

    def motors_with_torque(self) -> int:
        """Returns how many motors have torque, from the emulator."""
        return sum(motor.torque for motor in self._bus.motors)

    def torque_on_writes(self) -> int:
        """Returns how often motors were told to switch torque on."""
        return sum(motor.torque_on_writes for motor in self._bus.motors)

    def moved_goals(self) -> int:
        """Returns how often motors were given another goal."""
        return sum(motor.moved_goals for motor in self._bus.motors)

    def disarmed(self) -> None:
        """A person disarms."""
        self._disarms += 1
        self.said = {"armed": False, "disarmed": True}

    def silence_supervisor(self) -> None:
        """The supervisor is not heard any more."""
        self.silent_since_ns = self.now_ns()

    def process_ends(self) -> None:
        """The loop has ended; what closes the process switches the torque off."""
        self.control.deactivate()


@dataclass(frozen=True, kw_only=True)
class StopKind:
    """begin: asks for the stop. holds: the hand stands still with torque. allowed_ms: to the first torque off."""

    begin: Callable[[StopRig], None]
    holds: bool = False
    allowed_ms: float = TORQUE_OFF_MS


def _reports(code: FaultCode) -> Callable[[StopRig], None]:
    return lambda rig: setattr(rig.failing, "fault", Fault(code=code, detail="motor 5 (mf_mcp)"))


def _refuses(code: FaultCode) -> Callable[[StopRig], None]:
    return lambda rig: setattr(rig, "refused", (Fault(code=code, detail="joint_targets"),))


KINDS: dict[str, StopKind] = {
    "hand_node estop": StopKind(begin=lambda rig: rig.control.stop("emergency stop")),
    "safety_node estop": StopKind(begin=lambda rig: setattr(rig, "said", {"armed": False, "stopped": True})),
    "disarm": StopKind(begin=StopRig.disarmed, allowed_ms=FADE_MS),
    "lifecycle deactivate": StopKind(begin=lambda rig: rig.control.stop("deactivated while it was not disarmed")),
    "the process ends": StopKind(begin=StopRig.process_ends),
    **{
        f"fault {code}": StopKind(begin=_reports(code))
        for code, reaction in REACTIONS.items()
        if reaction is Reaction.STOP and code not in _ESCAPES
    },
    "supervisor silent": StopKind(begin=StopRig.silence_supervisor, holds=True),
    "two owners": StopKind(begin=_refuses(FaultCode.TWO_OWNERS), holds=True),
    "foreign owner": StopKind(begin=_refuses(FaultCode.FOREIGN_OWNER), holds=True),
    "clock +1 h": StopKind(begin=lambda rig: setattr(rig, "clock_ns", _HOUR_NS), holds=True),
    "clock -1 h": StopKind(begin=lambda rig: setattr(rig, "clock_ns", -_HOUR_NS), holds=True),
    "future stamps": StopKind(begin=lambda rig: setattr(rig, "stamp_ns", _HOUR_NS), holds=True),
}


def run_stop(hand: RobotHand, kind: str, bus_fault: str, repeat: int) -> StopRow:
    """Returns what came of one stop at the moment of a bus fault."""
    rig = StopRig(hand, repeat)
    try:
        return _run(rig, kind, bus_fault, repeat)
    finally:
        rig.close()


def _run(rig: StopRig, kind: str, bus_fault: str, repeat: int) -> StopRow:
    rig.run(_FOLLOW_S, lambda _tick: rig.following)
    rig.run(_MOVE_S, lambda _tick: False)
    rig.person = False
    undo = BUS_KINDS[bus_fault].begin(rig.rig) if bus_fault != "none" else lambda: None
    began, moved = rig.now_ns(), rig.moved_goals()
    still_ms, off_ms, asked = 0.0, None, rig.torque_on_writes()
    KINDS[kind].begin(rig)
    while (rig.now_ns() - began) * 1e-9 < _AFTER_S:
        rig.cycle()
        if not rig.control.powered and (rig.now_ns() - began) * 1e-9 > _WATCHED_S:
            rig.rig.port.sleep(_LOOK_S)  # nothing but a reading can happen: it is looked at less often
        elapsed_ms = (rig.now_ns() - began) * 1e-6
        if rig.moved_goals() != moved:
            moved, still_ms = rig.moved_goals(), elapsed_ms
        if off_ms is None and rig.motors_with_torque() < len(rig.rig.bus.motors):
            off_ms = elapsed_ms
    with_torque, said = rig.motors_with_torque(), rig.control.state
    undo()
    rig.run(_RETURN_S, lambda _tick: False)
    return StopRow(
        kind=kind,
        bus_fault=bus_fault,
        repeat=repeat,
        time="virtual",
        reaction="hold" if KINDS[kind].holds else "stop",
        torque_off_ms=off_ms,
        still_ms=still_ms,
        torque_commands_after=rig.torque_on_writes() - asked,
        motors_with_torque_after_10s=with_torque,
        motors_with_torque_after_return=None if bus_fault == "none" else rig.motors_with_torque(),
        said=said,
    )
