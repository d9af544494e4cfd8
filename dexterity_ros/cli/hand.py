"""dexterity hand"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

if TYPE_CHECKING:
    from dexterity_ros.bringup.manual import ManualHand
    from dexterity_ros.contracts.hand import HandSpec

_TO_THE_END = 1e9


def hand(
    action: Annotated[Literal["read", "hold", "home", "jog", "setup", "accept"], tyro.conf.Positional],
    joint: Annotated[str, tyro.conf.Positional] = "",
    /,
    port: str = "",
    hand: str = "leap",
    baud: int | None = None,
    by_rad: float = 0.1,
    seconds: float = 0.0,
    current_a: float | None = None,
    yes: bool = False,
    report: Path = Path("acceptance.md"),
    json: Path | None = None,
) -> int:
    """Bring up a hand on its serial port, without ROS. Everything that moves is eased, gated, and let go at the end.

    read: positions, speeds, currents, temperatures, supply; nothing moves. hold: torque on where the hand stands.
    home: ease to the home pose. jog JOINT: ease one joint by --by-rad from where the hand stands. These three hold
    until --seconds, Ctrl-C, `kill` or the end of their terminal, then let go. setup [JOINT]: with the whole hand
    connected, store again what another program changed in its motors; otherwise give factory motors (id 1, 57600 baud)
    their id, baud rate and limits, one motor connected at a time; with JOINT only that one. accept: the scripted
    acceptance of a hand, about ten minutes, writes a report to sign; status 1 when a step failed.

    JSON keys: read: joints {name: {motor, pos_rad, vel_rad_s, current_a, temperature_c, supply_v}}. accept: accepted,
    steps, a list of {name, ok, said, settles}.

    Args:
        action: what to do.
        joint: joint name of the hand's file, for jog and setup.
        port: serial port; default: the only one found.
        hand: name in config/hands or path of a YAML file.
        baud: baud rate of the motors instead of the hand file's.
        by_rad: for jog, how far.
        seconds: for hold, home and jog, how long to hold; 0 = until Ctrl-C. For accept, how long to warm up (120).
        current_a: current limit; default: the hand's ceiling.
        yes: answer every question of accept with yes; for tests on an emulated hand.
        report: where accept writes its report.
        json: write what was read, or the acceptance, to this file.
    """
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.runtime.ending import interrupt_once

    asked_to_end = interrupt_once()
    spec = load_hand(hand)
    spec = spec if baud is None else replace(spec, baud_rate=baud)
    if joint or action == "jog":
        _joint_index(spec, joint)
    path = port or _only_port()
    if action == "setup":
        return _set_up(spec, path, joint)
    if action == "accept":
        again = [hand, *([] if baud is None else ["--baud", str(baud)])]
        return _accept(spec, path, again, seconds or 120.0, yes, report, json)
    manual = _connected(spec, path, current_a, asked_to_end)
    try:
        if action == "read":
            return _read(manual, json)
        return _move(manual, action, joint, by_rad, seconds or _TO_THE_END)
    finally:
        manual.close()


def _joint_index(spec: "HandSpec", joint: str) -> int:
    from dexterity_ros.contracts.errors import ConfigError

    if joint not in spec.joint_names:
        raise ConfigError(f"hand {spec.name} has no joint {joint!r}; it has {list(spec.joint_names)}")
    return spec.joint_names.index(joint)


def _only_port() -> str:
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.drivers.dynamixel.discovery import find_ports

    ports = [str(port) for port in find_ports()]
    if len(ports) != 1:
        raise ConfigError(
            f"name the motors' port with --port; found {ports or 'no serial port: is the hand plugged in?'}"
        )
    return ports[0]


def _connected(spec: "HandSpec", path: str, current_a: float | None, asked_to_end: Callable[[], bool]) -> "ManualHand":
    from dexterity_ros.bringup.manual import ManualHand, RealClock
    from dexterity_ros.drivers.dynamixel.native_bus import open_native

    manual = ManualHand(
        spec,
        lambda: open_native(path, spec.baud_rate),
        RealClock(),
        current_limit_a=current_a,
        asked_to_end=asked_to_end,
    )
    manual.connect()
    return manual


def _read(manual: "ManualHand", json: Path | None) -> int:
    from dexterity_ros.cli.output import console, joint_table, write_json

    sample, health = manual.look(), manual.driver.health()
    assert health is not None
    rows = {
        joint.name: {
            "motor": joint.motor_id,
            "pos_rad": round(float(sample.pos_rad[i]), 4),
            "vel_rad_s": round(float(sample.vel_rad_s[i]), 3),
            "current_a": round(float(health.current_a[i]), 3),
            "temperature_c": float(health.temperature_c[i]),
            "supply_v": round(float(health.supply_v[i]), 1),
        }
        for i, joint in enumerate(manual.spec.joints)
    }
    console.print(joint_table(manual.spec.name, rows, manual.spec))
    write_json(json, {"joints": rows})
    return 0


def _move(manual: "ManualHand", action: str, joint: str, by_rad: float, seconds: float) -> int:
    import numpy as np

    from dexterity_ros.cli.output import console

    pose = manual.look().pos_rad
    if action == "home":
        pose = np.array(manual.spec.home_pos_rad)
    if action == "jog":
        i = _joint_index(manual.spec, joint)
        asked = pose[i] + by_rad
        pose[i] = np.clip(asked, manual.spec.lower_rad[i], manual.spec.upper_rad[i])
        console.print(f"{joint}: to {pose[i]:.3f} rad" + (", its limit" if pose[i] != asked else ""))
    try:
        manual.ease_to(pose)
        console.print("holding; Ctrl-C lets go" if seconds >= _TO_THE_END else f"holding for {seconds:g} s")
        manual.hold(seconds)
    except KeyboardInterrupt:
        manual.let_go()  # before a word about it: the terminal may be gone
        console.print("let go")
    else:
        manual.let_go()
    return 0


def _set_up(spec: "HandSpec", path: str, joint: str) -> int:
    from dexterity_ros.bringup.manual import HandError
    from dexterity_ros.bringup.motor_setup import mend_whole_hand, set_up_motor
    from dexterity_ros.cli.output import console
    from dexterity_ros.drivers.dynamixel.discovery import scan
    from dexterity_ros.drivers.dynamixel.native_bus import open_native

    done = None if joint else mend_whole_hand(spec, lambda: open_native(path, spec.baud_rate))
    if done is not None:
        console.print("\n".join(done) or "every motor has stored what the hand needs", highlight=False)
        return 0
    for name in (joint,) if joint else spec.joint_names:
        try:
            input(f"Connect only the motor of {name}, with power, then press Enter (Ctrl-C ends): ")
        except EOFError as error:
            raise HandError("nobody can connect motors: the input is closed; run it in a terminal") from error
        i = _joint_index(spec, name)
        console.print(set_up_motor(spec, i, lambda: scan(path), lambda baud: open_native(path, baud)))
    return 0


def _accept(
    spec: "HandSpec", path: str, again: list[str], hold_s: float, yes: bool, report: Path, json: Path | None
) -> int:
    from dexterity_ros.bringup import acceptance
    from dexterity_ros.bringup.manual import ManualHand, RealClock
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.drivers.dynamixel.native_bus import open_native

    def say(result: acceptance.StepResult) -> None:
        mark = "[green]pass[/green]" if result.ok else "[red]FAIL[/red]"
        console.print(f"{mark} {result.name}: {result.said}", highlight=False)

    rig = acceptance.Rig(
        manual=ManualHand(spec, lambda: open_native(path, spec.baud_rate), RealClock()),
        open_bus=lambda: open_native(path, spec.baud_rate),
        clock=RealClock(),
        ask=(lambda _question: True) if yes else _ask,
        kill_holding=_holding_process(path, again),
        hold_s=hold_s,
    )
    try:
        results = acceptance.run_acceptance(rig, say)
    finally:
        rig.manual.close()  # also when a person ends it half-way
    accepted = len(results) == acceptance.STEPS and all(result.ok for result in results)
    header: dict[str, Any] = {"hand": spec.name, "port": path, "baud rate": spec.baud_rate}
    header |= {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "questions": "answered by --yes" if yes else "answered by a person",
    }
    report.write_text(acceptance.report(results, header))
    console.print(f"{'accepted' if accepted else 'NOT accepted'}; wrote {report}")
    write_json(json, {"accepted": accepted, "steps": acceptance.as_dicts(results)})
    return int(not accepted)


def _ask(question: str) -> bool:
    return input(f"{question} [y/n] ").strip().lower().startswith("y")


def _holding_process(path: str, again: list[str]) -> Callable[[], None]:
    def hold_and_kill() -> None:
        holding = [sys.executable, "-u", "-m", "dexterity_ros.cli.main", "hand", "hold"]
        command = [*holding, "--port", path, "--hand", *again]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            try:
                for line in child.stdout:
                    if line.startswith("holding"):
                        break
            except KeyboardInterrupt:
                child.terminate()  # it lets go of the hand
                child.wait()
                raise
            child.kill()

    return hold_and_kill
