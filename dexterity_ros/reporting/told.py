"""What the scripts of a page are told: the numbers behind its charts, beside the HTML."""

import base64
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

Columns = Mapping[str, Any]  # name to values, all of one length
_ASSETS = Path(__file__).with_name("assets")


@dataclass(kw_only=True)
class Told:
    """Collects the content of one page, in the order in which it is drawn."""

    panels: list[dict[str, Any]] = field(default_factory=list)
    lanes: list[dict[str, Any]] = field(default_factory=list)
    players: list[dict[str, Any]] = field(default_factory=list)

    def scripts(self) -> str:
        """Returns the scripts that this content needs, with it; nothing for a page without any."""
        if not (self.panels or self.lanes or self.players):
            return ""
        told = json.dumps(
            {"panels": self.panels, "lanes": self.lanes, "players": self.players}, separators=(",", ":")
        ).replace("<", "\\u003c")
        files = ["uPlot.iife.min.js", "charts.js", *(["player.js"] if self.players else []), "start.js"]
        code = "".join(f"<script>{asset(name)}</script>" for name in files)
        return f'<script type="application/json" id="told">{told}</script>{code}'


class Drawn(Protocol):
    """Something that a page shows and that can be written as files."""

    @property
    def name(self) -> str:
        """Of its files."""
        ...

    def html(self, told: Told) -> str:
        """Returns it as a page shows it; what its script needs goes to `told`."""
        ...

    def export(self, folder: Path) -> list[Path]:
        """Writes it. Returns the files."""
        ...


def of_page(drawn: Drawn, page: str) -> Drawn:
    """Returns it as part of a page that shows several: its name, and who shares its axis, are of that page alone."""
    named = {key: f"{page}_{getattr(drawn, key)}" for key in ("name", "group") if hasattr(drawn, key)}
    part: Drawn = replace(cast(Any, drawn), **named)
    return part


def asset(name: str) -> str:
    """Returns a file that goes into a page."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def packed(values: Any, kind: str = "<f4") -> str:
    """Returns numbers as a script unpacks them. kind: of each, little-endian."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def escape(text: Any) -> str:
    """Returns text as HTML shows it."""
    return html.escape(str(text))


def write_csv(folder: Path, name: str, columns: Columns) -> Path:
    """Writes columns of one length. Returns the file."""
    lines = [",".join(columns)]
    lines += [",".join(str(value) for value in row) for row in zip(*columns.values(), strict=True)]
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
