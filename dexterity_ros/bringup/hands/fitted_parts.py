"""Boxes and capsules in place of a link's meshes, and how far they are from them.

Meshes of CAD cost a camera's ray, a contact and an image's mask 20 to 80 times what primitives do. One primitive is
fitted to all that is on a link; the worst one is cut in two until all are near enough or there are enough of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.frames import matrix_to_quat
from dexterity_ros.contracts.hand_shape import HandShape, Link, Part
from dexterity_ros.perception.hand_shape import distance, part_pose
from dexterity_ros.perception.surface_points import surface_points

NEAR_M = 0.002  # of mesh and parts, 95 %: half of what the eyes' mask is wider than the hand
_SAMPLES = 6000
_LEFT_OUT = (0.01, 0.05, 0.12)  # shares of the points outside each side of a primitive, to choose from
_CUTS = (0.3, 0.4, 0.5, 0.6, 0.7)  # shares of a side where a part may be cut
_FEWEST = 60  # points of a part
_SPACING_M = 0.004  # of points on parts
_UNCOVERED = 2.0  # the weight of what no part covers: cameras take it for the object
_NEARLY = 1.15  # times the least error
_THIN_M = 5e-4  # half of the thinnest part


@dataclass(frozen=True, kw_only=True)
class FitError:
    """How far apart a mesh and its parts are, m: points of the mesh outside of the parts, and the other way round."""

    mesh_out_p95_m: float
    mesh_out_max_m: float
    parts_out_p95_m: float

    @property
    def size_m(self) -> float:
        """The larger of both, 95 %; what is left uncovered counts twice."""
        return max(_UNCOVERED * self.mesh_out_p95_m, self.parts_out_p95_m)

    @property
    def described(self) -> str:
        """The same in mm."""
        out = f"mesh outside parts {1e3 * self.mesh_out_p95_m:.1f} mm (95 %), {1e3 * self.mesh_out_max_m:.1f} at most"
        return f"{out}; parts outside mesh {1e3 * self.parts_out_p95_m:.1f} mm (95 %)"


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Points, (n, 3), drawn evenly on meshes in a link's frame, with normals, and how far apart they are."""

    points_m: Floats
    normals: Floats
    spacing_m: float
    tree: cKDTree


def mesh_surface(meshes: list[tuple[Floats, Ints]]) -> Surface:
    """Returns samples of meshes, each (corners (v, 3), triangles (t, 3)), the same every time."""
    triangles = np.concatenate([corners[faces] for corners, faces in meshes])
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    double = np.linalg.norm(normals, axis=1)
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(triangles), size=_SAMPLES, p=double / double.sum())
    u, v = rng.uniform(size=(2, _SAMPLES, 1))
    u, v = np.where(u + v > 1.0, 1.0 - u, u), np.where(u + v > 1.0, 1.0 - v, v)
    a, b, c = (triangles[chosen, k] for k in range(3))
    points = a + u * (b - a) + v * (c - a)
    spacing = float(np.sqrt(0.5 * double.sum() / _SAMPLES))
    return Surface(
        points_m=points, normals=normals[chosen] / double[chosen, None], spacing_m=spacing, tree=cKDTree(points)
    )


def fit_parts(surface: Surface, most: int) -> tuple[tuple[Part, ...], FitError]:
    """Returns boxes and capsules for a surface, and how far off they are: the fewest that are nearly as good as most.

    most: parts at most.
    """
    tried = list(_refined(surface, most))
    least = max(min(error.size_m for _, error in tried), NEAR_M)
    return next((parts, error) for parts, error in tried if error.size_m <= _NEARLY * least)


def _refined(surface: Surface, most: int) -> Iterator[tuple[tuple[Part, ...], FitError]]:
    """Yields one part for all, then ever more: the worst is cut in two."""
    clouds = [surface.points_m]
    parts = [_best(surface, surface.points_m)]
    while True:
        error, of_part = _errors(surface, parts)
        yield tuple(parts), error
        worst = int(np.argmax(of_part))
        halves = _cut(clouds[worst]) if len(parts) < most and of_part[worst] > NEAR_M else None
        if halves is None:
            return
        clouds[worst : worst + 1] = halves
        parts[worst : worst + 1] = [_best(surface, half) for half in halves]


def _best(surface: Surface, points: Floats) -> Part:
    """Returns the box or capsule that is nearest to points on a surface."""

    def off_m(part: Part) -> float:
        return max(_UNCOVERED * _p95(_outside(part, points)), _p95(_to_surface(surface, _on_parts([part])[0])))

    return min((part for frame in _frames(points) for part in _in_frame(points, frame)), key=off_m)


def _least(points: Floats) -> float:
    """Returns the volume of the smaller of the boxes round points."""
    extents = [np.ptp(points @ frame, axis=0) for frame in _frames(points)]
    return float(min(np.prod(extent) for extent in extents))


def _frames(points: Floats) -> list[Floats]:
    """Returns frames, (3, 3), axes as columns: the link's own, and the points' principal axes."""
    centred = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
    return [np.eye(3), axes]


