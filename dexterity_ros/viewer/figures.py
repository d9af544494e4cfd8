"""The figures that the page shows, read from /diagnostics, where anybody may publish anything."""

import json
import math
from collections.abc import Iterable
from typing import Any

from dexterity_ros.contracts.errors import WireError

_LONGEST_VALUE = 4096  # characters; the loop's histogram, the longest of ours, has 300
_GOALS = ("reached", "failed", "consecutive")


def figures(status: str, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Returns the fields of a Snapshot that one status of /diagnostics changes; none for a status that is not shown.

    Args:
        status: its name, `node: task`.
        pairs: its keys and values, each value JSON; NaN counts as not known.

    Raises:
        WireError: a status that is shown holds a value of another kind.
    """
    reader = _READERS.get(status)
    return {} if reader is None else reader(_values(status, pairs))


def _values(status: str, pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, text in pairs:
        try:
            if len(text) > _LONGEST_VALUE:
                raise ValueError
            values[key] = json.loads(text, parse_int=float, parse_constant=lambda _nan: None)
        except (ValueError, RecursionError):
            raise WireError(f"{status}: {key[:40]!r} is {text[:40]!r}, expected JSON") from None
    return values


def _motors(values: dict[str, object]) -> dict[str, Any]:
    """Figures of every motor that has any; a line that is no motor's is left out."""
    motors = {name: motor for name, motor in values.items() if isinstance(motor, dict)}
    wanted = ("current_a", "temperature_c")
    return {
        "motors": {
            name: {key: _number(name, motor[key]) for key in wanted if motor.get(key) is not None}
            for name, motor in motors.items()
        }
    }


def _goals(values: dict[str, object]) -> dict[str, Any]:
    return {"goals": {key: int(_number(key, values.get(key, 0.0))) for key in _GOALS}}


def _p99(key: str, values: dict[str, object]) -> float | None:
    histogram = values.get(key, {})
    if not isinstance(histogram, dict):
        raise WireError(f"{key} is {str(histogram)[:40]!r}, expected figures with p99")
    return None if histogram.get("p99") is None else _number(key, histogram["p99"])


def _number(key: str, value: object) -> float:
    if not isinstance(value, float) or not math.isfinite(value):
        raise WireError(f"{key[:40]!r} is {str(value)[:40]!r}, expected a number")
    return value


_READERS = {
    "hand_node: motors": _motors,
    "hand_node: loop": lambda values: {"age_p99_ms": _p99("observation_age_ms", values)},
    "policy_node: loop": lambda values: {"late_p99_ms": _p99("lateness_ms", values)},
    "goal_node: goals": _goals,
}
