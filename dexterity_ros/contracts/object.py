"""ObjectSpec: what an object is, as its folder says: shape, mass, symmetry, faces.

A folder holds `object.yaml` (ObjectSpec), or `object.xml` (MJCF), with `faces.yaml` for a box (BoxObject).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.ranges import NAME, Checked, Length, Range
from dexterity_ros.contracts.resources import exists, resource, shipped_or_own
from dexterity_ros.contracts.solid import WITHIN, Solid, Vector
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry

FACES_FILE, MODEL_FILE, SPEC_FILE = "faces.yaml", "object.xml", "object.yaml"
_MOST_PARTS = 64


@dataclass(frozen=True, kw_only=True)
class Face(Checked):
    """One face: its outward normal in the object frame, its colour, 0 to 255 each, and the AprilTag on it, if any."""

    normal: Annotated[tuple[float, float, float], Range(-1.0, 1.0, "parts of a unit vector")]
    rgb: Annotated[tuple[int, int, int], Range(0, 255, "a colour has 8 bits per channel")]
    tag: Annotated[int | None, Range(0, 586, "the family 36h11 has 587 tags (AprilTag 3)")] = None


@dataclass(frozen=True, kw_only=True)
class ObjectSpec(Checked):
    """An object made of convex parts, which may overlap. Its frame's origin is the point that symmetries turn about.

    mass_kg: of the whole. com_m: centre of mass. inertia_kg_m2: about it along the object's axes, xx, yy, zz, xy, xz,
    yz; None for either takes the parts as equally dense, and counts twice where they overlap. friction: sliding; a
    contact has the larger of the object's and the hand's. symmetry: of the shape, whatever its colours are.
    """

    name: Annotated[str, NAME]
    parts: Annotated[tuple[Solid, ...], Length(1, _MOST_PARTS, "of one object")]
    mass_kg: Annotated[float, Range(1e-4, 10.0, "something that a hand can hold")]
    com_m: Annotated[Vector | None, WITHIN] = None
    inertia_kg_m2: Annotated[tuple[float, ...] | None, Length(6, 6, "xx, yy, zz, xy, xz, yz")] = None
    friction: Annotated[float, Range(0.01, 10.0, "of solids against each other")] = 0.3
    symmetry: Symmetry = NO_SYMMETRY

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.com_m is None) != (self.inertia_kg_m2 is None):
            raise ConfigError(f"com_m is {self.com_m}, inertia_kg_m2 is {self.inertia_kg_m2}: give both or neither")
        if self.inertia_kg_m2 is not None:
            _check_inertia(self.inertia_kg_m2)


@dataclass(frozen=True, kw_only=True)
class BoxObject(Checked):
    """half_m: half sizes along the object's axes. faces: +x, -x, +y, -y, +z, -z.

    tag_m: side of the tags' black squares; 0: there are none.
    """

    half_m: Annotated[tuple[float, float, float], Range(1e-3, 0.5, "something that a hand can hold")]
    faces: Annotated[tuple[Face, ...], Length(6, 6, "a box")]
    tag_m: Annotated[float, Range(0.0, 1.0, "no larger than a face; 0 = no tags")] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        normals = [face.normal for face in self.faces]
        if normals != [tuple(float(v) for v in row) for row in _AXES]:
            raise ConfigError(f"faces must be +x, -x, +y, -y, +z, -z; their normals are {normals}")
        tags = [face.tag for face in self.faces]
        if self.tag_m > 0.0 and (None in tags or len(set(tags)) != len(tags)):
            raise ConfigError(f"with tag_m every face needs a tag of its own; they are {tags}")

    @cached_property
    def colours(self) -> NDArray[np.float64]:
        """Colours of the faces, (6, 3), 0 to 255."""
        return np.array([face.rgb for face in self.faces], dtype=float)

    def face_of(self, local_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Returns on which face each point, (n, 3) in the object frame, lies or would lie first, (n,)."""
        share = local_m / np.array(self.half_m)
        axis = np.argmax(np.abs(share), axis=-1)
        negative = np.take_along_axis(share, axis[..., None], axis=-1)[..., 0] < 0.0
        return 2 * axis + negative

    def tag_axes(self, face: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns where right and up point, (3,) each, for someone who looks at a face from outside."""
        normal = np.array(self.faces[face].normal)
        up = np.array([0.0, 1.0, 0.0] if face >= 4 else [0.0, 0.0, 1.0])
        return np.cross(up, normal), up

    def tag_corners(self, face: int) -> NDArray[np.float64]:
        """Returns the corners of a tag's black square, object frame: upper left, then clockwise, (4, 3)."""
        right, up = (0.5 * self.tag_m * axis for axis in self.tag_axes(face))
        centre = np.array(self.faces[face].normal) * np.array(self.half_m)
        return np.stack([centre - right + up, centre + right + up, centre + right - up, centre - right - up])


TAG_FAMILY = "DICT_APRILTAG_36h11"  # as OpenCV calls it
_AXES = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]


def load_object(name: str) -> ObjectSpec | None:
    """Returns the object `name`; None where its folder holds an MJCF of its own in place of object.yaml.

    Raises ConfigError.
    """
    path = object_folder(name) / SPEC_FILE
    return config.load(ObjectSpec, path) if path.is_file() else None


def load_optional_box(name: str) -> BoxObject | None:
    """Returns the faces of models/objects/`name`, or None for an object that is no box. Raises ConfigError."""
    return load_box(name) if (object_folder(name) / FACES_FILE).is_file() else None


def load_box(name: str) -> BoxObject:
    """Returns the faces of models/objects/`name`. Raises ConfigError."""
    return config.load(BoxObject, object_folder(name) / FACES_FILE)


def object_folder(name: str) -> Path:
    """Returns the folder of an object: models/objects/`name`, shipped or here, or the folder `name` if it is a path.

    Raises ConfigError.
    """
    if name.startswith((".", "/", "~")):
        return _holding(resource(name))
    return _holding(shipped_or_own(f"models/objects/{name}"))


def _holding(folder: Path) -> Path:
    if any(exists(folder / file) for file in (SPEC_FILE, MODEL_FILE)):
        return folder
    said = (
        "is no folder"
        if not folder.is_dir()
        else f"holds {sorted(path.name for path in folder.iterdir()) or 'nothing'}"
    )
    raise ConfigError(f"{shown_path(folder)} {said}; an object is a folder with {SPEC_FILE} or {MODEL_FILE}")


def _check_inertia(inertia: tuple[float, ...]) -> None:
    """Raises ConfigError when no body has this inertia."""
    xx, yy, zz, xy, xz, yz = inertia
    moments = np.linalg.eigvalsh(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]))
    if moments[0] <= 0.0 or moments[0] + moments[1] < moments[2] * (1.0 - 1e-6):
        said = "expected positive ones, each at most the sum of the other two"
        raise ConfigError(f"inertia_kg_m2 {list(inertia)} has the principal moments {moments.tolist()}, {said}")
