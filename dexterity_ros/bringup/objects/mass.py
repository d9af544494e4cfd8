"""Volume, centre and inertia of a shape."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart
from dexterity_ros.perception.object_mesh import depth_in

if TYPE_CHECKING:
    from trimesh import Trimesh

_CELLS = 90  # along the longest side


@dataclass(frozen=True, kw_only=True)
class Body:
    """volume_m3; centre_m (3,) in the shape's frame; inertia about it per kg, m2, (3, 3); how that was found."""

    volume_m3: float
    centre_m: Floats
    inertia_m2: Floats
    found_by: str


def body_of(mesh: "Trimesh | None", parts: tuple[Solid, ...]) -> Body:
    """Returns the properties of an evenly dense body: of its mesh where that is closed, else of its parts."""
    if mesh is not None and mesh.is_watertight and mesh.volume > 0.0:
        return _exact(mesh, "the mesh")
    if len(parts) == 1:
        return _exact(_closed(ConvexPart(parts[0])), "its shape")
    return _counted([ConvexPart(part) for part in parts])


def _exact(mesh: "Trimesh", found_by: str) -> Body:
    return Body(
        volume_m3=float(mesh.volume),
        centre_m=np.asarray(mesh.center_mass),
        inertia_m2=np.asarray(mesh.moment_inertia) / (mesh.volume * mesh.density),
        found_by=found_by,
    )


def _closed(part: ConvexPart) -> "Trimesh":
    import trimesh

    return trimesh.Trimesh(**trimesh.triangles.to_kwargs(part.triangles_m))


def _counted(parts: list[ConvexPart]) -> Body:
    """Returns the properties of convex parts that may overlap, from small cubes whose centres are in any of them."""
    corners = np.concatenate([part.corners_m for part in parts])
    low, high = corners.min(axis=0), corners.max(axis=0)
    step = float((high - low).max()) / _CELLS
    axes = [np.arange(a + 0.5 * step, b, step) for a, b in zip(low, high, strict=True)]
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = np.zeros(len(cells), dtype=bool)
    for part in parts:
        near = ~inside & ((cells >= part.corners_m.min(axis=0)) & (cells <= part.corners_m.max(axis=0))).all(axis=1)
        inside[near] = depth_in(part, cells[near]) > 0.0
    points = cells[inside]
    centre = points.mean(axis=0)
    away = points - centre
    second = away.T @ away / len(away) + np.eye(3) * step**2 / 12.0
    return Body(
        volume_m3=len(points) * step**3,
        centre_m=centre,
        inertia_m2=np.trace(second) * np.eye(3) - second,
        found_by="its parts, cubes counted",
    )
