"""The flat sides of an object, those of a notch among them, and the largest square that fits on each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart
from dexterity_ros.perception.object_mesh import sample_parts

if TYPE_CHECKING:
    from trimesh import Trimesh

_SAME_PLANE_M, _SAME_NORMAL = 3e-4, 1e-4  # 1 - cosine; 0.8 degrees
_BIN_M, _BIN_NORMAL = 1e-3, 0.05  # of planes that are looked at together, to begin with the largest
_SMALLEST = 0.02  # of the whole surface; smaller flat pieces are no sides
_MOST = 64
_CELL_M = 2.5e-4  # of the grid that a side is drawn on
_SHIFT = 4  # bits of a grid point's fraction, for OpenCV
_BEYOND_M = 1e-3  # of a plane: more of the object than this makes a side an inner one
_COVERED_M, _SEEN_M = 5e-4, 3e-3  # in front of a side: where it is not inside a part, and where a camera sees it
_SAMPLES = 4000


@dataclass(frozen=True, kw_only=True)
class Side:
    """A flat side. offset_m: of its plane from the origin. inner: parts of the object lie beyond that plane.

    room_m: side of the largest square on it, whose edges are along `plane_axes`; middle_m: of that square, (3,).
    """

    normal: Floats
    offset_m: float
    area_m2: float
    inner: bool
    room_m: float
    middle_m: Floats


@dataclass(frozen=True, kw_only=True)
class Surface:
    """triangles_m: (t, 3, 3), counter-clockwise from outside. points_m, normals: samples of what is seen, (n, 3).

    parts: what may stand before a side. closed: whether triangles are never inside the object; those of parts that
    overlap may be.
    """

    triangles_m: Floats
    points_m: Floats
    normals: Floats
    parts: tuple[ConvexPart, ...]
    closed: bool


def surface_of(mesh: "Trimesh | None", solids: tuple[Solid, ...]) -> Surface:
    """Returns the surface of a mesh, or of parts together."""
    parts = tuple(ConvexPart(solid) for solid in solids)
    if mesh is None:
        points, normals = sample_parts(solids, _SAMPLES)
        triangles = np.concatenate([part.triangles_m for part in parts])
    else:
        import trimesh

        points, chosen = trimesh.sample.sample_surface(mesh, _SAMPLES, seed=0)
        points, normals, triangles = np.asarray(points), mesh.face_normals[chosen], np.asarray(mesh.triangles)
    return Surface(triangles_m=triangles, points_m=points, normals=normals, parts=parts, closed=mesh is not None)


def flat_sides(surface: Surface) -> tuple[list[Side], float]:
    """Returns the flat sides, largest first, and their share of the surface."""
    triangles = surface.triangles_m
    crossed = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    areas = 0.5 * np.linalg.norm(crossed, axis=1)
    normals = crossed / np.maximum(2.0 * areas[:, None], 1e-18)
    offsets = (normals * triangles[:, 0]).sum(axis=1)
    sides, free, share = [], areas > 0.0, 0.0
    for k in _largest_planes(normals, offsets, areas):
        mine = free & _on_plane(triangles[:, 0], normals, normals[k], offsets[k])
        free &= ~mine
        part = float(_on_plane(surface.points_m, surface.normals, normals[k], offsets[k]).mean())
        side = _side(surface, triangles[mine], normals[k], float(offsets[k])) if part > _SMALLEST else None
        if side is not None:
            sides.append(side)
            share += part
    return sorted(sides, key=lambda side: -side.area_m2), share


def plane_axes(normal: Floats) -> tuple[Floats, Floats]:
    """Returns right and up of who looks at a side: up is +z as far as it can be, on top and bottom +y."""
    wanted = np.array([0.0, 1.0, 0.0] if abs(normal[2]) > 0.9 else [0.0, 0.0, 1.0])
    up = wanted - float(wanted @ normal) * normal
    up /= np.linalg.norm(up)
    return np.cross(up, normal), up


def _on_plane(points_m: Floats, normals: Floats, normal: Floats, offset_m: float) -> Bools:
    """Returns which points, (n, 3), with normals, (n, 3), lie on a plane and face where it does, (n,)."""
    near = np.abs(points_m @ normal - offset_m) < _SAME_PLANE_M
    return np.asarray(near & (normals @ normal > 1.0 - _SAME_NORMAL))


def _largest_planes(normals: Floats, offsets: Floats, areas: Floats) -> list[int]:
    """Returns one triangle, the largest, of each of the planes with the most surface, the largest plane first."""
    bins = np.round(np.column_stack([normals / _BIN_NORMAL, offsets / _BIN_M])).astype(np.int64)
    _, which = np.unique(bins, axis=0, return_inverse=True)
    sums = np.bincount(which.ravel(), weights=areas)
    order = np.lexsort([-areas, which.ravel()])
    first = order[np.searchsorted(which.ravel()[order], np.arange(len(sums)))]
    return [int(first[k]) for k in np.argsort(-sums, kind="stable")[:_MOST]]


def _side(surface: Surface, triangles_m: Floats, normal: Floats, offset_m: float) -> Side | None:
    """Returns a side, drawn on a grid in its plane without what the object itself hides; None of nothing."""
    axes = np.stack(plane_axes(normal))
    flat = triangles_m @ axes.T
    low = flat.reshape(-1, 2).min(axis=0)
    drawn = _drawn((flat - low) / _CELL_M)
    rows, columns = np.nonzero(drawn)
    points = (np.column_stack([columns, rows]) * _CELL_M + low) @ axes + offset_m * normal
    hidden = _hidden(surface, points, normal)
    drawn[rows[hidden], columns[hidden]] = 0
    if not drawn.any():
        return None
    half, (row, column) = _largest_square(drawn)
    middle = (np.array([column, row]) * _CELL_M + low) @ axes + offset_m * normal
    beyond = float((surface.triangles_m.reshape(-1, 3) @ normal).max()) - offset_m
    return Side(
        normal=normal,
        offset_m=offset_m,
        area_m2=float(np.count_nonzero(drawn)) * _CELL_M**2,
        inner=beyond > _BEYOND_M,
        room_m=2.0 * half * _CELL_M,
        middle_m=middle,
    )


def _drawn(flat: Floats) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Returns which points of a grid lie on triangles, (t, 3, 2) in cells, 1 or 0, (rows, columns)."""
    columns, rows = np.ceil(flat.reshape(-1, 2).max(axis=0) - 1e-6).astype(int) + 1
    drawn = np.zeros((rows, columns), dtype=np.uint8)
    for corners in np.round(flat * 2**_SHIFT).astype(np.int32):
        cv2.fillConvexPoly(drawn, corners, 1, shift=_SHIFT)
    return drawn


def _hidden(surface: Surface, points: Floats, normal: Floats) -> Bools:
    """Returns which points of a side the object itself hides, (n,)."""
    depths = (_SEEN_M,) if surface.closed else (_COVERED_M, _SEEN_M)
    hidden: Bools = np.zeros(len(points), dtype=bool)
    for part in surface.parts:
        for depth in depths:
            hidden |= part.inside(points + depth * normal)
    return hidden


def _largest_square(drawn: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> tuple[int, tuple[int, int]]:
    """Returns half the side in cells of the largest square, and the row and column of its middle.

    Of squares of the same size it is the one nearest to the middle of all that is drawn.
    """
    away = cv2.distanceTransform(np.pad(drawn, 1), cv2.DIST_C, 3)[1:-1, 1:-1]
    best = np.argwhere(away >= away.max() - 0.5)
    middle = np.argwhere(drawn).mean(axis=0)
    row, column = best[np.argmin(((best - middle) ** 2).sum(axis=1))]
    return round(float(away.max())) - 1, (int(row), int(column))
