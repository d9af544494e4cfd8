"""What hand_node says about itself and its motors on /diagnostics."""

from collections import Counter
from typing import Any

from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.nodes.hand.setup import HandSetup
from dexterity_ros.ros.diagnostics import loop_values
from dexterity_ros.runtime.deadline_loop import DeadlineLoop, Histogram
from dexterity_ros.runtime.hand_tick import HandTick
from dexterity_ros.runtime.motor_figures import motor_figures
from dexterity_ros.safety.faults import GATE_FAULTS, REACTIONS, Reaction

_LEVELS = {Reaction.WARN: "warn", Reaction.HOLD: "error", Reaction.STOP: "error"}


class HandFigures:
    """Counts faults and ages of cycles; the control loop adds, the executor reports."""

    def __init__(self, setup: HandSetup, port: HandPort) -> None:
        self._setup, self._port = setup, port
        self._ages = Histogram()
        self._counts: Counter[str] = Counter()
        self._present: tuple[Fault, ...] = ()

    def add(self, tick: HandTick, now_ns: int) -> None:
        """Adds one cycle."""
        self._present = tick.faults
        self._counts.update(str(fault.code) for fault in tick.faults)
        if tick.written_target is not None:
            self._ages.add((now_ns - int(tick.written_target.stamp_ns)) * 1e-9)

    def count(self, code: str) -> None:
        """Counts a fault that did not come from a cycle."""
        self._counts[str(code)] += 1

    def of_loop(self, loop: DeadlineLoop, state: str) -> tuple[str, str, dict[str, Any]]:
        """Returns (level, message, values) of the control loop."""
        values = loop_values(loop) | {
            "observation_age_ms": self._ages.milliseconds(),
            "faults": dict(self._counts),
            "nominal": self._setup.nominal,
            "shadow": self._setup.shadow,
        }
        return "ok", state or "not configured", values

    def of_motors(self) -> tuple[str, str, dict[str, Any]]:
        """Returns (level, message, values per joint) of the motors as they are now."""
        faults = [fault for fault in self._present if fault.code not in GATE_FAULTS]
        worst = max((REACTIONS[fault.code] for fault in faults), default=None)
        level = "ok" if worst is None else _LEVELS[worst]
        health = self._port.health()
        motors = {} if health is None else motor_figures(self._setup.hand, health)
        return level, "; ".join(map(str, faults)) or "ok", motors
