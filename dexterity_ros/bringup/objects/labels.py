"""Labels for the flat sides of an object: a colour or an AprilTag each."""

from typing import Any

import numpy as np

from dexterity_ros.bringup.objects.flat_sides import Side, Surface, flat_sides, plane_axes
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import Face

# Colours that perception/face_colours.py tells apart; the first six are those of cube70.
PALETTE = (
    (217, 38, 38), (242, 140, 26), (26, 153, 51), (38, 89, 217), (242, 217, 38), (242, 242, 242), (30, 190, 205),
    (205, 45, 175),
)  # fmt: skip
_FLAT_SHARE = 0.85  # of the surface must lie on sides that have a colour
_FEWEST = 4  # sides with a label: of fewer, a camera often sees none
_MARGIN = 10.0 / 8.0  # white paper over black square: a cell on either side
_LEAST_TAG_M = 0.012  # about 12 pixels of the demo's camera, fewer than an 8-cell tag needs two each


def coloured(surface: Surface) -> tuple[Face, ...]:
    """Returns a face of another colour for each flat side. Raises ConfigError where that tells nothing."""
    sides, share = flat_sides(surface)
    if len(sides) < _FEWEST or share < _FLAT_SHARE:
        said = f"{len(sides)} flat sides with {100 * share:.0f} % of the surface"
        wanted = f"colours need {_FEWEST} sides with {100 * _FLAT_SHARE:.0f} %: --labels tags, or none"
        raise ConfigError(f"this shape has {said}; {wanted}")
    if len(sides) > len(PALETTE):
        raise ConfigError(f"{len(sides)} flat sides need as many colours; {len(PALETTE)} can be told apart: use tags")
    return tuple(_face(side, rgb, None) for side, rgb in zip(sides, PALETTE, strict=False))


def tagged(
    surface: Surface, tag_m: float | None, first: int, rgb: tuple[int, int, int]
) -> tuple[tuple[Face, ...], float]:
    """Returns a face for each flat side, with a tag where it has room, and the tags' size in m.

    tag_m: None takes the largest that fits on six sides, or on all of fewer; sides without room for the smallest do not
    count. first: number of the first tag. rgb: of the sides; nothing needs to be painted.
    """
    sides, _ = flat_sides(surface)
    rooms = sorted((side.room_m / _MARGIN for side in sides), reverse=True)
    wide = [room for room in rooms if room >= _LEAST_TAG_M]
    if len(wide) < _FEWEST:
        said = f"{len(wide)} flat sides with room for a tag of {1e3 * _LEAST_TAG_M:.0f} mm, expected {_FEWEST}"
        raise ConfigError(f"this shape has {said}: --labels none")
    size = tag_m or np.floor(1e4 * wide[: min(len(wide), 6)][-1] + 1e-6) / 1e4
    fitting = sum(room >= size - 1e-9 for room in rooms)
    if size < _LEAST_TAG_M or fitting < _FEWEST:
        most = f"to {1e3 * wide[_FEWEST - 1]:.1f} mm, which fits on {_FEWEST} sides"
        said = f"expected {1e3 * _LEAST_TAG_M:.0f} mm, which a camera can read, {most}"
        raise ConfigError(f"tags of {1e3 * size:.1f} mm: {said}")
    faces, number = [], first
    for side in sides:
        fits = side.room_m / _MARGIN >= size - 1e-9
        faces.append(_face(side, rgb, number if fits else None))
        number += int(fits)
    return tuple(faces), float(size)


def _face(side: Side, rgb: tuple[int, int, int], tag: int | None) -> Face:
    return Face(
        normal=_numbers(side.normal),
        rgb=rgb,
        offset_m=round(side.offset_m, 6),
        inner=side.inner,
        tag=tag,
        tag_at_m=None if tag is None else _numbers(side.middle_m),
        tag_up=None if tag is None else _numbers(plane_axes(side.normal)[1]),
    )


def _numbers(vector: Any) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 7) + 0.0 for value in vector)
    return x, y, z
