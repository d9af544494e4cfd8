"""Stops of a running system in real time: its services, signals to its processes, strangers on its topics."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger

from dexterity_ros import ros, wire
from dexterity_ros.bench.stops.rows import FADE_MS, PROCESS_DIED_MS, TORQUE_OFF_MS, Reaction, StopRow
from dexterity_ros.bench.stops.standing import BREAK_LOOP, NODES, StandingSystem, watch
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.drivers.emulated.motor_watch import SeenMotors
from dexterity_ros.ros.requests import Requests
from dexterity_ros.systems.operator import OperatorError
from dexterity_ros.systems.stops import stop_hand

BUS_FAULTS = {"none": "none", "silent motor": "silent 5", "cable out": "cable out", "30 % lost": "lose 0.3"}
_AFTER_S, _RETURN_S, _STRANGER_S, _STEP_S = 10.0, 2.0, 1.0, 0.02
_SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGSTOP": signal.SIGSTOP, "SIGHUP": signal.SIGHUP, "SIGTERM": signal.SIGTERM}


@dataclass(frozen=True, kw_only=True)
class RealKind:
    """begin: asks for the stop, without waiting for it; or does something for a second, one step every 20 ms.

    reaction: as in StopRow. allowed_ms: to the first torque off, or of a hold to the last motion while it lasts.
    ends: the system is not used again.
    """

    begin: Callable[[StandingSystem], Iterator[None] | None]
    reaction: Reaction = "stop"
    allowed_ms: float = TORQUE_OFF_MS
    ends: bool = False


def _call(service: str) -> Callable[[StandingSystem], None]:
    def begin(system: StandingSystem) -> None:
        system.operator.node.create_client(Trigger, service).call_async(Trigger.Request())

    return begin


def _estop(system: StandingSystem) -> None:
    stop_hand(system.operator)


def _page(system: StandingSystem) -> None:
    """What the stop button of the live page calls, without the browser."""
    Requests(system.operator.node, system.operator.spin).stop_everything()


def _transitions(*numbers: int) -> Callable[[StandingSystem], None]:
    def begin(system: StandingSystem) -> None:
        client = system.operator.node.create_client(ChangeState, "hand_node/change_state")
        for number in numbers:
            client.call_async(ChangeState.Request(transition=Transition(id=number)))

    return begin


def _to_node(name: str, number: int, system: StandingSystem) -> None:
    os.kill(system.node(name), number)


def _to_parent(number: int, system: StandingSystem) -> None:
    assert system.parent is not None
    system.parent.send_signal(number)


def _stranger_leads(ahead_s: float, system: StandingSystem) -> Iterator[None]:
    """Another program sends targets, as fast as the policy does."""
    node, hand = system.operator.node, load_hand("leap")
    home = np.array(hand.home_pos_rad)
    targets = ros.publisher(node, "joint_targets")
    while True:
        stamp = ros.now_ns(node) + round(ahead_s * 1e9)
        message = ros.message_class("joint_targets")()
        targets.publish(wire.fill_joint_state(message, hand.joint_names, stamp, home, np.zeros_like(home)))
        yield


def _clock_is_set(by_s: float, system: StandingSystem) -> Iterator[None]:
    """Somebody publishes /clock, an hour off."""
    clock = system.operator.node.create_publisher(Clock, "/clock", 10)
    while True:
        message = Clock()
        message.clock.sec = int(time.time() + by_s)
        clock.publish(message)
        yield


def _kinds() -> Iterator[tuple[str, RealKind]]:
    yield "hand_node estop", RealKind(begin=_call("hand_node/estop"))
    yield "safety_node estop", RealKind(begin=_call("safety_node/estop"))
    yield "dexterity estop", RealKind(begin=_estop)
    yield "live page", RealKind(begin=_page)
    yield "disarm", RealKind(begin=_call("safety_node/disarm"), allowed_ms=FADE_MS)
    yield "lifecycle deactivate", RealKind(begin=_transitions(Transition.TRANSITION_DEACTIVATE))
    cleanup = _transitions(Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP)
    yield "lifecycle deactivate and cleanup", RealKind(begin=cleanup, ends=True)
    for name in NODES:
        for said, number in _SIGNALS.items():
            reaction: Reaction = "hold" if said == "SIGSTOP" else "stop"
            begin = partial(_to_node, name, number)
            yield f"{name} {said}", RealKind(begin=begin, reaction=reaction, allowed_ms=PROCESS_DIED_MS, ends=True)
    broken = partial(_to_node, "hand_node", BREAK_LOOP)
    yield "exception in the control loop", RealKind(begin=broken, allowed_ms=PROCESS_DIED_MS, ends=True)
    for said, number in _SIGNALS.items():
        yield f"up {said}", RealKind(begin=partial(_to_parent, number), allowed_ms=PROCESS_DIED_MS, ends=True)
    yield "foreign targets", RealKind(begin=partial(_stranger_leads, 0.0), reaction="hold")
    yield "foreign targets from the future", RealKind(begin=partial(_stranger_leads, 3600.0), reaction="hold")
    yield "clock +1 h", RealKind(begin=partial(_clock_is_set, 3600.0), reaction="none")
    yield "clock -1 h", RealKind(begin=partial(_clock_is_set, -3600.0), reaction="none")


KINDS = dict(_kinds())


class _Look:
    """What the motors did since a moment."""

    def __init__(self, began: SeenMotors, began_ns: int) -> None:
        self._began_ns = began_ns
        self._asked = {motor.id: motor.torque_on_writes for motor in began.motors}
        self.off_ms: float | None = None
        self.still_ms = 0.0
        self.last = began

    def __call__(self, seen: SeenMotors) -> None:
        self.last = seen
        moved_ns = max(motor.moved_ns for motor in seen.motors)
        self.still_ms = max((moved_ns - self._began_ns) * 1e-6, 0.0)
        off = [motor.torque_since_ns for motor in seen.motors if not motor.torque]
        if self.off_ms is None and off:
            self.off_ms = max((min(off) - self._began_ns) * 1e-6, 0.0)

    def with_torque(self) -> int:
        """Returns how many motors have torque."""
        return sum(motor.torque for motor in self.last.motors)

    def asked_again(self) -> int:
        """Returns how often motors were told to switch torque on."""
        return sum(motor.torque_on_writes - self._asked[motor.id] for motor in self.last.motors)


def _go_on(system: StandingSystem, steps: Iterator[None], look: _Look) -> None:
    """Does something for a second, while somebody looks."""
    end = time.monotonic() + _STRANGER_S
    while time.monotonic() < end:
        next(steps)
        watch(system, _STEP_S, look)


def run_real_stop(
    system: StandingSystem, kind: str, bus_fault: str, repeat: int, *, after_s: float = _AFTER_S
) -> StopRow:
    """Returns what came of one stop of a moving hand at the moment of a bus fault.

    Args:
        system: started, armed and left as it is by this.
        kind: of KINDS.
        bus_fault: of BUS_FAULTS.
        repeat: number of the repeat; seed of what is random.
        after_s: how long the motors are watched.

    Raises:
        OperatorError: the hand could not be made to move.
    """
    try:
        system.start_moving()
    except OperatorError:
        system.end()  # the next one begins with a new system
        raise
    line = BUS_FAULTS[bus_fault]
    system.break_bus(f"{line} {repeat}" if line.startswith("lose") else line)
    began_ns = time.monotonic_ns()
    look = _Look(system.motors(), began_ns)
    steps = KINDS[kind].begin(system)
    if steps is not None:
        _go_on(system, steps, look)
    still_ms = look.still_ms
    watch(system, after_s, look)
    with_torque, asked = look.with_torque(), look.asked_again()
    said = "; ".join(
        text for text in (system.operator.hand_state, system.operator.supervisor, system.warnings()) if text
    )
    system.break_bus("none")
    watch(system, _RETURN_S, look)
    if KINDS[kind].ends:
        system.end()
    return StopRow(
        kind=kind,
        bus_fault=bus_fault,
        repeat=repeat,
        time="real",
        reaction=KINDS[kind].reaction,
        torque_off_ms=look.off_ms,
        still_ms=look.still_ms if steps is None else still_ms,
        torque_commands_after=asked,
        motors_with_torque_after_10s=with_torque,
        motors_with_torque_after_return=None if bus_fault == "none" else look.with_torque(),
        said=said,
    )
