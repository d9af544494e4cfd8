"""Convex parts of a mesh, and how far they are from it."""

import multiprocessing
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart
from dexterity_ros.perception.object_mesh import depth_in

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from trimesh import Trimesh

_CONVEX = 0.985  # share of its hull that a shape fills when its hull is good enough
_MOST_CORNERS = 100  # of a part; MuJoCo's own examples have 64
_THRESHOLD = 0.03  # concavity, Wei et al., CoACD, SIGGRAPH 2022: 0.01 fine to 1 coarse
_SAMPLES = 4000
_MOST_S = 300.0  # a hundred times what a part of a hand's size takes


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Hulls in the mesh's frame, how they were made, and how far their surface is from the mesh's: p95, largest, m."""

    solids: tuple[Solid, ...]
    made_by: str
    off_p95_m: float
    off_max_m: float


def convex_parts(mesh: "Trimesh", most: int, rgb: tuple[int, int, int]) -> Parts:
    """Returns at most `most` convex parts of a trimesh: its hull if it is convex or CoACD is not installed.

    Raises ConfigError when CoACD comes to no end.
    """
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

    if find_spec("coacd") is None:
        return [mesh.convex_hull], "its convex hull, hollows filled: for parts, pip install '.[objects]' (CoACD)"
    pieces = _within(_MOST_S, np.asarray(mesh.vertices), np.asarray(mesh.faces), most)
    hulls = [trimesh.Trimesh(vertices, faces).convex_hull for vertices, faces in pieces]
    return hulls, f"CoACD, {len(hulls)} parts"


def _within(seconds: float, vertices: Floats, faces: Ints, most: int) -> list[tuple[Floats, Ints]]:
    """Returns what CoACD makes of a mesh in a process of its own, which is ended when it takes too long."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=_cut, args=(vertices, faces, most, its), daemon=True)
    process.start()
    its.close()
    try:
        if not mine.poll(seconds):
            said = f"{len(faces)} triangles were not cut into convex parts within {seconds:.0f} s"
            raise ConfigError(f"{said}: simplify the mesh, or take its hull with --parts 1")
        pieces: list[tuple[Floats, Ints]] = mine.recv()
    except EOFError as error:
        raise ConfigError(f"CoACD failed on {len(faces)} triangles: take the hull with --parts 1") from error
    finally:
        process.kill()
        process.join()
    return pieces


def _cut(vertices: Floats, faces: Ints, most: int, result: "Connection") -> None:
    import coacd

    coacd.set_log_level("error")
    mesh = coacd.Mesh(vertices, faces)
    pieces = coacd.run_coacd(
        mesh, threshold=_THRESHOLD, max_convex_hull=most, decimate=True, max_ch_vertex=_MOST_CORNERS, seed=0
    )
    result.send([(np.asarray(points), np.asarray(triangles)) for points, triangles in pieces])


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
