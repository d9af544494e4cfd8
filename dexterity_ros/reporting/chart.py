"""Charts that a reader can zoom, with a legend to click and one cursor for all that share an axis."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.reporting.drawing import COLOURS, drawing, legend, write_png
from dexterity_ros.reporting.told import Columns, Told, escape, packed, write_csv

SHARED = "run"  # the axis of everything that is drawn over the time of a run
LIMIT_COLOUR = 3
_BINS = 60  # of a histogram


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart. values: (t,), NaN where there is none. colour: index of COLOURS. dots: points, no line."""

    label: str
    values: Floats
    colour: int = 0
    width: float = 1.5
    dash: bool = False
    dots: bool = False


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Lines over one axis. x: (t,), rising. height: in pixels. low, high: of what is shown; None: all there is."""

    x: Any
    lines: tuple[Line, ...]
    title: str = ""
    unit: str = ""
    height: int = 190
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Charts under one legend. span: of the axis, first and last. group: panels of one group share zoom and cursor.

    columns: the numbers behind it, for CSV.
    """

    name: str
    note: str
    charts: tuple[Chart, ...]
    span: tuple[float, float]
    columns: Columns = field(default_factory=dict)
    x_label: str = "s"
    group: str = SHARED

    def html(self, told: Told) -> str:
        """Returns it as a page shows it."""
        number, many = len(told.panels), len(self.charts) > 2
        told.panels.append(self._told(small=many))
        hosts = "".join(
            f'<div class="chart">{f"<h4>{escape(chart.title)} <output></output></h4>" if chart.title else ""}</div>'
            for chart in self.charts
        )
        return (
            f'<figure data-panel="{number}" id="{escape(self.name)}"><div class="keys"></div>'
            f'<div class="charts{" many" if many else ""}">{hosts}</div>'
            f"<figcaption>{escape(self.note)}</figcaption></figure>"
        )

    def export(self, folder: Path) -> list[Path]:
        """Writes it as PNG and CSV. Returns the files."""
        return [*write_png(folder / f"{self.name}.png", self._drawing()), write_csv(folder, self.name, self.columns)]

    def _told(self, *, small: bool) -> dict[str, Any]:
        return {
            "group": self.group,
            "span": list(self.span),
            "x_label": self.x_label,
            "charts": [_chart_told(chart, small=small) for chart in self.charts],
        }

    def _drawing(self) -> Any:
        columns = 4 if len(self.charts) > 2 else 1
        rows = -(-len(self.charts) // columns)
        figure, axes = drawing(rows, columns, height_in=1.5 * rows + 0.6)
        for axis, chart in zip(axes.flat, self.charts, strict=False):
            _draw(axis, chart)
        for axis in list(axes.flat)[len(self.charts) :]:
            axis.set_visible(False)
        for axis in axes[-1]:
            axis.set_xlabel(self.x_label)
        legend(axes.flat[0], loc="upper right")
        return figure


def limit_lines(x: Any, values: Iterable[tuple[str, float]]) -> tuple[Line, ...]:
    """Returns dotted lines at (label, value)."""
    return tuple(
        Line(label=label, values=np.full(len(x), value), colour=LIMIT_COLOUR, width=1.0, dash=True)
        for label, value in values
    )


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Named shares in percent, the worst first. bad: from here on a share is marked."""

    name: str
    note: str
    percent: dict[str, float]
    bad: float

    def html(self, _told: Told) -> str:
        """Returns it as a page shows it."""
        most = max(10.0, *self.percent.values())
        rows = "".join(
            f"<span>{escape(name)}</span><div><i{' class=bad' if share > self.bad else ''} "
            f'style="width:{100 * share / most:.1f}%"></i></div><span>{share:.1f} %</span>'
            for name, share in self.percent.items()
        )
        return f'<figure><div class="bars">{rows}</div><figcaption>{escape(self.note)}</figcaption></figure>'

    def export(self, folder: Path) -> list[Path]:
        """Writes it as PNG and CSV. Returns the files."""
        names = list(self.percent)[::-1]
        figure, axes = drawing(height_in=0.3 * len(names) + 0.7)
        axes[0, 0].barh(names, [self.percent[name] for name in names], color=COLOURS[0])
        axes[0, 0].set_xlabel("%")
        columns = {"name": list(self.percent), "percent": list(self.percent.values())}
        return [*write_png(folder / f"{self.name}.png", figure), write_csv(folder, self.name, columns)]


def histogram(name: str, x_label: str, samples: dict[str, Floats], note: str) -> Panel:
    """Returns how often each value was seen, on an axis of its own. samples: by what they are of."""
    every = np.concatenate(list(samples.values()))
    edges = np.linspace(float(every.min()), float(every.max()) + 1e-9, _BINS + 1)
    lines = tuple(
        Line(label=label, values=np.histogram(values, edges)[0].astype(float), colour=k)
        for k, (label, values) in enumerate(samples.items())
    )
    middles = 0.5 * (edges[1:] + edges[:-1])
    return Panel(
        name=name,
        note=note,
        charts=(Chart(x=middles, lines=lines, unit="ticks", height=150),),
        span=(float(middles[0]), float(middles[-1])),
        columns={x_label: middles.round(4)} | {line.label: line.values for line in lines},
        x_label=x_label,
        group=name,
    )


def _chart_told(chart: Chart, *, small: bool) -> dict[str, Any]:
    shown = [chart.low, chart.high] if chart.low is not None and chart.high is not None else None
    return {
        "x": packed(chart.x),
        "unit": chart.unit,
        "height": chart.height,
        "range": shown,
        "small": small,
        "lines": [
            {
                "label": line.label,
                "values": packed(line.values),
                "colour": line.colour % len(COLOURS),
                "width": line.width,
                "dash": line.dash,
                "dots": line.dots,
            }
            for line in chart.lines
        ],
    }


def _draw(axis: Any, chart: Chart) -> None:
    for line in chart.lines:
        style = "o" if line.dots else ":" if line.dash else "-"
        colour = COLOURS[line.colour % len(COLOURS)]
        axis.plot(chart.x, line.values, style, color=colour, linewidth=0.8, markersize=3, label=line.label)
    axis.set_ylabel(chart.unit)
    if chart.low is not None and chart.high is not None:
        axis.set_ylim(chart.low, chart.high)
    axis.set_title(chart.title, fontsize=8, pad=2)
