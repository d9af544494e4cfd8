"""Small copies of a hand's meshes, to look at: a simulator keeps each of them once for every model it steps."""

import re
from pathlib import Path

import numpy as np

from dexterity_ros.bringup.hands.mjcf_text import Looks
from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.files import naming
from dexterity_ros.sim.foreign_hand import ForeignGeom, ForeignHand

_MOST_TRIANGLES = 4000  # of one mesh
_FIRST_GRID_M, _COARSER = 2e-4, 1.5
_STL = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])  # binary STL, Marshall Burns


def write_looks(hand: ForeignHand, folder: Path) -> tuple[Looks, ...]:
    """Writes an STL for each mesh that is only looked at, or that collides on a link with nothing else to look at."""
    made = []
    with naming(folder):
        folder.mkdir()
        for k, link in enumerate(hand.links):
            meshes = [geom for geom in link.geoms if len(geom.points_m)]
            shown = [geom for geom in meshes if not geom.collides] or meshes
            for number, geom in enumerate(shown):
                name = f"{k}_{re.sub(r'[^A-Za-z0-9_-]', '_', link.name)[:40]}_{number}.stl"
                if _write(folder / name, geom):
                    made.append(Looks(file=name, link=k, rgb=geom.rgb))
    return tuple(made)


def _write(path: Path, geom: ForeignGeom) -> bool:
    """Writes a mesh, coarser where it has many triangles; returns whether enough of it is left."""
    corners, faces = simplified(geom.points_m, geom.faces, _MOST_TRIANGLES)
    if len(faces) < 4 or np.ptp(corners, axis=0).min() < 1e-6:
        return False
    write_stl(path, corners, faces)
    return True


def write_stl(path: Path, points_m: Floats, faces: Ints) -> None:
    """Writes corners, (v, 3), and triangles, (t, 3), as a binary STL."""
    records = np.zeros(len(faces), dtype=_STL)
    records["corners"] = points_m[faces]
    path.write_bytes(bytes(80) + np.uint32(len(faces)).tobytes() + records.tobytes())


def simplified(points_m: Floats, faces: Ints, most: int) -> tuple[Floats, Ints]:
    """Returns a mesh of at most so many triangles: corners within one cell of a grid become one, coarser and coarser.

    Source: Rossignac, Borrel, Multi-resolution 3D approximations for rendering complex scenes, 1993, vertex clustering.
    """
    grid_m = _FIRST_GRID_M
    while len(faces) > most:
        cells, owner = np.unique(np.floor(points_m / grid_m).astype(np.int64), axis=0, return_inverse=True)
        owner = owner.ravel()
        count = np.bincount(owner, minlength=len(cells))[:, None]
        merged = np.stack([np.bincount(owner, points_m[:, k], minlength=len(cells)) for k in range(3)], axis=1) / count
        kept = owner[faces]
        whole = (kept[:, 0] != kept[:, 1]) & (kept[:, 1] != kept[:, 2]) & (kept[:, 0] != kept[:, 2])
        points_m, faces = merged, np.unique(_begun_at_least(kept[whole]), axis=0)
        grid_m *= _COARSER
    return points_m, faces


def _begun_at_least(faces: Ints) -> Ints:
    """Returns triangles turned so that each begins at its lowest corner: the same ones become equal."""
    first = faces.argmin(axis=1)[:, None]
    return np.take_along_axis(faces, (first + np.arange(3)) % 3, axis=1)
