"""Convex parts of a mesh, and how far they are from it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart
from dexterity_ros.perception.object_mesh import depth_in

if TYPE_CHECKING:
    from trimesh import Trimesh

_CONVEX = 0.985  # share of its hull that a shape fills when its hull is good enough
_MOST_CORNERS = 100  # of a part; MuJoCo's own examples have 64
_THRESHOLD = 0.03  # concavity, Wei et al., CoACD, SIGGRAPH 2022: 0.01 fine to 1 coarse
_SAMPLES = 4000


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Hulls in the mesh's frame, how they were made, and how far their surface is from the mesh's: p95, largest, m."""

    solids: tuple[Solid, ...]
    made_by: str
    off_p95_m: float
    off_max_m: float


def convex_parts(mesh: "Trimesh", most: int, rgb: tuple[int, int, int]) -> Parts:
    """Returns at most `most` convex parts of a trimesh: its hull if it is convex or CoACD is not installed."""
    hull = mesh.convex_hull
    filled = abs(mesh.volume) / hull.volume if mesh.is_watertight else 0.0
    if filled >= _CONVEX or most == 1:
        pieces, made_by = [hull], "its convex hull"
    else:
        pieces, made_by = _decomposed(mesh, most)
    solids = tuple(_as_solid(piece, rgb) for piece in pieces)
    off = distances(mesh, solids)
    return Parts(solids=solids, made_by=made_by, off_p95_m=float(np.quantile(off, 0.95)), off_max_m=float(off.max()))


def distances(mesh: "Trimesh", solids: tuple[Solid, ...]) -> Floats:
    """Returns how far points on a mesh are inside or outside of convex parts, (n,), m."""
    points = sample_mesh(mesh, _SAMPLES)
    depth = np.max([depth_in(ConvexPart(solid), points) for solid in solids], axis=0)
    off: Floats = np.abs(depth)
    return off


def sample_mesh(mesh: "Trimesh", count: int) -> Floats:
    """Returns points, (count, 3), drawn evenly on a trimesh, the same every time."""
    import trimesh

    points, _ = trimesh.sample.sample_surface(mesh, count, seed=0)
    return np.asarray(points)


def _decomposed(mesh: "Trimesh", most: int) -> tuple[list["Trimesh"], str]:
    import trimesh

    try:
        import coacd
    except ImportError:
        return [mesh.convex_hull], "its convex hull, hollows filled: for parts, pip install '.[objects]' (CoACD)"
    coacd.set_log_level("error")
    pieces = coacd.run_coacd(
        coacd.Mesh(mesh.vertices, mesh.faces), threshold=_THRESHOLD, max_convex_hull=most, decimate=True,
        max_ch_vertex=_MOST_CORNERS, seed=0,
    )  # fmt: skip
    hulls = [trimesh.Trimesh(vertices, faces).convex_hull for vertices, faces in pieces]
    return hulls, f"CoACD, {len(hulls)} parts"


def _as_solid(piece: "Trimesh", rgb: tuple[int, int, int]) -> Solid:
    corners = np.asarray(piece.vertices)
    if len(corners) > _MOST_CORNERS:
        corners = corners[_far_apart(corners, _MOST_CORNERS)]
    points = tuple((float(x), float(y), float(z)) for x, y, z in np.round(corners, 6).tolist())
    return Solid(kind="hull", points_m=points, rgb=rgb)


def _far_apart(points: Floats, count: int) -> list[int]:
    """Returns which points to keep so that all others are near one of them: the furthest, again and again."""
    chosen = [int(np.argmax(np.linalg.norm(points - points.mean(axis=0), axis=1)))]
    nearest = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
