"""Closes the holes of a mesh that is nearly a solid; says of others what is open."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import ConfigError

if TYPE_CHECKING:
    from trimesh import Trimesh

_SAME_POINT_DIGITS = 5  # of m: points nearer than 10 um are one
_FLAT = 0.1  # of a hole's width: how far its edge may be off a plane, to be closed by one
_MOST_HOLES = 20
_TWISTED = "triangles side by side face different ways"


@dataclass(frozen=True, kw_only=True)
class _Hole:
    """corners: of its edge, as the triangles around it name them, (n,). points_m: (n, 3)."""

    corners: Ints
    points_m: Floats

    @property
    def across_m(self) -> float:
        return float(np.linalg.norm(np.ptp(self.points_m, axis=0)))

    @property
    def flat(self) -> bool:
        away = self.points_m - self.points_m.mean(axis=0)
        normal = np.linalg.svd(away, full_matrices=False)[2][-1]
        return bool(np.ptp(away @ normal) <= _FLAT * self.across_m)

    @property
    def described(self) -> str:
        middle = ", ".join(f"{1e3 * value:.0f}" for value in self.points_m.mean(axis=0))
        return f"{1e3 * self.across_m:.1f} mm across around ({middle}) mm"


def closed(mesh: "Trimesh", where: str) -> tuple["Trimesh", str]:
    """Returns a mesh, in m, whose surface is closed and faces outwards, and what was done for it; "closed": nothing.

    Flat holes are closed by a plane. where: the file, for messages.

    Raises:
        ConfigError: it is open otherwise.
    """
    done = "closed"
    if not mesh.is_watertight:
        mesh = mesh.copy()
        mesh.merge_vertices(digits_vertex=_SAME_POINT_DIGITS)
        mesh.update_faces(mesh.nondegenerate_faces())
        done = "points joined that are nearly one"
    if not mesh.is_watertight:
        holes = _holes(mesh, where)
        _check(holes, where)
        mesh, done = _filled(mesh, holes), f"{_counted(holes)} closed by a plane: {_largest(holes)}"
    if not mesh.is_winding_consistent:
        raise _refused(where, _TWISTED)
    if mesh.volume < 0.0:
        mesh = mesh.copy()
        mesh.invert()
    return mesh, done


def _holes(mesh: "Trimesh", where: str) -> list[_Hole]:
    """Returns the loops of edges that one triangle alone has. Raises ConfigError where there are no loops."""
    edges = np.asarray(mesh.edges)
    _, which, count = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    if (count > 2).any():
        raise _refused(where, f"{int((count > 2).sum())} edges belong to three or more triangles")
    ends: dict[int, list[int]] = {}
    for start, end in edges[count[which.ravel()] == 1].tolist():
        ends.setdefault(start, []).append(end)
    holes = []
    while ends:
        corners = _loop(ends)
        if corners is None:
            raise _refused(where, _TWISTED)
        holes.append(_Hole(corners=np.array(corners), points_m=np.asarray(mesh.vertices)[corners]))
    return holes


def _loop(ends: dict[int, list[int]]) -> list[int] | None:
    """Takes a loop out of {corner: where edges from it go}; None where an edge leads to where none goes on."""
    first = corner = next(iter(ends))
    corners = []
    while corner in ends:
        corners.append(corner)
        after = ends[corner].pop()
        if not ends[corner]:
            del ends[corner]
        if after == first:
            return corners
        corner = after
    return None


def _check(holes: list[_Hole], where: str) -> None:
    bent = [hole for hole in holes if not hole.flat]
    if bent:
        raise _refused(where, f"{_counted(bent)} with an edge that is not flat, {_largest(bent)}")
    if len(holes) > _MOST_HOLES:
        raise _refused(where, f"{_counted(holes)}, at most {_MOST_HOLES} are closed here, {_largest(holes)}")


def _filled(mesh: "Trimesh", holes: list[_Hole]) -> "Trimesh":
    """Returns the mesh with a fan of triangles from the middle of each hole to its edge."""
    import trimesh

    vertices, faces = [np.asarray(mesh.vertices)], [np.asarray(mesh.faces)]
    for k, hole in enumerate(holes):
        vertices.append(hole.points_m.mean(axis=0)[None])
        middle = np.full(len(hole.corners), len(mesh.vertices) + k)
        faces.append(np.column_stack([np.roll(hole.corners, -1), hole.corners, middle]))
    return trimesh.Trimesh(np.concatenate(vertices), np.concatenate(faces), process=False)


def _counted(holes: list[_Hole]) -> str:
    return f"{len(holes)} hole" + ("s" if len(holes) != 1 else "")


def _largest(holes: list[_Hole]) -> str:
    largest = max(holes, key=lambda hole: hole.across_m)
    return f"the largest {largest.described}" if len(holes) > 1 else largest.described


def _refused(where: str, what: str) -> ConfigError:
    said = "close it in the program that made it, or take its hull with --parts 1"
    return ConfigError(f"the surface of {where} is open: {what}; {said}")
