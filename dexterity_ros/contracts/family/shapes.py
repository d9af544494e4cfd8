"""The families of generated objects: one row each, how its numbers are drawn, and what solid they make.

Lengths in mm, so that the list in config/objects is read by people. Sizes, masses and families: what hora and Visual
Dexterity train on (Qi et al., arXiv 2210.04887; Chen et al., arXiv 2211.11744) as far as it can be made by numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid, Vector
from dexterity_ros.contracts.surface import ConvexPart
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry, finite

SIZE_MM = (45.0, 80.0)  # of the longest side
MASS_G = (40.0, 200.0)
Numbers = Mapping[str, tuple[float, ...]]
Shape = tuple[tuple[Solid, ...], Symmetry]
_APART_MM = 6.0  # sides that must differ: a symmetry that the group does not know would make goals ambiguous
_RINGS, _SPOKES = 9, 12  # of a superellipsoid's corners
LETTERS = ("L", "T", "U", "H")


@dataclass(frozen=True, kw_only=True)
class Family:
    """draw: numbers of one object, lists by name. shape: parts and symmetry of them; raises ConfigError for others."""

    draw: Callable[[np.random.Generator], dict[str, tuple[float, ...]]]
    shape: Callable[[Numbers], Shape]


def turns_about_z(count: int) -> Floats:
    """Returns the rotations by whole parts of a turn, quaternions wxyz, (count, 4)."""
    half = np.pi * np.arange(count) / count
    zero = np.zeros(count)
    return np.stack([np.cos(half), zero, zero, np.sin(half)], axis=-1)


def with_flips(turns: Floats) -> Floats:
    """Returns turns about z, (n, 4), and each after half a turn about x, (2 n, 4): the group of a prism."""
    w, z, zero = turns[:, 0], turns[:, 3], np.zeros(len(turns))
    return np.concatenate([turns, np.stack([zero, w, z, zero], axis=-1)])


_BRICK = finite([*with_flips(turns_about_z(2))])
_ABOUT_X = finite([np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0, 0.0])])
_ROUND = Symmetry(turns=((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)), axis=(0.0, 0.0, 1.0))


def _cuboid(numbers: Numbers) -> Shape:
    return (box(_m(numbers, "sides", 3) / 2.0),), _BRICK


def _draw_cuboid(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    return {"sides": _rounded(_different(rng, 35.0, SIZE_MM[1], longest=SIZE_MM[0]))}


def _ring(count: int, radius: float, z: float) -> Floats:
    angle = 2.0 * np.pi * np.arange(count) / count
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(count, z)], axis=-1)


def _prism(numbers: Numbers) -> Shape:
    count, (radius, height) = _corners(numbers), _m(numbers, "radius_height", 2)
    part = hull(np.concatenate([_ring(count, radius, -height / 2.0), _ring(count, radius, height / 2.0)]))
    return (part,), finite([*with_flips(turns_about_z(count))])


def _draw_prism(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    count = int(rng.integers(3, 9))
    while True:
        radius, height = rng.uniform(24.0, 38.0), rng.uniform(SIZE_MM[0], 75.0)
        if count != 4 or abs(height - radius * 2.0**0.5) > _APART_MM:
            return {"corners": (float(count),), "radius_height": _rounded(np.array([radius, height]))}


def _frustum(numbers: Numbers) -> Shape:
    count, (bottom, top, height) = _corners(numbers), _m(numbers, "bottom_top_height", 3)
    part = hull(np.concatenate([_ring(count, bottom, 0.0), _ring(count, top, height)]))
    return (part,), finite([*turns_about_z(count)])


def _draw_frustum(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    bottom = rng.uniform(30.0, 39.0)
    sizes = np.array([bottom, bottom * rng.uniform(0.4, 0.7), rng.uniform(SIZE_MM[0], 70.0)])
    return {"corners": (float(rng.integers(3, 9)),), "bottom_top_height": _rounded(sizes)}


def _superellipsoid(numbers: Numbers) -> Shape:
    """Source: Barr 1981, Superquadrics and Angle-Preserving Transformations, section 3."""
    axes, (vertical, round_z) = _m(numbers, "semi_axes", 3), np.array(_list(numbers, "exponents", 2))
    up = np.linspace(-np.pi / 2.0, np.pi / 2.0, _RINGS)[1:-1, None]
    about = 2.0 * np.pi * np.arange(_SPOKES)[None] / _SPOKES
    flat = _power(np.cos(up), vertical)
    x, y = flat * _power(np.cos(about), round_z), flat * _power(np.sin(about), round_z)
    z = np.broadcast_to(_power(np.sin(up), vertical), x.shape)
    points = np.concatenate([np.stack([x, y, z], axis=-1).reshape(-1, 3), [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]])
    return (hull(points * axes),), _BRICK


def _power(base: Floats, exponent: float) -> Floats:
    raised: Floats = np.sign(base) * np.abs(base) ** exponent
    return raised


def _draw_superellipsoid(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    axes = _different(rng, 40.0, SIZE_MM[1], longest=SIZE_MM[0]) / 2.0
    return {"semi_axes": _rounded(axes), "exponents": _rounded(rng.uniform(0.25, 1.5, size=2), 2)}


def _capsule(numbers: Numbers) -> Shape:
    radius, half = _m(numbers, "radius_half_length", 2)
    return (Solid(kind="capsule", size_m=(float(radius), float(half))),), _ROUND


def _draw_capsule(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    radius = rng.uniform(19.0, 27.0)
    return {"radius_half_length": _rounded(np.array([radius, rng.uniform(10.0, SIZE_MM[1] / 2.0 - radius)]))}


def _hull(numbers: Numbers) -> Shape:
    flat = numbers.get("points", ())
    if set(numbers) != {"points"} or len(flat) < 12 or len(flat) % 3:
        raise ConfigError(f"a hull has the numbers points, x y z of 4 or more, found {dict(numbers)}")
    return (hull(np.array(flat).reshape(-1, 3) * 1e-3),), NO_SYMMETRY


def _draw_hull(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    while True:
        directions = rng.normal(size=(int(rng.integers(8, 21)), 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        points = directions * rng.uniform(24.0, 40.0, size=3) * rng.uniform(0.75, 1.0, size=(len(directions), 1))
        extent = points.max(axis=0) - points.min(axis=0)
        if extent.min() > 32.0 and SIZE_MM[0] < extent.max() < SIZE_MM[1]:
            return {"points": _rounded(points.ravel())}


def _cross(numbers: Numbers) -> Shape:
    """A bar along x, and stubs on its sides along y, and along z where that length is not 0."""
    (along, across, upright), width = _m(numbers, "lengths", 3) / 2.0, float(_m(numbers, "width", 1)[0]) / 2.0
    parts = [box(np.array([along, width, width]))]
    for axis, reach in ((1, across), (2, upright)):
        if reach > 0.0:
            parts += [_stub(axis, sign, reach, width) for sign in (-1.0, 1.0)]
    return tuple(parts), _BRICK


def _stub(axis: int, sign: float, reach: float, width: float) -> Solid:
    half, pos = np.full(3, width), np.zeros(3)
    half[axis], pos[axis] = (reach - width) / 2.0, sign * (reach + width) / 2.0
    return box(half, pos)


def _draw_cross(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    lengths = _different(rng, 50.0, SIZE_MM[1], longest=SIZE_MM[0])
    if rng.uniform() < 0.5:
        lengths[2] = 0.0
    return {"lengths": _rounded(lengths), "width": _rounded(rng.uniform(20.0, 28.0, size=1))}


def _letter(numbers: Numbers) -> Shape:
    """Bars of one width in the plane of x and y; letter: its place in LETTERS. An H lies on its side."""
    place = _list(numbers, "letter", 1)[0]
    if place not in range(len(LETTERS)):
        raise ConfigError(f"letter is {place:g}, expected the place of one of {LETTERS}, from 0")
    letter = LETTERS[int(place)]
    long, short, width, deep = _m(numbers, "long_short_width_deep", 4)
    back = box(np.array([width, long, deep]) / 2.0)
    foot = np.array([short - width, width, deep]) / 2.0
    out, end = short / 2.0, (long - width) / 2.0
    if letter == "L":
        return (back, box(foot, np.array([out, -end, 0.0]))), NO_SYMMETRY
    if letter == "T":
        return (back, box(foot, np.array([out, 0.0, 0.0]))), _ABOUT_X
    if letter == "U":
        return (back, *(box(foot, np.array([out, side * end, 0.0])) for side in (-1.0, 1.0))), _ABOUT_X
    middle, far = box(foot, np.array([out, 0.0, 0.0])), np.array([short, 0.0, 0.0])
    return (back, middle, box(np.array([width, long, deep]) / 2.0, far)), _BRICK


def _draw_letter(rng: np.random.Generator) -> dict[str, tuple[float, ...]]:
    letter = int(rng.integers(0, len(LETTERS)))
    long, width = rng.uniform(62.0, SIZE_MM[1]), rng.uniform(19.0, 24.0)
    short = rng.uniform(44.0, 56.0) if LETTERS[letter] != "H" else rng.uniform(40.0, 50.0)
    deep = rng.uniform(26.0, 36.0)
    return {"letter": (float(letter),), "long_short_width_deep": _rounded(np.array([long, short, width, deep]))}


FAMILIES: dict[str, Family] = {
    "cuboid": Family(draw=_draw_cuboid, shape=_cuboid),
    "prism": Family(draw=_draw_prism, shape=_prism),
    "frustum": Family(draw=_draw_frustum, shape=_frustum),
    "superellipsoid": Family(draw=_draw_superellipsoid, shape=_superellipsoid),
    "capsule": Family(draw=_draw_capsule, shape=_capsule),
    "hull": Family(draw=_draw_hull, shape=_hull),
    "cross": Family(draw=_draw_cross, shape=_cross),
    "letter": Family(draw=_draw_letter, shape=_letter),
}


def _different(rng: np.random.Generator, low: float, high: float, *, longest: float) -> Floats:
    """Returns three lengths, mm, (3,), that differ clearly, the longest of them at least `longest`."""
    while True:
        sides: Floats = rng.uniform(low, high, size=3)
        gaps = np.abs(sides - np.roll(sides, 1))
        if gaps.min() > _APART_MM and sides.max() > longest:
            return sides


def _corners(numbers: Numbers) -> int:
    count = _list(numbers, "corners", 1)[0]
    if count != int(count) or not 3 <= count <= 64:
        raise ConfigError(f"corners is {count}, expected a whole number from 3 to 64")
    return int(count)


def _m(numbers: Numbers, name: str, count: int) -> Floats:
    """Returns lengths in metres."""
    return np.array(_list(numbers, name, count)) * 1e-3


def _list(numbers: Numbers, name: str, count: int) -> tuple[float, ...]:
    found = numbers.get(name, ())
    if len(found) != count:
        raise ConfigError(f"{name} has the numbers {list(found)}, expected {count} of them")
    return found


def _rounded(values: Floats, digits: int = 1) -> tuple[float, ...]:
    return tuple(round(float(value), digits) for value in values)


def made(name: str, family: str, numbers: Numbers, mass_kg: float) -> ObjectSpec:
    """Returns the object of a family that these numbers make, its centre of mass at the origin. Raises ConfigError."""
    if family not in FAMILIES:
        raise ConfigError(f"no family {family!r}; there are {list(FAMILIES)}")
    parts, symmetry = FAMILIES[family].shape(numbers)
    return ObjectSpec(name=name, parts=_centred(parts), mass_kg=mass_kg, symmetry=symmetry)


def box(half_m: Floats, pos_m: Floats | None = None) -> Solid:
    """Returns a box of these half sizes, (3,), at a place, (3,)."""
    return Solid(kind="box", size_m=_vector(half_m), pos_m=(0.0, 0.0, 0.0) if pos_m is None else _vector(pos_m))


def hull(points_m: Floats) -> Solid:
    """Returns the convex hull of points, (n, 3)."""
    return Solid(kind="hull", points_m=tuple(_vector(point) for point in points_m))


def _centred(parts: tuple[Solid, ...]) -> tuple[Solid, ...]:
    """Returns parts that do not overlap, moved so that their centre of mass is the origin."""
    convex = [ConvexPart(part) for part in parts]
    volumes = np.array([part.volume_m3 for part in convex])
    centre = (volumes[:, None] * np.stack([part.centre_m for part in convex])).sum(axis=0) / volumes.sum()
    return tuple(replace(part, pos_m=_vector(np.array(part.pos_m) - centre)) for part in parts)


def _vector(values: Floats) -> Vector:
    x, y, z = (round(float(value), 7) for value in values)
    return x, y, z
