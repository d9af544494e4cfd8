"""Labels for the flat sides of an object: a colour or an AprilTag each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import Face
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart

# Colours that perception/face_colours.py tells apart; the first six are those of cube70.
PALETTE = (
    (217, 38, 38), (242, 140, 26), (26, 153, 51), (38, 89, 217), (242, 217, 38), (242, 242, 242), (30, 190, 205),
    (205, 45, 175),
)  # fmt: skip
_SAME_PLANE_M, _SAME_NORMAL = 3e-4, 1e-4  # 1 - cosine; 0.8 degrees
_SMALLEST = 0.02  # of the whole surface; smaller flat pieces are no sides
_FLAT_SHARE = 0.85  # of the surface must lie on the sides
_MARGIN = 10.0 / 8.0  # white paper over black square: a cell on either side
_LEAST_TAG_M = 0.012  # about 12 pixels of the demo's camera, fewer than an 8-cell tag needs two each


@dataclass(frozen=True, kw_only=True)
class Side:
    """A flat side. corners: of its hull in the object frame, (n, 3). offset_m: of its plane from the origin."""

    normal: Floats
    offset_m: float
    area_m2: float
    corners: Floats

    @property
    def middle(self) -> Floats:
        """Middle of its corners' bounds along the axes of a tag, in its plane."""
        right, up = _axes(self.normal)
        flat = self.corners @ np.stack([right, up]).T
        middle = 0.5 * (flat.min(axis=0) + flat.max(axis=0))
        found: Floats = middle[0] * right + middle[1] * up + self.offset_m * self.normal
        return found

    @property
    def largest_tag_m(self) -> float:
        """Side of the largest black square that fits around the middle with its margin."""
        right, up = _axes(self.normal)
        flat = (self.corners - self.middle) @ np.stack([right, up]).T
        planes = ConvexHull(flat).equations
        reach = np.abs(planes[:, 0]) + np.abs(planes[:, 1])  # of a square of half size 1
        return float(2.0 * (-planes[:, 2] / reach).min() / _MARGIN)


def flat_sides(parts: tuple[Solid, ...]) -> tuple[list[Side], float]:
    """Returns the flat sides of the whole object, largest first, and their share of its surface."""
    convex = [ConvexPart(part) for part in parts]
    normals = np.concatenate([part.normals for part in convex])
    areas = np.concatenate([part.areas_m2 for part in convex])
    triangles = np.concatenate([part.triangles_m for part in convex])
    offsets = (normals * triangles[:, 0]).sum(axis=1)
    everything = triangles.reshape(-1, 3)
    sides, free = [], np.ones(len(normals), dtype=bool)
    for k in np.argsort(-areas):
        if not free[k]:
            continue
        mine = free & (normals @ normals[k] > 1.0 - _SAME_NORMAL) & (abs(offsets - offsets[k]) < _SAME_PLANE_M)
        free &= ~mine
        outermost = (everything @ normals[k]).max() < offsets[k] + _SAME_PLANE_M
        if outermost and areas[mine].sum() > _SMALLEST * areas.sum():
            sides.append(_side(normals[k], float(offsets[k]), float(areas[mine].sum()), triangles[mine].reshape(-1, 3)))
    return sorted(sides, key=lambda side: -side.area_m2), sum(side.area_m2 for side in sides) / float(areas.sum())


def coloured(parts: tuple[Solid, ...]) -> tuple[Face, ...]:
    """Returns a face of another colour for each flat side. Raises ConfigError where that tells nothing."""
    sides = _usable(parts)
    if len(sides) > len(PALETTE):
        raise ConfigError(f"{len(sides)} flat sides need as many colours; {len(PALETTE)} can be told apart: use tags")
    return tuple(_face(side, rgb, None) for side, rgb in zip(sides, PALETTE, strict=False))


def tagged(parts: tuple[Solid, ...], tag_m: float | None, first: int) -> tuple[tuple[Face, ...], float]:
    """Returns a face with a tag for each flat side that has room, and the tags' size in m; others get a colour alone.

    tag_m: None takes the largest that fits on six sides, or on all of fewer. first: number of the first tag.
    """
    sides = _usable(parts)
    rooms = sorted((side.largest_tag_m for side in sides), reverse=True)
    size = tag_m or np.floor(1e4 * rooms[: min(len(rooms), 6)][-1]) / 1e4
    if size < _LEAST_TAG_M or size > rooms[0]:
        said = f"expected {1e3 * _LEAST_TAG_M:.0f} mm, which a camera can read, to {1e3 * rooms[0]:.1f} mm, which fits"
        raise ConfigError(f"tags of {1e3 * size:.1f} mm: {said} the largest side")
    faces, number = [], first
    for k, side in enumerate(sides):
        fits = side.largest_tag_m >= size
        faces.append(_face(side, PALETTE[k % len(PALETTE)], number if fits else None))
        number += int(fits)
    return tuple(faces), float(size)


def _usable(parts: tuple[Solid, ...]) -> list[Side]:
    sides, share = flat_sides(parts)
    if len(sides) < 4 or share < _FLAT_SHARE:
        said = f"{len(sides)} flat sides with {100 * share:.0f} % of the surface"
        raise ConfigError(f"this shape has {said}; labels need 4 sides with {100 * _FLAT_SHARE:.0f} %: --labels none")
    return sides


def _face(side: Side, rgb: tuple[int, int, int], tag: int | None) -> Face:
    return Face(
        normal=_numbers(side.normal),
        rgb=rgb,
        offset_m=round(side.offset_m, 6),
        tag=tag,
        tag_at_m=None if tag is None else _numbers(side.middle),
        tag_up=None if tag is None else _numbers(_axes(side.normal)[1]),
    )


def _side(normal: Floats, offset_m: float, area_m2: float, corners: Floats) -> Side:
    return Side(normal=normal, offset_m=offset_m, area_m2=area_m2, corners=np.unique(np.round(corners, 6), axis=0))


def _axes(normal: Floats) -> tuple[Floats, Floats]:
    """Returns right and up of who looks at a side: up is +z as far as it can be, on top and bottom +y."""
    wanted = np.array([0.0, 1.0, 0.0] if abs(normal[2]) > 0.9 else [0.0, 0.0, 1.0])
    up = wanted - float(wanted @ normal) * normal
    up /= np.linalg.norm(up)
    return np.cross(up, normal), up


def _numbers(vector: Any) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 7) + 0.0 for value in vector)
    return x, y, z
