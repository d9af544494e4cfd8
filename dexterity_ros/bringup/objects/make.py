"""From a file with a shape to an ObjectSpec, with everything that a person should know about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from dexterity_ros.bringup.objects.closing import closed
from dexterity_ros.bringup.objects.convex_parts import convex_parts, sample_mesh
from dexterity_ros.bringup.objects.flat_sides import surface_of
from dexterity_ros.bringup.objects.labels import coloured, tagged
from dexterity_ros.bringup.objects.mass import Body, body_of
from dexterity_ros.bringup.objects.shape_file import in_mm, read_shape
from dexterity_ros.bringup.objects.symmetry_search import find_symmetry
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import Face
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.symmetry import Symmetry
from dexterity_ros.perception.object_mesh import sample_parts

if TYPE_CHECKING:
    from trimesh import Trimesh

Labels = Literal["none", "colours", "tags"]
_GREY = (160, 165, 172)
_SAMPLES = 12_000
_LIGHT, _HEAVY = 20.0, 12_000.0  # kg/m3: foam, and metals


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person says about a shape. One of mass_kg and density_kg_m3. tag_m, first_tag: of tags."""

    name: str
    unit: str | None
    mass_kg: float | None
    density_kg_m3: float | None
    labels: Labels
    parts: int
    tag_m: float | None = None
    first_tag: int = 0


@dataclass(frozen=True, kw_only=True)
class Imported:
    """spec; mesh: of the surface in the object frame, m, or None; figures: what to show, by name."""

    spec: ObjectSpec
    mesh: "Trimesh | None"
    figures: dict[str, str]


def import_object(path: Path, wanted: Wanted, say: Callable[[str], None] = lambda _: None) -> Imported:
    """Returns the object in a file. Its origin is the centre of its volume, its axes are the file's.

    say: takes what is being done.

    Raises:
        ConfigError: the file is none of a solid that a hand can hold, or something needed is not said.
    """
    if (wanted.mass_kg is None) == (wanted.density_kg_m3 is None):
        raise ConfigError("give --mass-kg (weighed) or --density (printed solid in PLA: 1240), one of them")
    shape = read_shape(path, wanted.unit)
    whole, surface = _solid(shape.mesh, wanted.parts, shown_path(path))
    say("cutting it into convex parts, for 300 s at most")
    found = None if whole is None else convex_parts(whole, wanted.parts, _GREY)
    solids = shape.parts if found is None else found.solids
    body = body_of(whole, solids)
    mesh, solids = _centred(whole, solids, body.centre_m)
    say("turning it, for its symmetry")
    symmetry = find_symmetry(sample_mesh(mesh, _SAMPLES) if mesh is not None else _samples(solids))
    mass = wanted.mass_kg or round(body.volume_m3 * (wanted.density_kg_m3 or 0.0), 5)
    faces, tag_m = _labelled(mesh, solids, wanted, symmetry)
    spec = ObjectSpec(
        name=wanted.name, parts=solids, mass_kg=mass, com_m=(0.0, 0.0, 0.0),
        inertia_kg_m2=_six(mass * body.inertia_m2), symmetry=symmetry, faces=faces, tag_m=tag_m,
    )  # fmt: skip
    _check_density(spec, body)
    figures = {
        "size": f"{in_mm(_extents(mesh, solids))}, read in {shape.unit}",
        "surface": surface,
        "parts": "as given" if found is None else _said(found.made_by, found.off_p95_m, found.off_max_m),
        "mass": f"{1e3 * mass:.1f} g, {mass / body.volume_m3:.0f} kg/m3, volume from {body.found_by}",
        "symmetry": symmetry.described,
        "labels": _labels_said(spec),
        "looks alike": "never: the labels tell" if faces else symmetry.described,
    }
    return Imported(spec=spec, mesh=mesh, figures=figures)


