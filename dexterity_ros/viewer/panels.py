"""What the panel of the live page says, as HTML."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.samples import CloudSample, PoseSample

_TONES = {"good": "#2f8f4e", "wait": "#c27a13", "bad": "#c9403b", "idle": "#6b7682"}


@dataclass(kw_only=True)
class Snapshot:
    """What is known at one moment; None = nothing has come. faults: newest last.

    late_p99_ms: of the policy's loop; age_p99_ms: from measurement to write, as hand_node counts it.
    """

    joints_rad: Floats | None = None
    target_rad: Floats | None = None
    object_pose: PoseSample | None = None
    goal_quat_wxyz: Floats | None = None
    cloud: CloudSample | None = None
    image: NDArray[np.uint8] | None = None
    supervisor: str = ""
    hand_state: str = ""
    policy_state: str = ""
    motors: dict[str, dict[str, float]] = field(default_factory=dict)
    late_p99_ms: float | None = None
    age_p99_ms: float | None = None
    goals: dict[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def state_html(now: Snapshot) -> str:
    """Returns states, figures and the last faults."""
    rows = [
        badge("supervisor", now.supervisor or "silent", _tone(now.supervisor)),
        badge("hand", now.hand_state or "silent", _tone(now.hand_state)),
        badge("policy", now.policy_state or "silent", _tone(now.policy_state)),
    ]
    late, age = now.late_p99_ms, now.age_p99_ms
    figures = [
        ("goals reached", now.goals.get("reached", 0)),
        ("missed", now.goals.get("failed", 0)),
        ("in a row", now.goals.get("consecutive", 0)),
        ("loop late p99", "-" if late is None else f"{late:.2f} ms"),
        ("sample age p99", "-" if age is None else f"{age:.0f} ms"),
    ]
    cells = "".join(
        f"<div style='flex:1 0 28%;padding:3px 0'><b style='font-size:16px'>{html.escape(str(value))}</b><br>"
        f"<span style='opacity:.7;font-size:11px'>{html.escape(name)}</span></div>"
        for name, value in figures
    )
    faults = "".join(f"<div style='font-size:12px;opacity:.85'>{html.escape(text)}</div>" for text in now.faults[-4:])
    wrapped = f"<div style='display:flex;flex-wrap:wrap'>{cells}</div>"
    return f"<div style='padding:0 12px'>{''.join(rows)}{wrapped}{faults}</div>"


def answer_html(request: str, tone: str, lines: Sequence[str]) -> str:
    """Returns what came of a request: one line each, in one box. tone: good, wait, bad or idle."""
    text = "<br>".join(html.escape(line) for line in lines)
    return f"<div style='padding:0 12px'>{_box(request, text, tone)}</div>"


def badge(name: str, text: str, tone: str) -> str:
    """Returns one line with a coloured edge. tone: good, wait, bad or idle."""
    return _box(name, html.escape(text), tone)


def _box(name: str, inner: str, tone: str) -> str:
    colour = _TONES[tone]
    return (
        f"<div style='margin:4px 0;padding:4px 10px;border-left:5px solid {colour};background:{colour}22;"
        f"overflow-wrap:anywhere'><span style='opacity:.7;font-size:11px'>{html.escape(name)}</span> "
        f"<b>{inner}</b></div>"
    )


def _tone(state: str) -> str:
    kind = state.split(":")[0]
    if kind in ("armed", "following", "acting"):
        return "good"
    if kind in ("stopped", "estop", "letting_go"):
        return "bad"
    return "idle" if kind in ("", "limp", "disarmed", "ready") else "wait"


def joints_html(hand: HandFile, now: Snapshot) -> str:
    """Returns a table of joints: where they are between their limits, current, temperature."""
    rows = []
    for k, joint in enumerate(hand.joints):
        motor = now.motors.get(joint.name, {})
        at = None if now.joints_rad is None else float(now.joints_rad[k])
        wanted = None if now.target_rad is None else float(now.target_rad[k])
        current, warm = motor.get("current_a"), motor.get("temperature_c")
        hot = warm is not None and warm >= hand.drive.max_temperature_c - 8.0
        rows.append(
            f"<tr><td>{html.escape(joint.name)}</td><td style='width:45%'>"
            f"{_bar(joint.lower_rad, joint.upper_rad, at, wanted)}</td>"
            f"<td style='text-align:right'>{'-' if current is None else f'{current:.2f}'}</td>"
            f"<td style='text-align:right;{'color:#f07a74;font-weight:700' if hot else ''}'>"
            f"{'-' if warm is None else f'{warm:.0f}'}</td></tr>"
        )
    head = "<tr style='opacity:.7'><th style='text-align:left'>joint</th><th>limits</th><th>A</th><th>C</th></tr>"
    return f"<div style='padding:0 12px'><table style='width:100%;font-size:12px'>{head}{''.join(rows)}</table></div>"


def _bar(lower: float, upper: float, at: float | None, wanted: float | None) -> str:
    """Returns a bar from limit to limit with the measured (wide) and the wanted (thin) position in it."""
    marks = ""
    for value, width, colour in ((wanted, 3, "#f0a03c"), (at, 7, "#5aa9e6")):
        if value is not None:
            share = 100.0 * min(max((value - lower) / (upper - lower), 0.0), 1.0)
            marks += (
                f"<div style='position:absolute;left:calc({share:.1f}% - {width / 2}px);top:0;width:{width}px;"
                f"height:9px;background:{colour};border-radius:2px'></div>"
            )
    return f"<div style='position:relative;height:9px;background:#8884;border-radius:3px'>{marks}</div>"
