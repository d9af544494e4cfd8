"""Reads the shape of an object: a mesh, scaled to metres, or primitives from a YAML file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.ranges import Checked, Length
from dexterity_ros.contracts.solid import Solid

if TYPE_CHECKING:
    from trimesh import Trimesh

UNITS_M = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "in": 0.0254}
MESH_ENDINGS, YAML_ENDINGS = (".stl", ".obj", ".ply"), (".yaml", ".yml")
_HOLDABLE_M = (0.01, 0.3)  # the longest side of what a hand of 0.1 to 0.3 m can hold
_GUESSED = ("mm", "m")  # no length is holdable in both
_MOST_BYTES = 200_000_000
_MOST_TRIANGLES = 500_000


@dataclass(frozen=True, kw_only=True)
class Primitives(Checked):
    """A YAML file of primitives: convex parts in metres, as in object.yaml."""

    parts: Annotated[tuple[Solid, ...], Length(1, 64, "of one object")]


@dataclass(frozen=True, kw_only=True)
class ShapeFile:
    """What a file says. mesh: in metres (None for primitives). parts: primitives (none for a mesh). unit: as read."""

    mesh: "Trimesh | None"
    parts: tuple[Solid, ...]
    unit: str


def read_shape(path: Path, unit: str | None) -> ShapeFile:
    """Returns what a file holds. unit: of a mesh; None takes mm or m, whichever makes something that can be held.

    Raises:
        ConfigError: it cannot be read, holds no surface, or is of a size that no hand holds.
    """
    ending = path.suffix.lower()
    if ending in YAML_ENDINGS:
        if unit not in (None, "m"):
            raise ConfigError(f"--unit {unit}: primitives in {shown_path(path)} are in m, as their names say")
        return ShapeFile(mesh=None, parts=config.load(Primitives, path).parts, unit="m")
    if ending not in MESH_ENDINGS:
        raise ConfigError(f"{shown_path(path)}: expected one of {[*MESH_ENDINGS, *YAML_ENDINGS]}")
    mesh = _read_mesh(path, ending)
    chosen = unit or _fitting_unit(path, mesh.extents)
    mesh.apply_scale(UNITS_M[chosen])
    longest = float(mesh.extents.max())
    if not _HOLDABLE_M[0] <= longest <= _HOLDABLE_M[1]:
        raise ConfigError(f"{shown_path(path)} is {in_mm(mesh.extents)} when read in {chosen}; {_wanted()}")
    return ShapeFile(mesh=mesh, parts=(), unit=chosen)


def in_mm(lengths_m: Floats) -> str:
    """Returns three lengths as a text, such as 70.0 x 70.0 x 30.0 mm."""
    return " x ".join(f"{1e3 * length:.1f}" for length in lengths_m) + " mm"


def _read_mesh(path: Path, ending: str) -> "Trimesh":
    import trimesh

    content = read_bounded(path, _MOST_BYTES)
    try:
        mesh = trimesh.load_mesh(trimesh.util.wrap_as_stream(content), file_type=ending[1:], process=True)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ConfigError(f"{shown_path(path)} is no mesh: {' '.join(str(error).split())[:200]}") from error
    triangles = len(getattr(mesh, "faces", ()))
    if triangles < 4 or not np.isfinite(mesh.vertices).all() or not mesh.extents.min() > 0.0:
        raise ConfigError(f"{shown_path(path)} holds {triangles} triangles, and no solid")
    if triangles > _MOST_TRIANGLES:
        raise ConfigError(f"{shown_path(path)} has {triangles} triangles, expected at most {_MOST_TRIANGLES}")
    return mesh


def _fitting_unit(path: Path, extents: Floats) -> str:
    longest = float(extents.max())
    for unit in _GUESSED:
        if _HOLDABLE_M[0] <= longest * UNITS_M[unit] <= _HOLDABLE_M[1]:
            return unit
    said = ", ".join(f"{1e3 * longest * factor:.4g} mm in {unit}" for unit, factor in UNITS_M.items())
    raise ConfigError(
        f"{shown_path(path)} is {longest:.4g} long, which is {said}; {_wanted()}; give --unit, or scale it"
    )


def _wanted() -> str:
    return f"expected {1e3 * _HOLDABLE_M[0]:.0f} to {1e3 * _HOLDABLE_M[1]:.0f} mm, which a hand can hold"
