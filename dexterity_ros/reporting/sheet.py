"""Pages of paper in millimetres, written as a PDF that prints 1:1."""

from collections.abc import Sequence
from pathlib import Path

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming

PAGE_MM = (210.0, 297.0)  # A4
_INCH_MM = 25.4
_RULER_MM = 100.0


class Sheet:
    """A page. Positions are mm from its upper left corner, right and down; a ruler shows whether it was scaled."""

    def __init__(self, title: str) -> None:
        """Raises ConfigError without matplotlib."""
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ConfigError(f"printing needs matplotlib: pip install '.[report]' ({error})") from error
        self.figure = Figure(figsize=(PAGE_MM[0] / _INCH_MM, PAGE_MM[1] / _INCH_MM))
        self._axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set_xlim(0.0, PAGE_MM[0])
        self._axes.set_ylim(PAGE_MM[1], 0.0)
        self._axes.axis("off")
        self.text(15.0, 14.0, title, 13)
        self.text(15.0, 20.0, "Print at 100 %, not fitted to the page. This line is 100 mm long:", 8)
        self._ruler(15.0, 26.0)

    def text(self, x_mm: float, y_mm: float, text: str, points: float) -> None:
        """Writes a line; its base begins at the place."""
        self._axes.text(x_mm, y_mm, text, fontsize=points, parse_math=False)

    def black(self, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> None:
        """Fills a rectangle, without an edge that would make it larger."""
        from matplotlib.patches import Rectangle

        self._axes.add_patch(Rectangle((x_mm, y_mm), width_mm, height_mm, facecolor="black", linewidth=0.0))

    def outline(self, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> None:
        """Draws a thin grey rectangle to cut along."""
        from matplotlib.patches import Rectangle

        edge = Rectangle((x_mm, y_mm), width_mm, height_mm, fill=False, edgecolor="0.6", linewidth=0.3)
        self._axes.add_patch(edge)

    def polygon(self, points_mm: Floats) -> None:
        """Draws a closed line through points, (n, 2)."""
        from matplotlib.patches import Polygon

        self._axes.add_patch(Polygon(points_mm, closed=True, fill=False, edgecolor="black", linewidth=0.8))

    def arrow(self, begin_mm: Floats, end_mm: Floats) -> None:
        """Draws an arrow from one point, (2,), to another."""
        begin, end = ((float(at[0]), float(at[1])) for at in (begin_mm, end_mm))
        self._axes.annotate("", xy=end, xytext=begin, arrowprops={"arrowstyle": "->", "linewidth": 0.8})

    def _ruler(self, x_mm: float, y_mm: float) -> None:
        self._axes.plot([x_mm, x_mm + _RULER_MM], [y_mm, y_mm], color="black", linewidth=0.5)
        for k in range(11):
            at = x_mm + k * _RULER_MM / 10.0
            self._axes.plot([at, at], [y_mm, y_mm + (3.0 if k % 5 == 0 else 1.5)], color="black", linewidth=0.5)


def write_pdf(path: Path, sheets: Sequence[Sheet]) -> None:
    """Writes pages to a PDF file. Raises FileError when that cannot be written."""
    from matplotlib.backends.backend_pdf import PdfPages

    with naming(path), PdfPages(path) as pdf:
        for sheet in sheets:
            pdf.savefig(sheet.figure)
