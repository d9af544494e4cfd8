"""Surfaces of objects made of convex parts: volume, centre, and samples with normals, the same at every call."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.far_apart import far_apart
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid

_ROUND = 48  # corners of a circle that stands for a round part
_INSIDE_M = 1e-5
_OUTSIDE_M = 3e-5  # where parts touch, a face looks into the other part
_SPARE = 12  # so many candidates for each sample that is kept


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Points in the object frame, (n, 3), the first k of them well apart for any k, and outward normals."""

    points_m: Floats
    normals: Floats


class ConvexPart:
    """A part of an object as the hull of its corners; round parts have so many corners that it hardly shows."""

    def __init__(self, part: Solid) -> None:
        self.corners_m = _outline(part) @ part.rotation.T + np.array(part.pos_m)
        hull = ConvexHull(self.corners_m)
        self.planes: Floats = np.unique(np.round(hull.equations, 9), axis=0)
        a, b, c = (self.corners_m[hull.simplices[:, k]] for k in range(3))
        inward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(axis=1) < 0.0
        self._a, self._b, self._c = a, np.where(inward[:, None], c, b), np.where(inward[:, None], b, c)
        self.normals: Floats = hull.equations[:, :3]
        self.volume_m3 = float(hull.volume)

    @property
    def centre_m(self) -> Floats:
        """Centre of volume, (3,)."""
        middle = self.corners_m.mean(axis=0)
        a, b, c = self._a - middle, self._b - middle, self._c - middle
        volumes = (np.cross(a, b) * c).sum(axis=1)
        centre: Floats = middle + (volumes[:, None] * (a + b + c)).sum(axis=0) / (4.0 * volumes.sum())
        return centre

    @property
    def triangles_m(self) -> Floats:
        """Its triangles, counter-clockwise for someone outside, (t, 3, 3)."""
        return np.stack([self._a, self._b, self._c], axis=1)

    @property
    def areas_m2(self) -> Floats:
        """Of its triangles, (t,)."""
        areas: Floats = 0.5 * np.linalg.norm(np.cross(self._b - self._a, self._c - self._a), axis=1)
        return areas

    def on_triangles(self, chosen: Ints, uv: Floats) -> tuple[Floats, Floats]:
        """Returns points and normals, (n, 3), for triangles, (n,), and two numbers of 0 to 1 for each, (n, 2)."""
        root = np.sqrt(uv[:, :1])
        a, b, c = self._a[chosen], self._b[chosen], self._c[chosen]
        points = (1.0 - root) * a + root * (1.0 - uv[:, 1:]) * b + root * uv[:, 1:] * c
        return points, self.normals[chosen]

    def inside(self, points_m: Floats) -> Bools:
        """Returns which points, (n, 3), are inside and not just at the surface, (n,)."""
        return np.asarray((points_m @ self.planes[:, :3].T + self.planes[:, 3]).max(axis=1) < -_INSIDE_M)


def surface_samples(spec: ObjectSpec, count: int, seed: int = 0) -> Samples:
    """Returns points that cover the surface evenly; what lies inside another part is no surface."""
    parts = [ConvexPart(part) for part in spec.parts]
    rng = np.random.default_rng(seed)
    areas = [part.areas_m2 for part in parts]
    shares = np.array([area.sum() for area in areas]) / sum(area.sum() for area in areas)
    points, normals = [], []
    for k, part in enumerate(parts):
        wanted = round(_SPARE * count * shares[k])
        chosen = rng.choice(len(areas[k]), size=wanted, p=areas[k] / areas[k].sum())
        there, outwards = part.on_triangles(chosen, rng.uniform(size=(wanted, 2)))
        hidden = [other.inside(there + _OUTSIDE_M * outwards) for j, other in enumerate(parts) if j != k]
        seen = ~np.any(hidden, axis=0) if hidden else np.ones(wanted, dtype=bool)
        points.append(there[seen])
        normals.append(outwards[seen])
    every, outwards = np.concatenate(points), np.concatenate(normals)
    kept = far_apart(every, count)
    return Samples(points_m=every[kept], normals=outwards[kept])


def _outline(part: Solid) -> Floats:
    """Returns corners in the part's own frame, (n, 3)."""
    if part.kind == "hull":
        return np.array(part.points_m)
    if part.kind == "box":
        signs = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        corners: Floats = signs * np.array(part.size_m)
        return corners
    if part.kind == "cylinder":
        return _rings(np.array([part.size_m[0]] * 2), np.array([-1.0, 1.0]) * part.size_m[1])
    latitude = np.linspace(-np.pi / 2.0, np.pi / 2.0, _ROUND // 2 + 1)
    flat, up = np.cos(latitude), np.sin(latitude)
    if part.kind == "capsule":
        radius, half = part.size_m
        shift = np.where(up < 0.0, -half, half)
        both = np.concatenate([up, [0.0]]) * radius + np.concatenate([shift, [-half]])
        return _rings(radius * np.concatenate([flat, [1.0]]), both)
    ball = _rings(flat, up)
    stretched: Floats = ball * np.array(part.size_m * (3 if part.kind == "sphere" else 1))
    return stretched


def _rings(radius_m: Floats, z_m: Floats) -> Floats:
    """Returns rings of points about z, (rings * corners, 3)."""
    angle = 2.0 * np.pi * np.arange(_ROUND) / _ROUND
    x, y = radius_m[:, None] * np.cos(angle), radius_m[:, None] * np.sin(angle)
    rings: Floats = np.stack([x, y, np.broadcast_to(z_m[:, None], x.shape)], axis=-1).reshape(-1, 3)
    return rings
