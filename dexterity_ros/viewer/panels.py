"""What the panel of the live page says, as HTML."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.samples import CloudSample, PoseSample
from dexterity_ros.viewer.state_words import advice, said, tone

_BADGE, _NOTE = 60, 240  # characters; anybody may publish a state
_GRID = "display:grid;grid-template-columns:1fr 1fr 1fr;gap:5px 8px;margin:5px 0"
_LEGEND = (("#7e92a8", "&#9632;", "measured"), ("#f0a03c", "&#9632;", "target"))  # colours as in viewer/scene.py
_SEEN = (("#c8c8c8", "&#9642;", "seen points"), ("", "", "faint: goal"))
_POINTS = (  # of a policy that sees points
    ("#5aa9e6", "&#9642;", "points of the object"),
    ("#be82dc", "&#9642;", "of the hand"),
    ("#6ec878", "&#9642;", "of the goal"),
)
_TONES = {"good": "#2f8f4e", "wait": "#c27a13", "bad": "#c9403b", "idle": "#6b7682"}


@dataclass(kw_only=True)
class Snapshot:
    """What is known at one moment; None = nothing has come. faults: messages that were refused, newest last.

    troubles: what held the hand, each fault once (viewer/fault_log.py).
    goal_cloud, distance_rad: what a policy of points is shown as its goal, and how far it thinks that is.

    late_p99_ms: of the policy's loop; age_p99_ms: from measurement to write, as hand_node counts it.
    """

    joints_rad: Floats | None = None
    target_rad: Floats | None = None
    object_pose: PoseSample | None = None
    goal_quat_wxyz: Floats | None = None
    cloud: CloudSample | None = None
    goal_cloud: CloudSample | None = None
    distance_rad: float | None = None
    image: NDArray[np.uint8] | None = None
    supervisor: str = ""
    hand_state: str = ""
    policy_state: str = ""
    motors: dict[str, dict[str, float]] = field(default_factory=dict)
    late_p99_ms: float | None = None
    age_p99_ms: float | None = None
    goals: dict[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


def state_html(now: Snapshot) -> str:
    """Returns what to do, who says what, figures, and what held the hand."""
    what, how = advice(now.supervisor, now.hand_state, now.policy_state)
    rows = (("supervisor", now.supervisor), ("hand", now.hand_state), ("policy", now.policy_state))
    badges = "".join(_cell(name, said(state)[:_BADGE], tone(state)) for name, state in rows)
    notes = [*now.troubles, *now.faults[-2:]]
    told = "".join(f"<div style='font-size:12px;margin-top:3px'>{html.escape(text[:_NOTE])}</div>" for text in notes)
    return (
        f"<div style='padding:0 12px'>{_box('', html.escape(what[:_NOTE]), how)}{_legend(now)}"
        f"<div style='{_GRID}'>{badges}</div><div style='{_GRID}'>{_figures(now)}</div>{told}</div>"
    )


def _legend(now: Snapshot) -> str:
    """Returns what the colours of the scene mean."""
    rows = (*_LEGEND, *(_SEEN if now.goal_cloud is None else _POINTS))
    marks = "".join(f"<span><b style='color:{colour}'>{mark}</b> {text}</span>" for colour, mark, text in rows)
    return f"<div style='display:flex;flex-wrap:wrap;gap:1px 9px;font-size:11px;margin:4px 0'>{marks}</div>"


def _figures(now: Snapshot) -> str:
    late, age = now.late_p99_ms, now.age_p99_ms
    guessed = () if now.distance_rad is None else (("thinks the goal is", f"{now.distance_rad:.2f} rad off"),)
    figures = (
        *guessed,
        ("goals reached", now.goals.get("reached", 0)),
        ("missed", now.goals.get("failed", 0)),
        ("in a row", now.goals.get("consecutive", 0)),
        ("loop late p99", "-" if late is None else f"{late:.2f} ms"),
        ("sample age p99", "-" if age is None else f"{age:.0f} ms"),
    )
    return "".join(_cell(name, str(value)) for name, value in figures)


def _cell(name: str, value: str, tone: str = "") -> str:
    """Returns a figure under its name, with a coloured edge where it has a tone."""
    edge = f"border-left:4px solid {_TONES[tone]};padding-left:6px" if tone else ""
    return (
        f"<div style='{edge};overflow-wrap:anywhere;line-height:1.25'><span style='opacity:.75;font-size:11px'>"
        f"{html.escape(name)}</span><br><b style='font-size:13px'>{html.escape(value)}</b></div>"
    )


def answer_html(request: str, tone: str, lines: Sequence[str]) -> str:
    """Returns what came of a request: one line each, in one box. tone: good, wait, bad or idle."""
    text = "<br>".join(html.escape(line) for line in lines)
    return f"<div style='padding:0 12px'>{_box(request, text, tone)}</div>"


def badge(name: str, text: str, tone: str) -> str:
    """Returns one line with a coloured edge. tone: good, wait, bad or idle."""
    return _box(name, html.escape(text), tone)


def _box(name: str, inner: str, tone: str) -> str:
    colour = _TONES[tone]
    label = f"<span style='opacity:.7;font-size:11px'>{html.escape(name)}</span> " if name else ""
    return (
        f"<div style='margin:4px 0;padding:4px 10px;border-left:5px solid {colour};background:{colour}22;"
        f"overflow-wrap:anywhere'>{label}<b>{inner}</b></div>"
    )


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
