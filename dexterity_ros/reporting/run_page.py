"""A recorded run as a page: what happened, what was wrong, and the numbers to look for a cause."""

from typing import Any

import numpy as np
import yaml

from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.replay.finding import Finding
from dexterity_ros.replay.goal_record import recorded_goals
from dexterity_ros.replay.held import spans
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.timing import ages_ms
from dexterity_ros.reporting.motion_sections import joints_section, motors_section, object_section
from dexterity_ros.reporting.page import (
    COLOURS,
    Figure,
    Page,
    Section,
    drawing,
    legend,
    preformatted,
    table,
)
from dexterity_ros.reporting.run_data import compared, diagnostics, findings, picture, seconds
from dexterity_ros.reporting.source_sections import source_sections

_BANDS = {
    "following": "#3a9d5d", "easing": "#3b82c4", "easing_out": "#3b82c4", "holding": "#e08a1e", "limp": "#9aa3ad",
    "armed": "#3a9d5d", "ready": "#3b82c4", "disarmed": "#9aa3ad", "hold": "#e08a1e", "stopped": "#c9504b",
    "acting": "#3a9d5d",
}  # fmt: skip
_FAULT = "#e08a1e"
_KEY_FRAMES = 6


class RunPage:
    """Collects the sections of one run."""

    def __init__(self, run: RunRecord) -> None:
        self._run, self._bag = run, run.bag
        self._begin = run.bag.start_ns
        self._goals, self._states = recorded_goals(run), run.states
        self._diagnostics = diagnostics(run)
        self._comparison = compared(run)
        self._findings = findings(run, self._comparison)

    def page(self) -> Page:
        """Returns the page."""
        run = self._run
        name = run.bag.info.get("policy", "no policy")
        motors = motors_section(run, self._diagnostics.get("hand_node: motors", []))
        sections = [self._timeline(), joints_section(run), motors, object_section(run, self._goals)]
        sections += source_sections(run)
        sections += [self._timing(), self._ranges(), self._pictures(), self._what_ran()]
        return Page(
            title=f"Run {run.bag.path.name}",
            subtitle=f"{name}, hand {run.hand.name}, {run.bag.duration_s:.0f} s, dexterity_ros "
            f"{run.bag.info.get('code_version', 'of unknown version')}",
            tiles=self._tiles(),
            alarms=self.alarms,
            sections=tuple(s for s in sections if s is not None),
        )

    def _tiles(self) -> tuple[tuple[str, str, str], ...]:
        ended = [g for g in self._goals if g.ended]
        reached = sum(g.ended == "reached" for g in ended)
        loop = self._last("policy_node: loop")
        late = loop.get("lateness_ms", {}).get("p99")
        age = self._last("hand_node: loop").get("observation_age_ms", {}).get("p99")
        stopped = any(text.startswith("stopped") for _, text in self._states["supervisor"])
        return (
            ("goals reached", f"{reached} of {len(ended)}", "plain"),
            ("drops", str(sum(g.ended == "dropped" for g in ended)), "plain"),
            self._compared_tile(),
            ("time held by faults", f"{self._held_s():.1f} s", "bad" if self._held_s() > 1.0 else "plain"),
            ("stopped by safety", "yes" if stopped else "no", "bad" if stopped else "good"),
            ("loop lateness p99", "-" if late is None else f"{late:.2f} ms", "plain"),
            ("observation age p99", "-" if age is None else f"{age:.0f} ms", "plain"),
        )

    def _compared_tile(self) -> tuple[str, str, str]:
        if self._comparison is None:
            return ("compare found", "not compared", "plain")
        found = len(self._findings)
        return ("compare found", f"{found} findings" if found else "nothing", "bad" if found else "good")

    @property
    def alarms(self) -> tuple[str, ...]:
        """What was wrong in sentences, the first cause first; damage of the file is told by who reads it."""
        return tuple(_sentence(finding) for finding in self._findings if finding.kind != "damage")

    def _held_s(self) -> float:
        held = spans(self._states["supervisor"], self._bag.end_ns)
        return sum((end - begin) * 1e-9 for begin, end, text in held if text.startswith(("hold", "stopped")))

    def _last(self, name: str) -> dict[str, Any]:
        rows = self._diagnostics.get(name, [])
        return dict(rows[-1][1]) if rows else {}

    def _timeline(self) -> Section:
        figure, axes = drawing(height_in=2.2)
        axis = axes[0, 0]
        rows: dict[str, list[Any]] = {"who": [], "begin_s": [], "end_s": [], "state": []}
        for y, (who, states) in enumerate(self._states.items()):
            for begin, end, text in spans(states, self._bag.end_ns):
                kind = text.split(":")[0]
                begin_s, end_s = seconds(self._run, [begin, end])
                axis.barh(y, (end - begin) * 1e-9, left=begin_s, height=0.7, color=_BANDS.get(kind, _FAULT))
                for key, value in zip(rows, (who, begin_s, end_s, text), strict=True):
                    rows[key].append(value if isinstance(value, str) else round(float(value), 3))
        for goal in self._goals:
            if goal.ended:
                mark, colour = ("^", COLOURS[2]) if goal.ended == "reached" else ("x", COLOURS[3])
                axis.plot(seconds(self._run, goal.end_ns), -1, mark, color=colour, markersize=6)
        axis.set_yticks([-1, 0, 1, 2], ["goals", *self._states])
        axis.set_xlabel("s")
        axis.set_xlim(0.0, self._bag.duration_s or 1.0)
        note = (
            "Green: armed, following, acting. Orange: held, with the fault. Triangles: goals reached, crosses: missed."
        )
        rows["state"] = [f'"{text}"' for text in rows["state"]]
        rows_of_goals = [
            (
                f"{seconds(self._run, g.begin_ns):.1f}", f"{g.angle_rad:.2f}", g.ended or "open",
                f"{g.time_s:.1f}" if g.ended else "-",
            )
            for g in self._goals
        ]  # fmt: skip
        return Section(
            title="What happened",
            figures=(Figure(name="timeline", note=note, drawing=figure, columns=rows),),
            details={
                f"{len(rows_of_goals)} goals": table(("begun at s", "angle rad", "outcome", "after s"), rows_of_goals)
            },
        )

    def _timing(self) -> Section:
        figures = []
        ticks = self._run.ticks if self._run.has_ticks else []
        if len(ticks) > 1:
            ages = ages_ms(self._run)
            gaps = np.diff([t.now_ns for t in ticks]) * 1e-6
            period = float(np.median(gaps))
            late = (gaps - period)[np.abs(gaps - period) < 0.5 * period]
            figure, axes = drawing(1, 2, height_in=2.6, shared=False)
            for name, values in ages.items():
                axes[0, 0].hist(values, bins=60, alpha=0.6, label=name)
            axes[0, 0].set(xlabel="age at the tick, ms", ylabel="ticks")
            legend(axes[0, 0])
            axes[0, 1].hist(late, bins=60, color=COLOURS[4])
            axes[0, 1].set(xlabel=f"interval between ticks, ms off {period:.1f}", ylabel="ticks", yscale="log")
            note = "Left: how old samples were when the policy used them. Right: how regular its ticks came."
            columns = {name: np.round(values, 3) for name, values in ages.items()}
            figures.append(Figure(name="timing", note=note, drawing=figure, columns=columns))
        rows = [
            (name.split(":")[0], *(f"{row[kind].get(q, '-')}" for kind in ("lateness_ms", "duration_ms") for q in _Q))
            for name, row in ((n, self._last(n)) for n in sorted(self._diagnostics))
            if "lateness_ms" in row and "duration_ms" in row
        ]
        header = ("loop", "late p50 ms", "p99", "max", "takes p50 ms", "p99", "max")
        return Section(title="Timing", body=table(header, rows) if rows else "", figures=tuple(figures))

    def _ranges(self) -> Section | None:
        if self._comparison is None or not self._comparison.ranges:
            return None
        ranges = self._comparison.ranges
        names = list(ranges)[::-1]
        figure, axes = drawing(height_in=0.3 * len(names) + 0.7)
        shares = [100.0 * ranges[name]["share"] for name in names]
        axes[0, 0].barh(names, shares, color=[COLOURS[3] if share > 5.0 else COLOURS[0] for share in shares])
        axes[0, 0].set_xlabel("% of ticks outside the range of training")
        axes[0, 0].set_xlim(0.0, max(10.0, *shares))
        rows = [
            (name, f"{100 * row['share']:.1f} %", row["recorded"], row["trained"], row["first_s"])
            for name, row in ranges.items()
        ]
        note = "Terms of the observation, and how often one of their numbers was outside what 99.8 % of training saw."
        columns = {"term": names, "percent_outside": shares}
        return Section(
            title="Observation against training",
            figures=(Figure(name="ranges", note=note, drawing=figure, columns=columns),),
            details={"worst values": table(("term", "outside", "worst", "trained", "first at s"), rows)},
        )

    def _pictures(self) -> Section | None:
        topic = self._bag.topic(TOPICS["depth"].name)
        if topic is None or not self._bag.counts[topic]:
            return None
        count = self._bag.counts[topic]
        wanted = set(np.linspace(0, count - 1, _KEY_FRAMES).round().astype(int).tolist())
        colour = self._bag.topic(TOPICS["colour"].name)
        shown, last = [], None
        number = -1
        for message in self._bag.messages([name for name in (topic, colour) if name]):
            if message.topic == colour:
                last = message
                continue
            number += 1
            if number in wanted:
                shown.append(picture(message.value, None if last is None else last.value, self._begin))
        return Section(
            title="What the camera saw",
            body=f'<div class="strip">{"".join(shown)}</div><p class="sub">Colour, and depth: lighter is nearer.</p>',
        )

    def _what_ran(self) -> Section:
        info = self._bag.info
        details = {}
        if info.get("configuration"):
            started = yaml.safe_dump(self._run.started, sort_keys=False)
            details["nodes and their parameters"] = preformatted(started)
        for key, title in (("manifest", "policy manifest"), ("hand_file", "hand file"), ("robot_file", "robot file")):
            if info.get(key):
                details[title] = preformatted(info[key])
        topics = [(name, count) for name, count in sorted(self._bag.counts.items())]
        details["topics"] = table(("topic", "messages"), topics)
        return Section(title="What ran", details=details)


_Q = ("p50", "p99", "max")


def _sentence(finding: Finding) -> str:
    said = f"{finding.says[:1].upper()}{finding.says[1:]}."
    return f"{said} Look at {finding.look_at}." if finding.look_at else said
