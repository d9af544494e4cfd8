"""A PDF with the AprilTags of an object at 1:1, and a drawing of where each goes."""

from pathlib import Path

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import Face, Labelled
from dexterity_ros.perception.face_tags import tag_paper
from dexterity_ros.reporting.sheet import PAGE_MM, Sheet, write_pdf

_EDGE_MM, _TOP_MM, _GAP_MM, _TEXT_MM = 15.0, 40.0, 6.0, 6.0
_DRAWING_MM = 80.0
_EYES = ((1.0, 0.7, 0.6), (-1.0, -0.7, -0.6))  # two opposite corners see all sides


def write_tag_sheet(path: Path, name: str, item: Labelled) -> int:
    """Writes the sheet of an object called `name` and returns how many tags it has.

    Raises:
        ConfigError: the object has no tags, they are larger than the page, or the file cannot be written.
    """
    tagged = [k for k, face in enumerate(item.faces) if face.tag is not None]
    if item.tag_m <= 0.0 or not tagged:
        raise ConfigError(f"the object {name} has no tags: dexterity import object FILE --labels tags gives it some")
    write_pdf(path, [*_tag_pages(name, item, tagged), _drawing_page(name, item, tagged)])
    return len(tagged)


def _tag_pages(name: str, item: Labelled, tagged: list[int]) -> list[Sheet]:
    paper_mm = 1e3 * item.tag_m * 10.0 / 8.0
    step = (paper_mm + _GAP_MM, paper_mm + _GAP_MM + _TEXT_MM)
    across = int((PAGE_MM[0] - 2.0 * _EDGE_MM + _GAP_MM) // step[0])
    down = int((PAGE_MM[1] - _TOP_MM - _EDGE_MM) // step[1])
    if not across or not down:
        raise ConfigError(f"a tag with its margin is {paper_mm:.0f} mm wide, more than a page has room for")
    pages = []
    for begin in range(0, len(tagged), across * down):
        sheet = Sheet(f"{name}: tags of {1e3 * item.tag_m:.1f} mm")
        for place, face in enumerate(tagged[begin : begin + across * down]):
            row, column = divmod(place, across)
            _draw_tag(sheet, item, face, (_EDGE_MM + column * step[0], _TOP_MM + row * step[1]))
        pages.append(sheet)
    return pages


def _draw_tag(sheet: Sheet, item: Labelled, face: int, at_mm: tuple[float, float]) -> None:
    number = item.faces[face].tag or 0
    paper = tag_paper(number)
    cell = 1e3 * item.tag_m / (len(paper) - 2)
    x, y = at_mm
    sheet.outline(x, y, len(paper) * cell, len(paper) * cell)
    for row, column in np.argwhere(paper == 0):
        sheet.black(x + column * cell, y + row * cell, cell, cell)
    sheet.text(x, y + len(paper) * cell + 4.0, f"tag {number} on {_named(item.faces[face])}", 7)


def _drawing_page(name: str, item: Labelled, tagged: list[int]) -> Sheet:
    """Returns a page with the black square of each tag, seen from two opposite corners of the object."""
    sheet = Sheet(f"{name}: where each tag goes; arrows point to its top edge")
    reach_m = max(float(np.linalg.norm(item.tag_corners(face), axis=1).max()) for face in tagged)
    scale = min(0.5 * _DRAWING_MM / reach_m, 2000.0)
    for k, eye in enumerate(np.array(_EYES)):
        middle = np.array([PAGE_MM[0] / 2.0, _TOP_MM + 55.0 + 115.0 * k])
        frame = scale * _right_and_down(eye)
        for face in tagged:
            if float(np.array(item.faces[face].normal) @ eye) > 0.1:
                _draw_side(sheet, item, face, item.tag_corners(face) @ frame.T + middle)
        for label, axis in zip("xyz", np.eye(3), strict=True):
            end = middle + frame @ (1.3 * reach_m * axis)
            sheet.arrow(middle, end)
            sheet.text(float(end[0]) + 1.0, float(end[1]), f"+{label}", 9)
    return sheet


def _draw_side(sheet: Sheet, item: Labelled, face: int, flat_mm: Floats) -> None:
    sheet.polygon(flat_mm)
    centre, top = flat_mm.mean(axis=0), flat_mm[:2].mean(axis=0)
    sheet.arrow(centre, centre + 0.8 * (top - centre))
    sheet.text(float(centre[0]) + 1.5, float(centre[1]) + 4.0, f"{item.faces[face].tag}", 11)


def _right_and_down(eye: Floats) -> Floats:
    """Returns both directions, (2, 3), of someone who looks from `eye` at the origin."""
    forwards = -eye / np.linalg.norm(eye)
    right = np.cross(forwards, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forwards, right)])


def _named(face: Face) -> str:
    return _pointing(face.normal) + (", of a notch" if face.inner else "")


def _pointing(normal: tuple[float, float, float]) -> str:
    axis = int(np.argmax(np.abs(normal)))
    if abs(normal[axis]) > 0.999:
        return f"{'+' if normal[axis] > 0 else '-'}{'xyz'[axis]}"
    return "(" + ", ".join(f"{value:+.2f}" for value in normal) + ")"
