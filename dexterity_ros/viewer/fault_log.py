"""Faults of a running system as a person wants them told: each once, how often, how long in all, how long ago."""

from collections.abc import Mapping
from dataclasses import dataclass

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.safety.fault_words import LOOK_AT, fault_code, fault_name

_SHOWN = 3
_FORGOTTEN_S = 600.0  # a fault that was last there so long ago is no news
_FOLLOWS = (FaultCode.NOT_ARMED, FaultCode.TARGET_STALE)  # what a hand says because others said why


@dataclass(kw_only=True)
class _Told:
    """One fault: how often it came, how long it was there in all, since when it is there, when it last was."""

    times: int = 0
    total_s: float = 0.0
    last_s: float = 0.0
    present: bool = False


class FaultLog:
    """Takes every state as it is heard; a fault that two notice at once is one."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self._faults: dict[FaultCode, _Told] = {}
        self._heard_s: float | None = None

    def hear(self, who: str, state: str, now_s: float) -> None:
        """Takes what supervisor, hand or policy says at a moment, monotonic."""
        self._pass(now_s)
        self._states[who] = state
        present = _present(self._states)
        for code in present:
            told = self._faults.setdefault(code, _Told())
            told.times += not told.present
            told.present, told.last_s = True, now_s
        for code, told in self._faults.items():
            told.present = code in present

    def lines(self, now_s: float) -> tuple[str, ...]:
        """Returns the faults of late, the newest first."""
        self._pass(now_s)
        known = [(code, told) for code, told in self._faults.items() if now_s - told.last_s < _FORGOTTEN_S]
        known.sort(key=lambda pair: (not pair[1].present, -pair[1].last_s))
        return tuple(_line(code, told, now_s) for code, told in known[:_SHOWN])

    def _pass(self, now_s: float) -> None:
        """Counts the time since the last look for what has been there all the while."""
        elapsed_s = 0.0 if self._heard_s is None else max(now_s - self._heard_s, 0.0)
        self._heard_s = now_s
        for told in self._faults.values():
            if told.present:
                told.total_s += elapsed_s
                told.last_s = now_s


def _present(states: Mapping[str, str]) -> set[FaultCode]:
    """Returns the faults that hold the hand now: none before it is armed, no policy's that has nothing to do."""
    if not states.get("supervisor", "").startswith(("armed", "hold", "stopped")):
        return set()
    codes = {code for state in states.values() if (code := fault_code(state)) is not None}
    causes = codes - set(_FOLLOWS)
    return causes or codes - {FaultCode.NOT_ARMED}


def _line(code: FaultCode, told: _Told, now_s: float) -> str:
    often = "" if told.times == 1 else f" {told.times} times,"
    when = "now" if told.present else f"last {now_s - told.last_s:.0f} s ago"
    return f"{fault_name(code)}{often} {told.total_s:.1f} s in all, {when}: look at {LOOK_AT[code]}"