def _in_frame(points: Floats, frame: Floats) -> list[Part]:
    """Returns boxes in a frame and capsules along its axes: some that leave a few points out, some round them all."""
    local = points @ frame
    parts = []
    for left_out in _LEFT_OUT:
        low, high = np.quantile(local, [left_out, 1.0 - left_out], axis=0)
        centre, half = (low + high) / 2.0, np.maximum((high - low) / 2.0, _THIN_M)
        parts.append(_part("box", half, frame @ centre, frame))
        parts += [_capsule(local, centre, along, 2.0 * left_out, frame) for along in range(3)]
    return parts


def _capsule(local: Floats, centre: Floats, along: int, left_out: float, frame: Floats) -> Part:
    """Returns the capsule along one axis of a frame; left_out: share of the points beyond its radius and its ends."""
    across = [(along + 1) % 3, (along + 2) % 3]
    from_axis = np.linalg.norm(local[:, across] - centre[across], axis=1)
    radius = max(float(np.quantile(from_axis, 1.0 - left_out)), _THIN_M)
    round_end = np.sqrt(np.maximum(radius**2 - from_axis**2, 0.0))
    upper = float(np.quantile(local[:, along] - round_end, 1.0 - left_out))
    lower = float(np.quantile(local[:, along] + round_end, left_out))
    middle = centre.copy()
    middle[along] = (upper + lower) / 2.0
    turned = np.stack([frame[:, across[0]], frame[:, across[1]], frame[:, along]], axis=1)
    return _part("capsule", np.array([radius, max((upper - lower) / 2.0, _THIN_M)]), frame @ middle, turned)


def _part(kind: str, size: Floats, at: Floats, frame: Floats) -> Part:
    quat = matrix_to_quat(frame)
    x, y, z = (round(float(value), 6) + 0.0 for value in at)
    w, i, j, k = (round(float(value), 9) + 0.0 for value in quat)
    sizes = tuple(round(float(value), 6) for value in size)
    return Part(kind="box" if kind == "box" else "capsule", size_m=sizes, pos_m=(x, y, z), quat_wxyz=(w, i, j, k))


def _cut(points: Floats) -> list[Floats] | None:
    """Returns points in two groups, across the side and at the place that leave the least volume; None: too few."""
    cuts = []
    for frame in _frames(points):
        local = points @ frame
        low, high = local.min(axis=0), local.max(axis=0)
        for side in range(3):
            for share in _CUTS:
                first = local[:, side] < low[side] + share * (high[side] - low[side])
                if _FEWEST <= first.sum() <= len(points) - _FEWEST:
                    cuts.append([points[first], points[~first]])
    return min(cuts, key=lambda halves: sum(map(_least, halves)), default=None)


def _errors(surface: Surface, parts: list[Part]) -> tuple[FitError, Floats]:
    """Returns the error of all parts, and how far each stands out of the mesh or leaves its nearest points, m."""
    outside = np.stack([_outside(part, surface.points_m) for part in parts])
    nearest, out = outside.argmin(axis=0), outside.min(axis=0)
    drawn, owner = _on_parts(parts)
    away = _to_surface(surface, drawn)
    each = [
        max(_UNCOVERED * _p95(out[nearest == k]), _p95(away[owner == k]))
        for k in range(len(parts))
    ]  # fmt: skip
    error = FitError(mesh_out_p95_m=_p95(out), mesh_out_max_m=float(out.max()), parts_out_p95_m=_p95(away))
    return error, np.array(each)


def _outside(part: Part, points_m: Floats) -> Floats:
    pose = part_pose(part)
    return np.maximum(distance(part, (points_m - pose[:3, 3]) @ pose[:3, :3]), 0.0)


def _on_parts(parts: list[Part]) -> tuple[Floats, Ints]:
    """Returns points on the surface of all parts together, (n, 3), and which part each is on, (n,)."""
    link = Link(
        parent=-1, pos_m=(0.0, 0.0, 0.0), quat_wxyz=(1.0, 0.0, 0.0, 0.0), joint="", axis=(0.0, 0.0, 1.0),
        anchor_m=(0.0, 0.0, 0.0), parts=tuple(parts),
    )  # fmt: skip
    points = surface_points(HandShape(links=(link,)), _SPACING_M).points_m
    to_each = np.stack([np.abs(_signed(part, points)) for part in parts])
    return points, to_each.argmin(axis=0)


def _signed(part: Part, points_m: Floats) -> Floats:
    """Returns distances to a part's surface, roughly: negative inside."""
    pose = part_pose(part)
    local = (points_m - pose[:3, 3]) @ pose[:3, :3]
    if part.kind == "capsule":
        return distance(part, local)
    deep: Floats = (np.abs(local) - np.array(part.size_m)).max(axis=1)
    return np.where(deep > 0.0, distance(part, local), deep)


def _to_surface(surface: Surface, points_m: Floats) -> Floats:
    """Returns how far points stand out of a sampled surface, (n,): along its normal where they are beside a sample.

    What is behind the surface does not stand out.
    """
    away, nearest = surface.tree.query(points_m)
    along = ((points_m - surface.points_m[nearest]) * surface.normals[nearest]).sum(axis=1)
    beside = np.sqrt(np.maximum(away**2 - along**2, 0.0))
    out: Floats = np.where(along < 0.0, 0.0, np.where(beside < 2.0 * surface.spacing_m, along, away))
    return out


def _p95(values: Floats) -> float:
    return float(np.quantile(values, 0.95)) if len(values) else 0.0
