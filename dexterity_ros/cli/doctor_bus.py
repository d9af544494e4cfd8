"""What `dexterity doctor` says about the motor bus: each finding with the command that mends it."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.cli.finding import Finding
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.robot import NO_ROBOT
from dexterity_ros.contracts.robot_hand import RobotHand, load_robot_hand
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.discovery import (
    BusFigures,
    find_ports,
    latency_timer_ms,
    latency_timer_path,
    measure_bus,
    scan,
)
from dexterity_ros.drivers.dynamixel.motor_settings import check_motors, only_pinged
from dexterity_ros.drivers.open import bus_on_port

_SLOW_TIMER_MS = 2
_SLOW_PING_MS = 5.0
_CYCLE_HZ = 100.0
_MAY_OPEN = "sudo usermod -aG dialout $USER"


@dataclass(frozen=True, kw_only=True)
class AskedHand:
    """--hand and --robot as the person gave them, so that a command which mends something speaks of the same hand."""

    hand: str
    robot: str = NO_ROBOT

    def load(self) -> RobotHand:
        """Raises ConfigError."""
        return load_robot_hand(self.hand, self.robot)

    def command(self, words: str, port: Path) -> str:
        """Returns what to type: the command `words` for this hand on a port."""
        robot = f" --robot {shlex.quote(self.robot)}" if self.robot else ""
        return f"dexterity {words} --hand {shlex.quote(self.hand)}{robot} --port {shlex.quote(str(port))}"


def look_at_bus(asked: AskedHand, port: str) -> list[Finding]:
    """Returns what is found on the serial ports, or on the one named, for a hand."""
    hand = asked.load()
    ports = [Path(port)] if port else find_ports()
    if not ports:
        fix = "plug the hand in; if it is, this, then log in again:"
        return [Finding(name="serial port", ok=False, found="none", fix=fix, command=_MAY_OPEN, needed=False)]
    findings = []
    for path in ports:
        try:
            findings += _look_at_port(asked, hand, path, needed=bool(port))
        except DexterityError as error:
            fix = "end other programs that use the port; if there is none, this, then log in again:"
            findings.append(
                Finding(name=str(path), ok=False, found=str(error), fix=fix, command=_MAY_OPEN, needed=bool(port))
            )
    return findings


def _look_at_port(asked: AskedHand, hand: RobotHand, path: Path, *, needed: bool) -> list[Finding]:
    motors = scan(str(path))
    findings = [_motors(asked, hand, path, motors, needed=needed), *_strangers(hand, path, motors)]
    if not findings[0].ok:
        return findings
    findings.append(Finding(name="individual", ok=True, found=hand.individual))
    bus = bus_on_port(hand, str(path))()
    try:
        findings += look_at_settings(asked, path, bus, needed=needed)
        figures = measure_bus(bus, hand)
    finally:
        bus.close()
    return [*findings, *_figures(asked, hand, path, figures, needed=needed)]


def look_at_settings(asked: AskedHand, path: Path, bus: DynamixelBus, *, needed: bool) -> list[Finding]:
    """Returns what the driver's own preflight says of the motors, and which of them had been told to be silent."""
    hand = asked.load()
    silent = only_pinged(bus, hand.motor_ids)
    findings = []
    if silent:
        found = f"motors {silent} answered nothing but pings: another program left status_return_level at 0"
        findings.append(
            Finding(name="answers", ok=False, found=found, fix="none needed: it is 2 again now", needed=False)
        )
    problems = check_motors(bus, hand, hand.max_current_a)
    findings.append(
        Finding(
            name="motors' settings",
            ok=not problems,
            found="; ".join(problems) or f"models, firmware and stored registers are as {hand.name} needs them",
            fix="motors of another model need the right --hand; else:",
            command=asked.command("hand setup", path),
            needed=needed,
        )
    )
    return findings


def _motors(
    asked: AskedHand, hand: RobotHand, path: Path, motors: dict[int, dict[int, int]], *, needed: bool
) -> Finding:
    name, wanted = f"motors on {path}", set(hand.motor_ids)
    here = set(motors.get(hand.drive.baud_rate, {}))
    listed = [f"{len(ids)} at {baud} baud: {sorted(ids)}" for baud, ids in motors.items()]
    found = "; ".join(listed) or "none at any baud rate"
    if wanted <= here:
        return Finding(name=name, ok=True, found=f"all {len(wanted)} of {hand.name} at {hand.drive.baud_rate} baud")
    command = ""
    elsewhere = {baud for baud, ids in motors.items() if baud != hand.drive.baud_rate and wanted <= set(ids)}
    if elsewhere:
        fix = f"baud_rate: {elsewhere.pop()} in a copy of the hand's file, or, for {hand.drive.baud_rate} baud:"
        command = asked.command("hand setup", path)
    elif not motors:
        fix = "power the hand; check the data cable; is it another program's port?"
    else:
        ids = dict(zip(hand.joint_names, hand.motor_ids, strict=True))
        missing = {joint: i for joint, i in ids.items() if i not in here}
        names = ", ".join(f"{i} ({joint})" for joint, i in missing.items())
        fix = f"missing {names}: cable and power from there on; for a factory motor:"
        command = asked.command(f"hand setup {next(iter(missing))}", path)
    return Finding(name=name, ok=False, found=found, fix=fix, command=command, needed=needed)


