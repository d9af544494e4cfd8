"""One self-contained HTML page: sections, figures as inline SVG, tables; light and dark, on a laptop and on a phone."""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.errors import ConfigError

COLOURS = ("#3b82c4", "#e08a1e", "#3a9d5d", "#c9504b", "#8a63c2", "#7d8590")
INK = "#7d8590"  # reads on white and on near-black


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing with the numbers behind it. columns: name to values, all of one length, for CSV."""

    name: str
    note: str
    drawing: Any
    columns: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with text (HTML), figures and closed details (title to HTML)."""

    title: str
    body: str = ""
    figures: tuple[Figure, ...] = ()
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """tiles: the figures of the first screenful, (label, value, tone); tone is good, bad or plain."""

    title: str
    subtitle: str
    tiles: tuple[tuple[str, str, str], ...]
    alarms: tuple[str, ...]
    sections: tuple[Section, ...]

    def write(self, path: Path) -> None:
        """Writes the page."""
        path.write_text(self._html(), encoding="utf-8", errors="backslashreplace")

    def export(self, folder: Path) -> list[Path]:
        """Writes every figure as PNG and CSV. Returns the files."""
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for figure in (f for section in self.sections for f in section.figures):
            files += [folder / f"{figure.name}.png", folder / f"{figure.name}.csv"]
            figure.drawing.savefig(files[-2], dpi=130, facecolor="white")
            _write_csv(files[-1], figure.columns)
        return files

    def _html(self) -> str:
        tiles = "".join(
            f'<div class="tile {tone}"><b>{escape(value)}</b><span>{escape(label)}</span></div>'
            for label, value, tone in self.tiles
        )
        alarms = "".join(f"<li>{escape(text)}</li>" for text in self.alarms)
        alarms = f'<ul class="alarms">{alarms}</ul>' if alarms else '<p class="fine">Nothing was found to be wrong.</p>'
        links = "".join(f'<a href="#s{k}">{escape(s.title)}</a>' for k, s in enumerate(self.sections))
        sections = "".join(_section_html(k, section) for k, section in enumerate(self.sections))
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style></head><body><main>"
            f"<h1>{escape(self.title)}</h1><p class='sub'>{escape(self.subtitle)}</p>"
            f'<div class="tiles">{tiles}</div>{alarms}<nav>{links}</nav>{sections}</main></body></html>\n'
        )


def side_by_side(first: Page, second: Page) -> Page:
    """Returns one page with two runs beside each other, section by section."""
    others = {section.title: section for section in second.sections}
    sections = []
    for section in first.sections:
        other = others.pop(section.title, Section(title=section.title))
        sections.append(_beside(first, section, second, other))
    sections += [_beside(first, Section(title=s.title), second, s) for s in others.values()]
    tiles = [(f"{label}: {first.title}", value, tone) for label, value, tone in first.tiles]
    other_tiles = [(f"{label}: {second.title}", value, tone) for label, value, tone in second.tiles]
    pairs = tuple(tile for pair in zip(tiles, other_tiles, strict=False) for tile in pair)
    alarms = [f"{page.title}: {text}" for page in (first, second) for text in page.alarms]
    return Page(
        title=f"{first.title} beside {second.title}",
        subtitle=f"{first.subtitle} | {second.subtitle}",
        tiles=pairs,
        alarms=tuple(alarms),
        sections=tuple(sections),
    )


def _beside(first: Page, one: Section, second: Page, two: Section) -> Section:
    halves = []
    for page, section in ((first, one), (second, two)):
        inner = "".join(_figure_html(replace(figure, name=f"{page.title}_{figure.name}")) for figure in section.figures)
        halves.append(f"<div><h3>{escape(page.title)}</h3>{section.body}{inner}</div>")
    details = {f"{page.title}: {t}": b for page, s in ((first, one), (second, two)) for t, b in s.details.items()}
    return Section(title=one.title, body=f'<div class="two">{"".join(halves)}</div>', details=details)


def escape(text: Any) -> str:
    """Returns text as HTML shows it."""
    return html.escape(str(text))


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Returns an HTML table that scrolls by itself when it is wide."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def preformatted(text: str) -> str:
    """Returns text as it is, in a box that scrolls by itself."""
    return f'<pre class="wide">{escape(text)}</pre>'


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
    text = stream.getvalue()
    begin = text.index("<svg")
    opening_end = text.index(">", begin)
    view = text[begin:opening_end].split('viewBox="')[1].split('"')[0]
    return f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view}" role="img">{text[opening_end + 1 :]}'


def _figure_html(figure: Figure) -> str:
    return f"<figure>{_svg(figure)}<figcaption>{escape(figure.note)}</figcaption></figure>"


def _section_html(number: int, section: Section) -> str:
    figures = "".join(_figure_html(figure) for figure in section.figures)
    details = "".join(
        f"<details><summary>{escape(title)}</summary>{body}</details>" for title, body in section.details.items()
    )
    return f'<section id="s{number}"><h2>{escape(section.title)}</h2>{section.body}{figures}{details}</section>'


def _write_csv(path: Path, columns: dict[str, Any]) -> None:
    lines = [",".join(columns)]
    lines += [",".join(str(value) for value in row) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


_STYLE = """
:root{--ground:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--tile:#f6f8fa;--bad:#c9504b;--good:#2f8f4e}
@media(prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--tile:#161b22;
--bad:#f07a74;--good:#56c77b}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:20px 16px 60px}h1{font-size:24px;margin:0}
h3{font-size:15px;margin:8px 0}h2{font-size:18px;margin:36px 0 8px;
border-top:1px solid var(--line);padding-top:18px}.sub{color:var(--soft);margin:2px 0 14px;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(125px,1fr));gap:8px}
.tile{background:var(--tile);border:1px solid var(--line);border-radius:8px;padding:8px 12px}
.tile b{display:block;font-size:20px;line-height:1.25}.tile span{color:var(--soft);font-size:12px}
.tile.bad b{color:var(--bad)}.tile.good b{color:var(--good)}
.alarms{border-left:4px solid var(--bad);margin:14px 0;padding:6px 12px 6px 30px;background:var(--tile)}
.fine{color:var(--good);margin:14px 0}nav{display:flex;flex-wrap:wrap;gap:4px 14px;margin-top:12px;font-size:13px}
a{color:#3b82c4}figure{margin:10px 0}svg,img{max-width:100%;height:auto;display:block}
svg{width:100%}figcaption{color:var(--soft);font-size:13px}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:3px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}pre{font-size:12px;background:var(--tile);padding:10px;border-radius:8px}
details{margin:8px 0}summary{cursor:pointer;color:var(--soft)}
.strip{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:8px}
.strip div{font-size:12px;color:var(--soft)}.two{display:grid;grid-template-columns:1fr 1fr;gap:16px}
@media(max-width:720px){.two{grid-template-columns:1fr}}
"""
