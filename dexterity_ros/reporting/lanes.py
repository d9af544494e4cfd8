"""The lanes of a run: who said what when, and how the goals ended, over the time that all charts share."""

from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.reporting.chart import SHARED
from dexterity_ros.reporting.drawing import COLOURS, drawing, write_png
from dexterity_ros.reporting.told import Told, escape, write_csv

TONES = {"good": COLOURS[2], "easing": COLOURS[0], "wait": COLOURS[1], "bad": COLOURS[3], "idle": COLOURS[5]}
_TONE_OF = {
    "following": "good", "armed": "good", "acting": "good", "easing": "easing", "easing_out": "easing",
    "ready": "easing", "limp": "idle", "disarmed": "idle", "stopped": "bad", "letting_go": "bad",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Said:
    """A time in which one said the same; times in s since the run began."""

    begin_s: float
    end_s: float
    text: str

    @property
    def tone(self) -> str:
        """How it is coloured; what is no state that all is well with is a fault."""
        return _TONE_OF.get(self.text.split(":")[0], "wait")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How a goal ended."""

    at_s: float
    text: str
    good: bool


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """One lane for each who says something, and one for goals. span: of the run, s."""

    name: str
    note: str
    said: dict[str, tuple[Said, ...]]
    goals: tuple[Mark, ...]
    span: tuple[float, float]
    group: str = SHARED

    def html(self, told: Told) -> str:
        """Returns it as a page shows it."""
        number = len(told.lanes)
        told.lanes.append({"group": self.group, "span": list(self.span)})
        marks = "".join(
            f'<span class="mark {"good" if mark.good else "bad"}" data-begin="{mark.at_s:.3f}" '
            f'data-end="{mark.at_s:.3f}" title="{escape(mark.text)}">{"▲" if mark.good else "✕"}</span>'
            for mark in self.goals
        )
        lanes = "".join(_lane(who, "".join(_span(who, each) for each in said)) for who, said in self.said.items())
        return (
            f'<figure data-lanes="{number}"><div class="lanes">{lanes}{_lane("goals", marks)}</div>'
            f'<p class="said sub">{escape(self.note)}</p></figure>'
        )

    def export(self, folder: Path) -> list[Path]:
        """Writes it as PNG and CSV. Returns the files."""
        figure, axes = drawing(height_in=2.2)
        axis = axes[0, 0]
        for y, said in enumerate(self.said.values()):
            for each in said:
                axis.barh(y, each.end_s - each.begin_s, left=each.begin_s, height=0.7, color=TONES[each.tone])
        for mark in self.goals:
            axis.plot(mark.at_s, -1, "^" if mark.good else "x", color=TONES["good" if mark.good else "bad"])
        axis.set_yticks(range(-1, len(self.said)), ["goals", *self.said])
        axis.set(xlabel="s", xlim=(self.span[0], self.span[1] or 1.0))
        columns = {
            "who": [who for who, said in self.said.items() for _ in said],
            "begin_s": [round(each.begin_s, 3) for said in self.said.values() for each in said],
            "end_s": [round(each.end_s, 3) for said in self.said.values() for each in said],
            "state": [f'"{each.text}"' for said in self.said.values() for each in said],
        }
        return [*write_png(folder / f"{self.name}.png", figure), write_csv(folder, self.name, columns)]


def _lane(who: str, inner: str) -> str:
    return f'<div class="lane"><b>{escape(who)}</b><div>{inner}</div></div>'


def _span(who: str, said: Said) -> str:
    times = f'data-begin="{said.begin_s:.3f}" data-end="{said.end_s:.3f}"'
    return f'<div class="span {said.tone}" {times} data-who="{escape(who)}" title="{escape(said.text)}"></div>'