def generated_object(name: str) -> Imported:
    """Returns an object of config/objects/family.yaml. Raises ConfigError: there is none of that name."""
    found = {item.name: item.spec for item in load_catalogue().objects}
    if name not in found:
        near = get_close_matches(name, found, n=6, cutoff=0.0)
        raise ConfigError(f"no generated object is called {shown(name)}, some of them are {near}")
    spec = found[name]
    body = body_of(None, spec.parts)
    figures = {
        "size": in_mm(_extents(None, spec.parts)),
        "parts": str(len(spec.parts)),
        "mass": f"{1e3 * spec.mass_kg:.1f} g, {spec.mass_kg / body.volume_m3:.0f} kg/m3, volume from {body.found_by}",
        "symmetry": spec.symmetry.described,
        "labels": _labels_said(spec),
        "looks alike": spec.symmetry.described,
    }
    return Imported(spec=spec, mesh=None, figures=figures)


def _solid(mesh: "Trimesh | None", parts: int, where: str) -> tuple["Trimesh | None", str]:
    if mesh is None:
        return None, "of primitives"
    if parts == 1 and not mesh.is_watertight:
        return mesh, "open: its hull stands for it"
    return closed(mesh, where)


def _centred(
    mesh: "Trimesh | None", solids: tuple[Solid, ...], centre_m: Floats
) -> tuple["Trimesh | None", tuple[Solid, ...]]:
    if mesh is not None:
        mesh = mesh.copy()
        mesh.apply_translation(-centre_m)
    moved = []
    for solid in solids:
        x, y, z = (round(float(v), 6) + 0.0 for v in np.array(solid.pos_m) - centre_m)
        moved.append(replace(solid, pos_m=(x, y, z)))
    return mesh, tuple(moved)


def _samples(solids: tuple[Solid, ...]) -> Floats:
    return sample_parts(solids, _SAMPLES)[0]


def _extents(mesh: "Trimesh | None", solids: tuple[Solid, ...]) -> Floats:
    points = _samples(solids) if mesh is None else np.asarray(mesh.vertices)
    extents: Floats = points.max(axis=0) - points.min(axis=0)
    return extents


def _labelled(
    mesh: "Trimesh | None", solids: tuple[Solid, ...], wanted: Wanted, symmetry: Symmetry
) -> tuple[tuple[Face, ...], float]:
    if wanted.labels == "none":
        return (), 0.0
    if symmetry.freedoms:
        said = f"it looks alike after {symmetry.described}, which labels on sides cannot tell: --labels none"
        raise ConfigError(f"--labels {wanted.labels}: {said}")
    surface = surface_of(mesh, solids)
    if wanted.labels == "tags":
        return tagged(surface, wanted.tag_m, wanted.first_tag, solids[0].rgb)
    return coloured(surface), 0.0


def _labels_said(spec: ObjectSpec) -> str:
    if not spec.faces:
        return "none"
    if spec.tag_m == 0.0:
        return f"{len(spec.faces)} sides, a colour each"
    tags = [face.tag for face in spec.faces if face.tag is not None]
    return f"{len(tags)} tags of {1e3 * spec.tag_m:.1f} mm on {len(spec.faces)} sides: numbers {tags[0]} to {tags[-1]}"


def _six(inertia: Floats) -> tuple[float, ...]:
    rows = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    return tuple(float(f"{inertia[i, j]:.8g}") for i, j in rows)


def _check_density(spec: ObjectSpec, body: Body) -> None:
    density = spec.mass_kg / body.volume_m3
    if not _LIGHT <= density <= _HEAVY:
        said = f"expected {_LIGHT:.0f} (foam) to {_HEAVY:.0f} (metal) kg/m3: is the unit or the mass right?"
        raise ConfigError(
            f"{1e3 * spec.mass_kg:.1f} g in {1e6 * body.volume_m3:.1f} cm3 is {density:.0f} kg/m3; {said}"
        )


def _said(made_by: str, off_p95_m: float, off_max_m: float) -> str:
    return f"{made_by}; off the mesh by {1e3 * off_p95_m:.1f} mm (95 %), {1e3 * off_max_m:.1f} mm at most"
