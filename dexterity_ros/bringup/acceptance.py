"""Scripted acceptance of a hand: what must be seen on the real one before a policy runs on it, as a report to sign."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dexterity_ros.bringup.manual import Clock, HandError, ManualHand
from dexterity_ros.contracts.errors import DexterityError, Fault
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.control_table import CURRENT_BASED_POSITION_MODE, x_series
from dexterity_ros.drivers.dynamixel.discovery import measure_bus
from dexterity_ros.drivers.dynamixel.torque import WATCHDOG_S

_STILL_RAD = 0.02  # arming may let a joint settle by this much
_JOG_RAD = 0.1
_FOLLOWED = 0.5  # share of a jog that must be seen
_WARMING_C_PER_MIN = 3.0
_PROFILE_VELOCITY = 123  # any value that a reboot must forget
_NOBODY = "nobody can answer: the input is closed; run it in a terminal"


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What came of a step. settles: assumptions of the emulator that it answers, docs/assumptions.md."""

    name: str
    ok: bool
    said: str
    settles: str = ""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What the steps work on.

    ask: asks the person a yes-no question. open_bus: opens the port of a hand that is not connected. kill_holding:
    starts another process that holds the hand, kills it with SIGKILL, and returns. hold_s: how long to warm up.
    """

    manual: ManualHand
    open_bus: Callable[[], DynamixelBus]
    clock: Clock
    ask: Callable[[str], bool]
    kill_holding: Callable[[], None]
    hold_s: float


class StepFailedError(DexterityError):
    """A step did not see what it must see."""


Step = Callable[[Rig], str]


def run_acceptance(rig: Rig, say: Callable[[StepResult], None]) -> list[StepResult]:
    """Runs all steps in order; the first that fails ends it, the hand limp. Returns what came of each."""
    results = []
    for name, settles, step in _STEPS:
        try:
            result = StepResult(name=name, ok=True, said=step(rig), settles=settles)
        except (DexterityError, EOFError) as error:
            said = _NOBODY if isinstance(error, EOFError) else str(error)
            result = StepResult(name=name, ok=False, said=said, settles=settles)
        results.append(result)
        say(result)
        if not result.ok:
            break
    rig.manual.close()
    return results


def report(results: list[StepResult], header: dict[str, Any]) -> str:
    """Returns a Markdown report to sign."""
    rows = [f"| {r.name} | {'pass' if r.ok else 'FAIL'} | {r.said} | {r.settles or '-'} |" for r in results]
    missing = [name for name, _, _ in _STEPS][len(results) :]
    rows += [f"| {name} | not run | | |" for name in missing]
    facts = [f"- {key}: {value}" for key, value in header.items()]
    passed = not missing and all(r.ok for r in results)
    return "\n".join(
        [
            "# Acceptance of a hand",
            "",
            *facts,
            f"- result: {'accepted' if passed else 'NOT accepted'}",
            "",
            "| step | result | seen | settles |",
            "|---|---|---|---|",
            *rows,
            "",
            "Hand, serial number: ________________   Name: ________________   Date, signature: ________________",
            "",
        ]
    )


def as_dicts(results: list[StepResult]) -> list[dict[str, Any]]:
    """Returns results for a JSON file."""
    return [asdict(result) for result in results]


def _motors(rig: Rig) -> str:
    rig.manual.connect()
    return (
        f"{len(rig.manual.spec.joints)} motors answer; model, firmware, drive mode, offsets, current limits as expected"
    )


def _strangers(rig: Rig) -> str:
    rig.manual.close()
    bus = rig.open_bus()
    try:
        strangers = sorted(set(bus.scan()) - set(rig.manual.spec.motor_ids))
    finally:
        bus.close()
    _must(not strangers, f"motors {strangers} are on the bus and not in the hand's file")
    return "no other motor on the bus"


def _rates(rig: Rig) -> str:
    bus = rig.open_bus()
    try:
        figures = measure_bus(bus, rig.manual.spec)
    finally:
        bus.close()
    _must(figures.rate_hz >= 100.0, f"{figures.rate_hz} Hz, at least 100 are needed: dexterity doctor")
    _must(figures.failed <= 1, f"{figures.failed} of 200 cycles missed a motor: cables, power, termination")
    return (
        f"{figures.rate_hz:.0f} Hz read and write, p99 {figures.cycle_p99_ms} ms, ping {figures.round_trip_ms} ms, "
        f"{max(figures.temperature_c)} C, {min(figures.supply_v)}-{max(figures.supply_v)} V"
    )


def _limp(rig: Rig) -> str:
    rig.manual.connect()
    sample = rig.manual.look()
    torque = _registers(rig, "torque_enable")
    _must(not any(torque), f"torque is on before anybody armed: {torque}")
    _must(rig.ask("Move a finger by hand. Does it move freely, and is no motor powered?"), "the person said no")
    return f"no torque, joints between {sample.pos_rad.min():.2f} and {sample.pos_rad.max():.2f} rad"


def _arming(rig: Rig) -> str:
    before = rig.manual.look().pos_rad
    rig.manual.ease_to(before)
    rig.manual.hold(0.5)
    moved = float(np.abs(rig.manual.read().pos_rad - before).max())
    _must(moved < _STILL_RAD, f"arming moved a joint by {moved:.3f} rad, allowed {_STILL_RAD}")
    rig.manual.let_go()
    return f"armed where it stood; moved {moved:.4f} rad"


def _home(rig: Rig) -> str:
    home = np.array(rig.manual.spec.home_pos_rad)
    rig.manual.ease_to(home)
    rig.manual.hold(0.5)
    off = np.abs(rig.manual.read().pos_rad - home)
    worst = int(np.argmax(off))
    name = rig.manual.spec.joints[worst].name
    _must(
        bool(off[worst] < 0.15),
        f"{name} is {off[worst]:.3f} rad from home: its zero (robot.yaml), or something is in the way",
    )
    question = "Is this its home pose, the first that `dexterity demo --policy none` eases to?"
    _must(rig.ask(question), "the person said no: zeros (robot.yaml)")
    return f"home within {off[worst]:.3f} rad ({name})"


def _signs(rig: Rig) -> str:
    """Moves joint after joint from home towards the middle of its range."""
    hand, home = rig.manual.spec, np.array(rig.manual.spec.home_pos_rad)
    middle = 0.5 * (hand.lower_rad + hand.upper_rad)
    jog = np.where(middle >= home, _JOG_RAD, -_JOG_RAD)
    followed = np.zeros(len(home))
    for i in range(len(home)):
        followed[i] = _follow(rig, home + jog * (np.arange(len(home)) == i), i) / jog[i]
        _follow(rig, home, i)
    worst = int(np.argmin(followed))
    seen = f"{hand.joints[worst].name} moved {100 * followed[worst]:.0f} % of its {_JOG_RAD} rad"
    _must(bool(followed[worst] > _FOLLOWED), f"{seen}: sign, wiring order, or something in the way")
    _must(rig.ask("Did the joints move one by one, in the order of the hand's file?"), "the person said no: ids")
    return f"every joint moved by itself and the right way; least: {seen}"


def _follow(rig: Rig, pose: Any, joint: int) -> float:
    """Follows a pose for 0.4 s and returns how far a joint is from home then."""
    for _ in range(40):
        rig.manual.tick(pose)
    return float(rig.manual.read().pos_rad[joint] - rig.manual.spec.home_pos_rad[joint])


def _limits(rig: Rig) -> str:
    """One joint is asked to go far beyond its limit: it makes one step, no more, towards it."""
    hand = rig.manual.spec
    far = np.array(hand.home_pos_rad)
    far[0] = 10.0
    before = rig.manual.tick(None).output
    after = rig.manual.tick(far).output
    assert before is not None and after is not None
    step = float(np.abs(after.pos_rad - before.pos_rad).max())
    _must(step <= hand.max_step_rad + 1e-9, f"a wild target moved the output by {step:.3f} rad")
    inside = (after.pos_rad >= hand.lower_rad).all() and (after.pos_rad <= hand.upper_rad).all()
    _must(bool(inside), "a wild target left the joint limits")
    rig.manual.let_go()
    modes = _registers(rig, "operating_mode")
    _must(set(modes) == {CURRENT_BASED_POSITION_MODE}, f"operating modes are {modes}")
    return f"a target of 10 rad moved the output {step:.3f} rad, inside limits; in mode 5 only the gate limits position"


def _stop_time(rig: Rig) -> str:
    rig.manual.ease_to(np.array(rig.manual.spec.home_pos_rad))
    began = rig.clock.now_ns()
    fault = rig.manual.driver.set_torque(False)
    elapsed_ms = (rig.clock.now_ns() - began) * 1e-6
    _must(fault is None, str(fault))
    _must(not any(_registers(rig, "torque_enable")), "a motor has torque after torque off")
    _must(elapsed_ms < 200.0, f"torque off took {elapsed_ms:.0f} ms")
    rig.manual.let_go()
    return f"torque off, confirmed by every motor after {elapsed_ms:.0f} ms"


def _watchdog(rig: Rig) -> str:
    rig.manual.ease_to(np.array(rig.manual.spec.home_pos_rad))
    rig.clock.sleep(WATCHDOG_S + 0.1)
    tripped, torque = _registers(rig, "bus_watchdog"), _registers(rig, "torque_enable")
    _must(
        all(value < 0 for value in tripped), f"after silence the watchdogs read {tripped}, expected -1 of every motor"
    )
    said = "torque stays on" if all(torque) else "torque goes off" if not any(torque) else f"torque differs: {torque}"
    rig.manual.driver.set_torque(False)
    rig.manual.let_go()
    return f"all motors tripped after {WATCHDOG_S * 1e3:.0f} ms of silence; {said}"


def _killed(rig: Rig) -> str:
    rig.manual.close()
    rig.kill_holding()
    rig.clock.sleep(WATCHDOG_S + 0.1)
    rig.manual.connect()
    tripped = _registers(rig, "bus_watchdog")
    _must(
        all(value < 0 for value in tripped), f"after kill -9 the watchdogs read {tripped}, expected -1 of every motor"
    )
    before = rig.manual.look().pos_rad
    rig.manual.ease_to(before)
    rig.manual.let_go()
    return "kill -9 of the holding process: every motor stopped itself; arms cleanly afterwards"


def _reboot(rig: Rig) -> str:
    motor_id = rig.manual.spec.motor_ids[0]
    rig.manual.close()
    bus, register = rig.open_bus(), x_series()["profile_velocity"]
    try:
        bus.write(motor_id, register.address, register.encode(_PROFILE_VELOCITY))
        bus.reboot(motor_id)
        rig.clock.sleep(1.0)
        answer = bus.read(motor_id, register.address, register.size)
    finally:
        bus.close()
    _must(answer is not None and answer.ok, f"motor {motor_id} did not come back within 1 s of a reboot")
    assert answer is not None
    value = register.decode(answer.data)
    _must(value == 0, f"a reboot kept profile_velocity = {value}: RAM is not reset")
    rig.manual.connect()
    return f"motor {motor_id} rebooted, RAM back to defaults, answers again"


def _heat(rig: Rig) -> str:
    rig.manual.ease_to(np.array(rig.manual.spec.home_pos_rad))
    first = _temperature(rig)
    warned: list[Fault] = []
    rig.manual.hold(rig.hold_s, lambda tick: warned.extend(tick.faults))
    last = _temperature(rig)
    rig.manual.let_go()
    per_minute = float((last - first).max()) * 60.0 / rig.hold_s if rig.hold_s >= 30.0 else 0.0
    _must(per_minute < _WARMING_C_PER_MIN, f"standing still warms a motor by {per_minute:.1f} C per minute")
    return f"held {rig.hold_s:.0f} s, warmest {last.max():.0f} C, rise {float((last - first).max()):.0f} C"


def _temperature(rig: Rig) -> Any:
    rig.manual.hold(0.01 * len(rig.manual.spec.joints) + 0.05)
    health = rig.manual.driver.health()
    if health is None or np.isnan(health.temperature_c).any():
        raise HandError("the motors' temperatures could not be read")
    return health.temperature_c


def _registers(rig: Rig, name: str) -> list[int]:
    values = rig.manual.driver.registers(name)
    if isinstance(values, Fault):
        raise HandError(str(values))
    return values


def _must(seen: bool, otherwise: str) -> None:
    if not seen:
        raise StepFailedError(otherwise)


_STEPS: tuple[tuple[str, str, Step], ...] = (
    ("motors and settings", "", _motors),
    ("no strangers", "", _strangers),
    ("bus rate", "A6", _rates),
    ("limp before arming", "", _limp),
    ("arming moves nothing", "A1, A2", _arming),
    ("home pose", "", _home),
    ("one joint at a time", "", _signs),
    ("limits", "A9", _limits),
    ("torque off", "", _stop_time),
    ("bus watchdog", "A3, A4", _watchdog),
    ("kill -9", "A3", _killed),
    ("reboot", "A8", _reboot),
    ("warming up", "A7", _heat),
)
STEPS = len(_STEPS)