def _strangers(hand: RobotHand, path: Path, motors: dict[int, dict[int, int]]) -> list[Finding]:
    strangers = sorted(set(motors.get(hand.drive.baud_rate, {})) - set(hand.motor_ids))
    if not strangers:
        return []
    fix = "unplug them, or give --hand the right file"
    return [Finding(name=f"other motors on {path}", ok=False, found=str(strangers), fix=fix, needed=False)]


def _figures(asked: AskedHand, hand: RobotHand, path: Path, figures: BusFigures, *, needed: bool) -> list[Finding]:
    timer = latency_timer_ms(path)
    slow_timer = (timer or 0) > _SLOW_TIMER_MS or figures.round_trip_ms > _SLOW_PING_MS
    said = f"one ping {figures.round_trip_ms} ms" + ("" if timer is None else f", latency timer {timer} ms")
    return [
        Finding(
            name="read and write rate",
            ok=figures.rate_hz >= _CYCLE_HZ and figures.failed == 0,
            found=f"{figures.rate_hz:.0f} Hz, p99 {figures.cycle_p99_ms} ms, {figures.failed} of 200 cycles failed",
            fix=_rate_fix(hand, figures, slow_timer=slow_timer),
            needed=needed,
        ),
        Finding(
            name="USB latency",
            ok=not slow_timer,
            found=said,
            fix="until the adapter is plugged in again:",
            command=f"echo 1 | sudo tee {latency_timer_path(path)}",
            needed=needed,
        ),
        Finding(
            name="return delay",
            ok=figures.return_delay_us <= 10.0,
            found=f"{figures.return_delay_us:.0f} us for each motor's answer",
            fix="store 0:",
            command=asked.command("hand setup", path),
            needed=needed,
        ),
        *_health(hand, figures, asked.command("hand read", path), needed=needed),
    ]


def _health(hand: RobotHand, figures: BusFigures, reading: str, *, needed: bool) -> list[Finding]:
    """reading: the command that says what is wrong with a motor."""
    if not figures.temperature_c or not figures.supply_v:
        fix = "cables, connectors, termination, power; or a busy machine"
        return [
            Finding(name="temperatures and supply", ok=False, found="no motor reports them", fix=fix, needed=needed)
        ]
    hottest, low, high = max(figures.temperature_c), min(figures.supply_v), max(figures.supply_v)
    return [
        Finding(
            name="temperatures",
            ok=hottest < hand.drive.max_temperature_c - 8.0,
            found=f"up to {hottest} C, limit {hand.drive.max_temperature_c:.0f} C",
            fix="let the hand cool",
            needed=needed,
        ),
        Finding(
            name="supply",
            ok=abs(low / hand.drive.supply_v - 1.0) < 0.1 and abs(high / hand.drive.supply_v - 1.0) < 0.1,
            found=f"{low} to {high} V, nominal {hand.drive.supply_v} V",
            fix=f"check the power supply and its cable: {hand.drive.supply_v} V at the motors, also under load",
            needed=needed,
        ),
        Finding(
            name="latched errors",
            ok=not figures.alerts,
            found=f"motors {list(figures.alerts)}" if figures.alerts else "none",
            fix="find out why, as below, then power the hand off and on:",
            command=reading,
            needed=needed,
        ),
    ]


def _rate_fix(hand: RobotHand, figures: BusFigures, *, slow_timer: bool) -> str:
    """Returns the cause that costs most first."""
    if slow_timer:
        return "the USB latency timer holds every answer back: see USB latency below"
    if figures.return_delay_us > 10.0:
        return "the motors' return delay: see return delay below"
    if figures.needed_ms > 0.5 * 1e3 / _CYCLE_HZ:
        return (
            f"{figures.needed_ms} ms of each cycle are wire time at {hand.drive.baud_rate} baud: "
            "baud_rate: 4000000 in the hand's file, then dexterity hand setup"
        )
    return "failed answers: cables, connectors, termination, power; or a busy machine"
