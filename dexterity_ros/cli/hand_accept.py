"""dexterity hand accept"""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from dexterity_ros.bringup import acceptance
from dexterity_ros.bringup.acceptance_rig import Rig
from dexterity_ros.bringup.manual import ManualHand, RealClock
from dexterity_ros.bringup.person import AgreeingPerson
from dexterity_ros.cli.hand_port import hand_spec, port_path
from dexterity_ros.cli.options.hand import HandAcceptOptions
from dexterity_ros.cli.output import console, say, write_json
from dexterity_ros.cli.terminal_person import TerminalPerson
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.open import bus_on_port
from dexterity_ros.runtime.ending import interrupt_once


def accept(options: HandAcceptOptions) -> int:
    """Runs the acceptance and writes its report; status 1 when a step failed."""
    interrupt_once()
    spec = hand_spec(options)
    path = port_path(options.port)
    rig = _rig(spec, path, options)
    try:
        results = acceptance.run_acceptance(rig, _say)
    finally:
        rig.manual.close()  # also when a person ends it half-way
    accepted = len(results) == acceptance.STEPS and all(result.ok for result in results)
    text = acceptance.report(results, _header(spec, path, options))
    options.report.write_text(text, encoding="utf-8", errors="backslashreplace")
    say(f"{'accepted' if accepted else 'NOT accepted'}; wrote {options.report}")
    write_json(options.json, {"accepted": accepted, "steps": acceptance.as_dicts(results)})
    return int(not accepted)


def _rig(spec: RobotHand, path: str, options: HandAcceptOptions) -> Rig:
    again = [options.hand, *([] if options.baud is None else ["--baud", str(options.baud)])]
    again += ["--robot", options.robot] if options.robot else []
    return Rig(
        manual=ManualHand(spec, bus_on_port(spec, path), RealClock()),
        open_bus=bus_on_port(spec, path),
        clock=RealClock(),
        ask=(lambda _question: True) if options.yes else _ask,
        person=AgreeingPerson() if options.yes else TerminalPerson(),
        kill_holding=_holding_process(path, again),
        hold_s=options.seconds,
    )


def _say(result: acceptance.StepResult) -> None:
    mark = "[green]pass[/green]" if result.ok else "[red]FAIL[/red]"
    console.print(f"{mark} {result.name}: {result.said}", highlight=False)


def _header(spec: RobotHand, path: str, options: HandAcceptOptions) -> dict[str, Any]:
    """Returns what the report begins with."""
    return {
        "hand": spec.name,
        "individual": spec.individual,
        "port": path,
        "baud rate": spec.drive.baud_rate,
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "questions": "answered by --yes" if options.yes else "answered by a person",
    }


def _ask(question: str) -> bool:
    return input(f"{question} [y/n] ").strip().lower().startswith("y")


def _holding_process(path: str, again: list[str]) -> Callable[[], None]:
    """Returns what starts `dexterity hand hold`, waits until it holds, and kills it."""

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
