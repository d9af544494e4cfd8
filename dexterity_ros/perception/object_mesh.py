"""The surface of an object's parts as triangles and as samples, with colours, for whoever draws or follows it."""

from collections.abc import Sequence

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart


def object_mesh(spec: ObjectSpec) -> tuple[Floats, Ints]:
    """Returns triangles (t, 3, 3) in the object frame, parts side by side, and their colours (t, 3), 0 to 255."""
    parts = [ConvexPart(part) for part in spec.parts]
    triangles = np.concatenate([part.triangles_m for part in parts])
    if spec.faces:
        return triangles, spec.colours[spec.face_of(triangles.mean(axis=1))].astype(np.int64)
    each = [np.tile(solid.rgb, (len(part.areas_m2), 1)) for solid, part in zip(spec.parts, parts, strict=True)]
    return triangles, np.concatenate(each)


def sample_parts(solids: Sequence[Solid], count: int) -> tuple[Floats, Floats]:
    """Returns points (n, 3) drawn evenly on the surface of all parts together, and outward normals (n, 3).

    The same every time. `count` are drawn; those inside another part are left out.
    """
    parts = [ConvexPart(solid) for solid in solids]
    rng, area = np.random.default_rng(0), sum(float(part.areas_m2.sum()) for part in parts)
    points, normals = [], []
    for solid, part in zip(solids, parts, strict=True):
        mine = max(round(count * float(part.areas_m2.sum()) / area), 10)
        chosen = rng.choice(len(part.areas_m2), size=mine, p=part.areas_m2 / part.areas_m2.sum())
        drawn, outwards = _rounded(solid, *part.on_triangles(chosen, rng.uniform(size=(mine, 2))))
        free = ~np.any([other.inside(drawn) for other in parts if other is not part], axis=0)
        points.append(drawn[free] if len(parts) > 1 else drawn)
        normals.append(outwards[free] if len(parts) > 1 else outwards)
    return np.concatenate(points), np.concatenate(normals)


def _rounded(solid: Solid, points_m: Floats, normals: Floats) -> tuple[Floats, Floats]:
    """Returns points and normals moved from the triangles that stand for a round part to its true surface."""
    if solid.kind in ("box", "hull"):
        return points_m, normals
    local, flat = (points_m - np.array(solid.pos_m)) @ solid.rotation, normals @ solid.rotation
    if solid.kind in ("sphere", "ellipsoid"):
        size = np.array(solid.size_m)
        surface = local / np.linalg.norm(local / size, axis=1, keepdims=True)
        outwards = surface / size**2
    else:
        radius, half = solid.size_m
        beyond = local.copy()
        beyond[:, 2] -= np.clip(local[:, 2], -half, half) if solid.kind == "capsule" else local[:, 2]
        outwards = beyond / np.linalg.norm(beyond, axis=1, keepdims=True)
        surface = local - beyond + radius * outwards
        if solid.kind == "cylinder":
            end = np.abs(flat[:, 2]) > 0.5
            surface[end], outwards[end] = local[end], flat[end]
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    return surface @ solid.rotation.T + np.array(solid.pos_m), outwards @ solid.rotation.T


def depth_in(part: ConvexPart, points_m: Floats) -> Floats:
    """Returns how deep points, (n, 3), lie in a part, (n,); negative outside."""
    depth: Floats = -(points_m @ part.planes[:, :3].T + part.planes[:, 3]).max(axis=1)
    return depth
