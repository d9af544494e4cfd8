"""One self-contained HTML page: what went wrong, sections, charts, tables; light and dark, on a laptop and a phone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.reporting.told import Drawn, Told, asset, escape, of_page


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with text (HTML), figures and closed details (title to HTML).

    beside: of a page that compares: the sections of each run that have this title, with the run's name.
    """

    title: str
    body: str = ""
    figures: tuple[Drawn, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    beside: tuple[tuple[str, "Section"], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """tiles: the figures of the first screenful, (label, value, tone); tone is good, bad or plain.

    alarms: what was wrong, the first cause first; the first sentence of each says it, what follows is where to look.
    judged: whether anything was looked for; where it was not, no alarm says nothing.
    """

    title: str
    subtitle: str
    tiles: tuple[tuple[str, str, str], ...]
    alarms: tuple[str, ...]
    sections: tuple[Section, ...]
    judged: bool = True

    def write(self, path: Path) -> None:
        """Writes the page, all or nothing."""
        with drafted(path) as draft:
            draft.write_text(self.html(), encoding="utf-8", errors="backslashreplace")

    def export(self, folder: Path) -> list[Path]:
        """Writes every figure as PNG and CSV. Returns the files."""
        folder.mkdir(parents=True, exist_ok=True)
        return [file for section in self.sections for figure in section.figures for file in figure.export(folder)]

    def html(self) -> str:
        """Returns the page."""
        told = Told()
        tiles = "".join(
            f'<div class="tile {tone}"><b>{escape(value)}</b><span>{escape(label)}</span></div>'
            for label, value, tone in self.tiles
        )
        links = "".join(f'<a href="#s{k}">{escape(s.title)}</a>' for k, s in enumerate(self.sections))
        sections = "".join(_section_html(k, section, told) for k, section in enumerate(self.sections))
        style = asset("uPlot.min.css") + asset("page.css")
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{style}</style></head><body><main>"
            f"<h1>{escape(self.title)}</h1><p class='sub'>{escape(self.subtitle)}</p>{self._verdict()}"
            f'<div class="tiles">{tiles}</div><nav>{links}</nav>{sections}</main>{told.scripts()}</body></html>\n'
        )

    def _verdict(self) -> str:
        """Returns what was wrong: the first cause large, the rest below it."""
        if not self.alarms:
            return '<p class="fine">Nothing was found to be wrong.</p>' if self.judged else ""
        first, *others = (_alarm(text) for text in self.alarms)
        rest = f"<ul>{''.join(f'<li>{text}</li>' for text in others)}</ul>" if others else ""
        return f'<div class="verdict"><p>{first}</p>{rest}</div>'


def _alarm(text: str) -> str:
    said, stop, more = text.partition(". ")
    return f"{escape(said + stop.rstrip())}<span> {escape(more)}</span>" if more else escape(said)


def side_by_side(first: Page, second: Page) -> Page:
    """Returns one page with two runs beside each other, section by section."""
    others = {section.title: section for section in second.sections}
    pairs = [(section, others.pop(section.title, Section(title=section.title))) for section in first.sections]
    pairs += [(Section(title=section.title), section) for section in others.values()]
    tiles = [(f"{label}: {first.title}", value, tone) for label, value, tone in first.tiles]
    other_tiles = [(f"{label}: {second.title}", value, tone) for label, value, tone in second.tiles]
    alarms = [f"{page.title}: {text}" for page in (first, second) for text in page.alarms]
    return Page(
        title=f"{first.title} beside {second.title}",
        subtitle=f"{first.subtitle} | {second.subtitle}",
        tiles=tuple(tile for pair in zip(tiles, other_tiles, strict=False) for tile in pair),
        alarms=tuple(alarms),
        sections=tuple(_beside(first.title, one, second.title, two) for one, two in pairs),
    )


def _beside(first: str, one: Section, second: str, two: Section) -> Section:
    details = {f"{title}: {t}": b for title, s in ((first, one), (second, two)) for t, b in s.details.items()}
    return Section(title=one.title, beside=((first, one), (second, two)), details=details)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Returns an HTML table that scrolls by itself when it is wide."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def preformatted(text: str) -> str:
    """Returns text as it is, in a box that scrolls by itself."""
    return f'<pre class="wide" tabindex="0">{escape(text)}</pre>'


def _section_html(number: int, section: Section, told: Told) -> str:
    figures = "".join(figure.html(told) for figure in section.figures)
    halves = "".join(_half_html(title, half, told) for title, half in section.beside)
    both = f'<div class="two">{halves}</div>' if halves else ""
    details = "".join(
        f"<details><summary>{escape(title)}</summary>{body}</details>" for title, body in section.details.items()
    )
    return f'<section id="s{number}"><h2>{escape(section.title)}</h2>{section.body}{both}{figures}{details}</section>'


def _half_html(title: str, section: Section, told: Told) -> str:
    figures = "".join(of_page(figure, title).html(told) for figure in section.figures)
    return f"<div><h3>{escape(title)}</h3>{section.body}{figures}</div>"
