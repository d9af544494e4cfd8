"""A recorded run as a page: what happened, what was wrong, and the numbers to look for a cause."""

from typing import Any

import numpy as np
import yaml

from dexterity_ros.replay.finding import Finding
from dexterity_ros.replay.goal_record import recorded_goals
from dexterity_ros.replay.held import spans
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.timing import ages_ms
from dexterity_ros.reporting.chart import Bars, Panel, histogram
from dexterity_ros.reporting.key_frames import key_frames
from dexterity_ros.reporting.lanes import Lanes, Mark, Said
from dexterity_ros.reporting.motion_sections import joints_section, motors_section, object_section
from dexterity_ros.reporting.page import Page, Section, preformatted, table
from dexterity_ros.reporting.playback import player
from dexterity_ros.reporting.run_data import compared, diagnostics, findings, seconds, span
from dexterity_ros.reporting.source_sections import source_sections

_Q = ("p50", "p99", "max")
_OUTSIDE_PERCENT = 5.0  # of ticks: a term that is outside more often is marked


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
        sections = [self._timeline(), self._playback(), object_section(run, self._goals), joints_section(run), motors]
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
        said = {
            who: tuple(
                Said(begin_s=float(begin_s), end_s=float(end_s), text=text)
                for begin, end, text in spans(states, self._bag.end_ns)
                for begin_s, end_s in [seconds(self._run, [begin, end])]
            )
            for who, states in self._states.items()
        }
        marks = tuple(
            Mark(
                at_s=float(seconds(self._run, goal.end_ns)),
                text=f"goal {goal.number} {goal.ended} after {goal.time_s:.1f} s",
                good=goal.ended == "reached",
            )
            for goal in self._goals
            if goal.ended
        )
        note = "Green: armed, following, acting. Orange: held by a fault. Triangles: goals reached; crosses: missed."
        lanes = Lanes(name="timeline", note=note, said=said, goals=marks, span=span(self._run))
        rows = [
            (
                goal.number, f"{seconds(self._run, goal.begin_ns):.1f}", f"{goal.angle_rad:.2f}",
                goal.ended or "open", f"{goal.time_s:.1f}" if goal.ended else "-",
            )
            for goal in self._goals
        ]  # fmt: skip
        goals = table(("goal", "begun at s", "angle rad", "outcome", "after s"), rows)
        return Section(title="What happened", figures=(lanes,), details={f"{len(rows)} goals": goals})

    def _timing(self) -> Section:
        rows = [
            (name.split(":")[0], *(f"{row[kind].get(q, '-')}" for kind in ("lateness_ms", "duration_ms") for q in _Q))
            for name, row in ((n, self._last(n)) for n in sorted(self._diagnostics))
            if "lateness_ms" in row and "duration_ms" in row
        ]
        header = ("loop", "late p50 ms", "p99", "max", "takes p50 ms", "p99", "max")
        return Section(title="Timing", body=table(header, rows) if rows else "", figures=self._tick_times())

    def _tick_times(self) -> tuple[Panel, ...]:
        ticks = self._run.ticks if self._run.has_ticks else []
        if len(ticks) < 3:
            return ()
        gaps = np.diff([t.now_ns for t in ticks]) * 1e-6
        period = float(np.median(gaps))
        late = (gaps - period)[np.abs(gaps - period) < 0.5 * period]
        ages = ages_ms(self._run)
        old = histogram("ages", "age at the tick, ms", ages, "How old samples were when the policy used them.")
        said = f"How regularly the policy's ticks came: how far intervals were from {period:.1f} ms."
        return (old, histogram("ticks", "off, ms", {"intervals": late}, said))

    def _ranges(self) -> Section | None:
        if self._comparison is None or not self._comparison.ranges:
            return None
        ranges = self._comparison.ranges
        rows = [
            (name, f"{100 * row['share']:.1f} %", row["recorded"], row["trained"], row["first_s"])
            for name, row in ranges.items()
        ]
        note = "Terms of the observation: % of ticks with a number outside of what 99.8 % of training saw."
        percent = {name: 100.0 * float(row["share"]) for name, row in ranges.items()}
        return Section(
            title="Observation against training",
            figures=(Bars(name="ranges", note=note, percent=percent, bad=_OUTSIDE_PERCENT),),
            details={"worst values": table(("term", "outside", "worst", "trained", "first at s"), rows)},
        )

    def _pictures(self) -> Section | None:
        shown = key_frames(self._run)
        if not shown:
            return None
        return Section(
            title="What the camera saw", body=f'{shown}<p class="sub">Colour, and depth: lighter is nearer.</p>'
        )

    def _playback(self) -> Section | None:
        scene = player(self._run, self._goals)
        return None if scene is None else Section(title="Playback", figures=(scene,))

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


def _sentence(finding: Finding) -> str:
    """Returns a finding as sentences; a name stays as it is written."""
    first, rest = finding.says[:1], finding.says[1:]
    said = f"{first if '_' in finding.says.split(' ')[0] else first.upper()}{rest}."
    return f"{said} Look at {finding.look_at}." if finding.look_at else said
