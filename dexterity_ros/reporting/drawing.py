"""Figures drawn by matplotlib, as inline SVG in the page's own colours."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.reporting.told import Columns, Told, escape, write_csv

COLOURS = ("#3b82c4", "#e08a1e", "#3a9d5d", "#c9504b", "#8a63c2", "#7d8590")
INK = "#7d8591"  # of everything that is no data; differs from every colour, so that a page can give it another
_PNG_DPI = 130


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing with the numbers behind it. columns: name to values, all of one length, for CSV."""

    name: str
    note: str
    drawing: Any
    columns: Columns

    def html(self, _told: Told) -> str:
        """Returns it as a page shows it."""
        return f"<figure>{_svg(self)}<figcaption>{escape(self.note)}</figcaption></figure>"

    def export(self, folder: Path) -> list[Path]:
        """Writes it as PNG and CSV. Returns the files."""
        return [*write_png(folder / f"{self.name}.png", self.drawing), write_csv(folder, self.name, self.columns)]


def write_png(path: Path, drawing: Any) -> list[Path]:
    """Writes a drawing on white. Returns the file."""
    drawing.savefig(path, dpi=_PNG_DPI, facecolor="white")
    return [path]


def drawing(rows: int = 1, columns: int = 1, *, height_in: float = 2.6, shared: bool = True) -> tuple[Any, Any]:
    """Returns (figure, array of axes) that read on light and dark ground. Raises ConfigError without matplotlib."""
    figure = _empty(figsize=(9.6, height_in), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=shared, squeeze=False)
    figure.patch.set_alpha(0.0)
    for axis in axes.flat:
        axis.patch.set_alpha(0.0)
        axis.grid(alpha=0.25, linewidth=0.5, color=INK)
        for spine in axis.spines.values():
            spine.set_color(INK)
            spine.set_linewidth(0.6)
        axis.tick_params(colors=INK, labelsize=8)
        axis.xaxis.label.set_color(INK)
        axis.yaxis.label.set_color(INK)
        axis.title.set_color(INK)
    return figure, axes


def legend(axis: Any, **where: Any) -> None:
    """Adds a legend in the page's ink."""
    axis.legend(frameon=False, fontsize=8, labelcolor=INK, **where)


def thinned(count: int, most: int = 1500) -> Any:
    """Returns which of `count` samples to draw; a screen has no more columns."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)) if count else np.zeros(0, int)


def _empty(**how: Any) -> Any:
    """Returns a figure of its own: one of pyplot's would be kept until somebody closes it."""
    try:
        import matplotlib
        from matplotlib import figure, rcsetup
    except ImportError as error:
        raise ConfigError(f"reports need matplotlib: pip install '.[report]' ({error})") from error
    matplotlib.rcParams |= {"svg.fonttype": "none", "font.family": "sans-serif", "path.simplify_threshold": 0.5}
    matplotlib.rcParams["axes.prop_cycle"] = rcsetup.cycler(color=COLOURS)
    return figure.Figure(**how)


def _svg(figure: Figure) -> str:
    import matplotlib

    matplotlib.rcParams["svg.hashsalt"] = figure.name  # identifiers of two drawings on a page must differ
    stream = io.StringIO()
    figure.drawing.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = _themed(stream.getvalue())
    begin = text.index("<svg")
    opening_end = text.index(">", begin)
    view = text[begin:opening_end].split('viewBox="')[1].split('"')[0]
    said = f'role="img" aria-label="{escape(figure.note)}"'
    return f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view}" {said}>{text[opening_end + 1 :]}'


def _themed(svg: str) -> str:
    """Returns an SVG whose colours are those of the page, light or dark."""
    for k, colour in enumerate(COLOURS):
        svg = svg.replace(colour, f"var(--c{k})")
    return svg.replace(INK, "var(--soft)")
