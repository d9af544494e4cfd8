"""Scripted acceptance of a hand: what must be seen on the real one before a policy runs on it, as a report to sign."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from dexterity_ros.bringup import motion_steps, motor_steps
from dexterity_ros.bringup.acceptance_rig import Rig
from dexterity_ros.contracts.errors import DexterityError

_NOBODY = "nobody can answer: the input is closed; run it in a terminal"


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What came of a step. settles: assumptions of the emulator that it answers, docs/assumptions.md."""

    name: str
    ok: bool
    said: str
    settles: str = ""


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


_STEPS: tuple[tuple[str, str, Step], ...] = (
    ("motors and settings", "", motor_steps.motors),
    ("no strangers", "", motor_steps.strangers),
    ("bus rate", "A6", motor_steps.rates),
    ("limp before arming", "", motion_steps.limp),
    ("arming moves nothing", "A1, A2", motion_steps.arming),
    ("one joint at a time", "", motion_steps.signs),
    ("home pose", "", motion_steps.home),
    ("limits", "A9", motion_steps.limits),
    ("torque off", "", motor_steps.stop_time),
    ("bus watchdog", "A3, A4", motor_steps.watchdog),
    ("kill -9", "A3", motor_steps.killed),
    ("reboot", "A8", motor_steps.reboot),
    ("warming up", "A7", motion_steps.heat),
)
STEPS = len(_STEPS)
