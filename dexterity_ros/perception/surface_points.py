"""Points all over the surface of a hand's solid parts, with their normals. Pure numpy."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand_shape import HandShape, Part
from dexterity_ros.perception.hand_shape import contains, part_pose


@dataclass(frozen=True, kw_only=True)
class SurfacePoints:
    """n points fixed to links: points_m, normals (n, 3) in the frame of the link (n,)."""

    points_m: Floats
    normals: Floats
    link: NDArray[np.int64]

    def placed(self, links: Floats) -> tuple[Floats, Floats]:
        """Returns points and normals in the hand frame, (n, 3) each. links: T_hand_link of all, (links, 4, 4)."""
        poses = links[self.link]
        rotation = poses[:, :3, :3]
        points = np.einsum("nij,nj->ni", rotation, self.points_m) + poses[:, :3, 3]
        return points, np.einsum("nij,nj->ni", rotation, self.normals)

    def only(self, chosen: NDArray[np.int64]) -> "SurfacePoints":
        """Returns those with these numbers, (m,)."""
        return SurfacePoints(points_m=self.points_m[chosen], normals=self.normals[chosen], link=self.link[chosen])


def surface_points(shape: HandShape, spacing_m: float) -> SurfacePoints:
    """Returns points about so far apart. Those inside another part of the same link are left out."""
    points: list[Floats] = []
    normals: list[Floats] = []
    links: list[NDArray[np.int64]] = []
    for k, link in enumerate(shape.links):
        for part in link.parts:
            local, normal = _part_points(part, spacing_m)
            pose = part_pose(part)
            placed = local @ pose[:3, :3].T + pose[:3, 3]
            outside = ~_inside_others(placed, part, link.parts)
            points.append(placed[outside])
            normals.append((normal @ pose[:3, :3].T)[outside])
            links.append(np.full(int(outside.sum()), k, dtype=np.int64))
    return SurfacePoints(points_m=np.concatenate(points), normals=np.concatenate(normals), link=np.concatenate(links))


def _inside_others(points_m: Floats, own: Part, parts: tuple[Part, ...]) -> NDArray[np.bool_]:
    inside = np.zeros(len(points_m), dtype=bool)
    for part in parts:
        if part is not own:
            pose = part_pose(part)
            inside |= contains(part, (points_m - pose[:3, 3]) @ pose[:3, :3])
    return inside


def _part_points(part: Part, spacing_m: float) -> tuple[Floats, Floats]:
    """Returns points and normals, (n, 3) each, in the part's own frame."""
    if part.kind == "box":
        return _box_points(np.array(part.size_m), spacing_m)
    return _capsule_points(part.size_m[0], part.size_m[1], spacing_m)


def _box_points(half_m: Floats, spacing_m: float) -> tuple[Floats, Floats]:
    points: list[Floats] = []
    normals: list[Floats] = []
    for axis, side in itertools.product(range(3), (-1.0, 1.0)):
        u, v = (k for k in range(3) if k != axis)
        grid = np.stack(np.meshgrid(_row(half_m[u], spacing_m), _row(half_m[v], spacing_m)), axis=-1).reshape(-1, 2)
        face = np.zeros((len(grid), 3))
        face[:, u], face[:, v], face[:, axis] = grid[:, 0], grid[:, 1], side * half_m[axis]
        normal = np.zeros_like(face)
        normal[:, axis] = side
        points.append(face)
        normals.append(normal)
    return np.concatenate(points), np.concatenate(normals)


def _capsule_points(radius_m: float, half_m: float, spacing_m: float) -> tuple[Floats, Floats]:
    """Returns points evenly round the axis: on the cylinder and, as Fibonacci spirals, on the two round ends."""
    around = max(math.ceil(2.0 * math.pi * radius_m / spacing_m), 6)
    angle = np.arange(around) * 2.0 * math.pi / around
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(around)], axis=-1)
    heights = _row(half_m, spacing_m)
    side = np.repeat(ring, len(heights), axis=0)
    on_side = radius_m * side
    on_side[:, 2] = np.tile(heights, around)
    count = max(math.ceil(4.0 * math.pi * radius_m**2 / spacing_m**2), 8)
    z = 1.0 - 2.0 * (np.arange(count) + 0.5) / count
    turn = np.arange(count) * math.pi * (3.0 - math.sqrt(5.0))
    flat = np.sqrt(1.0 - z**2)
    ball = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=-1)
    on_ends = radius_m * ball
    on_ends[:, 2] += np.where(z > 0.0, half_m, -half_m)
    return np.concatenate([on_side, on_ends]), np.concatenate([side, ball])


def _row(half_m: float, spacing_m: float) -> Floats:
    """Returns places in the middle of equal pieces of [-half, half]."""
    count = max(math.ceil(2.0 * half_m / spacing_m), 1)
    row: Floats = half_m * ((2.0 * np.arange(count) + 1.0) / count - 1.0)
    return row
