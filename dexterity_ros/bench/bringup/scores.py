"""How far a robot.yaml is from the hidden.yaml. A figure is a row of `ERRORS`: it appears once its step exists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dexterity_ros.bench.bringup import identified
from dexterity_ros.bench.bringup.errors import Errors, covers, half_width
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.robot import RobotSpec


@dataclass(frozen=True, kw_only=True)
class Watchers:
    """Who says what moved. wrong_share: of the person's answers. eyes: the camera says it, or else the person."""

    wrong_share: float
    eyes: bool = False


@dataclass(frozen=True, kw_only=True)
class WalkRow:
    """One walk. robot: what it wrote, None when it wrote nothing. said: why it ended early, or nothing.

    watchers: who said what moved. minutes: of robot time; cpu_s: what it took to compute. figures: what the emulator
    counted. asked, erred: questions, and wrong answers among them.
    """

    seed: int
    watchers: Watchers
    hidden: RobotSpec
    robot: RobotSpec | None
    said: str
    minutes: float
    cpu_s: float
    asked: int
    erred: int
    figures: dict[str, float]


ErrorsOf = Callable[[RobotSpec, RobotSpec], Errors | None]  # of hidden and robot; None: not measured


def signs_right(hidden: RobotSpec, robot: RobotSpec | None) -> bool:
    """Returns whether every sign and id is right."""
    if robot is None or robot.wiring is None or hidden.wiring is None:
        return False
    return (robot.wiring.signs, robot.wiring.motor_ids) == (hidden.wiring.signs, hidden.wiring.motor_ids)


def zeros(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns errors of the zeros in degrees."""
    if hidden.zeros is None:
        return None
    if robot.zeros is None:
        return Errors(missing=len(hidden.zeros.zeros_rad))
    pairs = [(zero, robot.zeros.zeros_rad[name]) for name, zero in hidden.zeros.zeros_rad.items()]
    return Errors(
        errors=tuple(float(np.rad2deg(abs(found.nominal - true.nominal))) for true, found in pairs),
        covered=tuple(inside for true, found in pairs if (inside := covers(found, true.nominal)) is not None),
        half_widths=tuple(float(np.rad2deg(half)) for _, found in pairs if (half := half_width(found)) is not None),
    )


def camera_place(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns how far from its true place the camera is said to stand, mm."""
    if hidden.camera is None:
        return None
    if robot.camera is None:
        return Errors(missing=1)
    off_m = float(np.linalg.norm(np.array(robot.camera.pos_m) - np.array(hidden.camera.pos_m)))
    return Errors(errors=(off_m * 1e3,), covered=_within(off_m, robot.camera.interval_m))


def camera_turn(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns how far from how it truly is turned the camera is said to be turned, degrees."""
    if hidden.camera is None:
        return None
    if robot.camera is None:
        return Errors(missing=1)
    between = rotation_between(np.array(robot.camera.quat_wxyz), np.array(hidden.camera.quat_wxyz))
    off_rad = float(rotation_angle(between))
    return Errors(errors=(float(np.rad2deg(off_rad)),), covered=_within(off_rad, robot.camera.interval_rad))


def _within(off: float, interval: float | None) -> tuple[bool, ...]:
    return () if interval is None else (off <= interval,)


ERRORS: dict[str, ErrorsOf] = {
    "zeros_deg": zeros,
    "camera_mm": camera_place,
    "camera_deg": camera_turn,
    "delay_ms": identified.delay,
    "stiffness_percent": identified.stiffness,
    "damping_percent": identified.damping,
    "friction_percent": identified.friction,
    "held_out_floors": identified.held_out,
}


def errors_of_walk(row: WalkRow) -> dict[str, Errors]:
    """Returns the errors of each quantity that was hidden; a walk that wrote nothing lacks all of them."""
    robot = row.robot or RobotSpec(name="none", hand=row.hidden.hand, hand_digest=row.hidden.hand_digest)
    found = {name: errors_of(row.hidden, robot) for name, errors_of in ERRORS.items()}
    return {name: errors for name, errors in found.items() if errors is not None}


def summary(rows: Sequence[WalkRow]) -> dict[str, Any]:
    """Returns the figures of all walks that were started; at least one."""
    of_walks = [errors_of_walk(row) for row in rows]
    found = {name: [errors[name] for errors in of_walks if name in errors] for name in ERRORS}
    covered = [inside for each in found.values() for errors in each for inside in errors.covered]
    return {
        "robots": len(rows),
        "finished": sum(not row.said for row in rows),
        "signs_right": sum(signs_right(row.hidden, row.robot) for row in rows),
        **{name: _spread(each) for name, each in found.items() if each},
        "covered_percent": round(100.0 * float(np.mean(covered)), 1) if covered else None,
        "minutes": {"p50": _round(np.median([r.minutes for r in rows])), "max": _round(max(r.minutes for r in rows))},
        "cpu_s": {"p50": _round(np.median([r.cpu_s for r in rows])), "max": _round(max(r.cpu_s for r in rows))},
        "answers_wrong": f"{sum(row.erred for row in rows)} of {sum(row.asked for row in rows)}",
        "most_rad_s": _round(max(row.figures["most_rad_s"] for row in rows)),
        "most_a": _round(max(row.figures["most_a"] for row in rows)),
        "motors_with_torque": sum(int(row.figures["motors_with_torque"]) for row in rows),
        "walks": [_walk(row, errors) for row, errors in zip(rows, of_walks, strict=True)],
    }


def _spread(found: list[Errors]) -> dict[str, float]:
    """Returns how large the errors of one quantity are, how many truths have none, and what its intervals are worth."""
    errors = [error for each in found for error in each.errors]
    halves = [half for each in found for half in each.half_widths]
    covered = [inside for each in found for inside in each.covered]
    spread = {"p50": _round(np.median(errors)), "p95": _round(np.quantile(errors, 0.95))} if errors else {}
    if halves:
        spread |= {"half_width_p50": _round(np.median(halves)), "covered_percent": _round(100.0 * np.mean(covered))}
    missing = sum(each.missing for each in found)
    return spread | ({"missing": missing} if missing else {})


def _walk(row: WalkRow, found: dict[str, Errors]) -> dict[str, Any]:
    return {
        "seed": row.seed,
        "signs_right": signs_right(row.hidden, row.robot),
        "worst": {name: _round(max(errors.errors)) for name, errors in found.items() if errors.errors},
        "most_rad_s": _round(row.figures["most_rad_s"]),
        "minutes": _round(row.minutes),
        "asked": row.asked,
        "erred": row.erred,
        "said": row.said,
    }


def _round(value: Any) -> float:
    return round(float(value), 3)
