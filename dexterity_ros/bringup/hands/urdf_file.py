"""Makes a URDF readable for MuJoCo: meshes by absolute paths, in formats it knows, and nothing of it left out."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from dexterity_ros.bringup.hands.looks import simplified, write_stl
from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming, read_bounded, shown_path

_MOST_BYTES = 50_000_000
_KNOWN = (".stl", ".msh")  # that MuJoCo reads
_CONVERTED = (".obj", ".dae", ".glb", ".gltf", ".ply")  # MuJoCo reads the first object of an OBJ alone
_SCHEMES = ("package://", "model://", "file://")
_MOST_FACES = 200_000  # of one STL (MuJoCo's own limit)


def readable_urdf(path: Path, packages: tuple[Path, ...], folder: Path) -> str:
    """Returns the text of a URDF for MuJoCo, which tells meshes apart by their files' names alone.

    Args:
        path: the file.
        packages: folders in which the packages of package://NAME/... lie, besides those above the file.
        folder: an empty one, for links to the meshes, each with a name of its own, and for those that are converted.

    Raises:
        ConfigError: it is no URDF, or names meshes that are not there or cannot be read; all of them at once.
    """
    robot = _parsed(path)
    _make_visible(robot)
    missing: list[str] = []
    known: dict[tuple[Path, str], Path] = {}
    for mesh in robot.iter("mesh"):
        name = mesh.get("filename", "")
        file = _found(name, path, packages)
        if file is None:
            missing.append(name)
            continue
        key = (file, mesh.get("scale", ""))
        if key not in known:
            known[key] = _known(file, folder / f"{len(known)}_{file.stem}")
        mesh.set("filename", str(known[key]))
    if missing:
        names = sorted(set(missing))
        few = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        said = "seen from the file; --packages DIR says where packages lie"
        raise ConfigError(f"{shown_path(path)} names {len(names)} meshes that are not there: {few}; {said}")
    return ElementTree.tostring(robot, encoding="unicode")


def _parsed(path: Path) -> ElementTree.Element:
    content = read_bounded(path, _MOST_BYTES)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ConfigError(f"{shown_path(path)} defines entities, which no URDF needs")
    try:
        robot = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ConfigError(f"{shown_path(path)} is no XML: {error}") from error
    if robot.tag != "robot":
        raise ConfigError(f"{shown_path(path)} begins with <{robot.tag}>, expected <robot> (URDF) or <mujoco> (MJCF)")
    if any("xacro" in element.tag for element in robot.iter()):
        raise ConfigError(f"{shown_path(path)} is xacro; expand it first: xacro {path.name} > hand.urdf")
    return robot


def _make_visible(robot: ElementTree.Element) -> None:
    """Tells MuJoCo to keep what is only looked at, links without joints, and paths as they are."""
    for extension in robot.findall("mujoco"):
        robot.remove(extension)
    compiler = ElementTree.SubElement(ElementTree.SubElement(robot, "mujoco"), "compiler")
    for name, value in (
        ("discardvisual", "false"), ("strippath", "false"), ("fusestatic", "false"), ("balanceinertia", "true"),
    ):  # fmt: skip
        compiler.set(name, value)


def _found(name: str, path: Path, packages: tuple[Path, ...]) -> Path | None:
    """Returns the file that a URDF's mesh stands for: beside it, or in a package above it or in one of `packages`."""
    scheme = next((scheme for scheme in _SCHEMES if name.startswith(scheme)), "")
    rest = Path(name.removeprefix(scheme))
    if scheme in ("", "file://"):
        candidates = [rest if rest.is_absolute() else path.parent / rest, path.parent / rest.name]
    else:
        above = path.resolve().parents
        inside = Path(*rest.parts[1:])  # without the package's name: its folder may be called otherwise
        candidates = [*(root / rest for root in (*packages, *above)), *(root / inside for root in (*packages, *above))]
    return next((file.resolve() for file in candidates if file.is_file()), None)


def _known(file: Path, made: Path) -> Path:
    """Makes a link to a mesh that MuJoCo reads, or an STL of another one, called `made` and an ending; returns it."""
    ending = file.suffix.lower()
    if ending not in (*_KNOWN, *_CONVERTED):
        raise ConfigError(f"{shown_path(file)}: expected one of {[*_KNOWN, *_CONVERTED]}")
    link = Path(f"{made}{ending}")
    with naming(link):
        if ending in _KNOWN:
            link.symlink_to(file)
        else:
            link = Path(f"{made}.stl")
            write_stl(link, *simplified(*_loaded(file), _MOST_FACES))
    return link


def _loaded(file: Path) -> tuple[Floats, Ints]:
    """Returns the corners, (v, 3), and triangles, (t, 3), of all that is in a file."""
    import trimesh

    try:
        mesh: Any = trimesh.load(file, force="mesh")
    except ImportError as error:
        raise ConfigError(f"{shown_path(file)} needs a package: pip install pycollada ({error})") from error
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ConfigError(f"{shown_path(file)} is no mesh: {' '.join(str(error).split())[:200]}") from error
    faces = np.asarray(getattr(mesh, "faces", ()), dtype=np.int64)
    if not len(faces) or not np.isfinite(mesh.vertices).all():
        raise ConfigError(f"{shown_path(file)} holds no triangles")
    return np.asarray(mesh.vertices, dtype=float), faces
