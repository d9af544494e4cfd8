"""ObjectSpec: what an object is, as its folder says: shape, mass, symmetry, faces.

A folder holds `object.yaml` (ObjectSpec), or `object.xml` (MJCF), with `faces.yaml` for a box (BoxObject).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np

from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import FACES_FILE, BoxObject, Face, Labelled
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.ranges import NAME, Checked, Length, Range
from dexterity_ros.contracts.resources import exists, resource, shipped_or_own
from dexterity_ros.contracts.solid import WITHIN, Solid, Vector
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry

MODEL_FILE, SPEC_FILE = "object.xml", "object.yaml"
_MOST_PARTS, _MOST_FACES = 64, 64
NO_MODEL = ("", "none")  # names of an object that nobody has a model of
MANY_OBJECTS = "family:"  # what begins the name of several objects in a manifest, of which one is in the hand
SHIPPED_OBJECT = "cube70"  # what shipped policies turn


@dataclass(frozen=True, kw_only=True)
class ObjectSpec(Checked):
    """An object made of convex parts, which may overlap. Its frame's origin is the point that symmetries turn about.

    mass_kg: of the whole. com_m: centre of mass. inertia_kg_m2: about it along the object's axes, xx, yy, zz, xy, xz,
    yz; None for either takes the parts as equally dense, and counts twice where they overlap. friction: sliding; a
    contact has the larger of the object's and the hand's. symmetry: of the shape, whatever its colours are.
    faces: labels; a point belongs to the one whose plane it is nearest to or furthest beyond; beyond the plane of an
    inner one lies the object itself, so there only nearness counts. tag_m: side of the tags' black squares; 0: there
    are none.
    """

    name: Annotated[str, NAME]
    parts: Annotated[tuple[Solid, ...], Length(1, _MOST_PARTS, "of one object")]
    mass_kg: Annotated[float, Range(1e-4, 10.0, "something that a hand can hold")]
    com_m: Annotated[Vector | None, WITHIN] = None
    inertia_kg_m2: Annotated[tuple[float, ...] | None, Length(6, 6, "xx, yy, zz, xy, xz, yz")] = None
    friction: Annotated[float, Range(0.01, 10.0, "of solids against each other")] = 0.3
    symmetry: Symmetry = NO_SYMMETRY
    faces: Annotated[tuple[Face, ...], Length(0, _MOST_FACES, "labels of one object")] = ()
    tag_m: Annotated[float, Range(0.0, 1.0, "no larger than a face; 0 = no tags")] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_faces()
        if (self.com_m is None) != (self.inertia_kg_m2 is None):
            raise ConfigError(f"com_m is {self.com_m}, inertia_kg_m2 is {self.inertia_kg_m2}: give both or neither")
        if self.inertia_kg_m2 is not None:
            _check_inertia(self.inertia_kg_m2)

    @property
    def box_half_m(self) -> Vector | None:
        """Half sizes of an object that is one box at its origin; None of all others."""
        first = self.parts[0]
        alone = len(self.parts) == 1 and first.kind == "box"
        if not alone or any(first.pos_m) or abs(first.quat_wxyz[0]) < 1.0 - 1e-9:
            return None
        return first.size_m[0], first.size_m[1], first.size_m[2]

    @cached_property
    def colours(self) -> Floats:
        """Colours of the faces, (n, 3), 0 to 255."""
        return np.array([face.rgb for face in self.faces], dtype=float)

    @cached_property
    def middles(self) -> Floats:
        """The point of each face's plane that is nearest to the origin, (n, 3)."""
        return self._normals * self._offsets[:, None]

    def face_of(self, local_m: Floats) -> Ints:
        """Returns on which face each point, (n, 3) in the object frame, lies or would lie first, (n,)."""
        beyond = local_m @ self._normals.T - self._offsets
        nearest: Ints = np.argmax(np.where(self._inner, -np.abs(beyond), beyond), axis=-1)
        return nearest

    def tag_axes(self, face: int) -> tuple[Floats, Floats]:
        """Returns where right and up point, (3,) each, for someone who looks at a face from outside."""
        up = np.array(self.faces[face].tag_up)
        return np.cross(up, np.array(self.faces[face].normal)), up

    def tag_corners(self, face: int) -> Floats:
        """Returns the corners of a tag's black square, object frame: upper left, then clockwise, (4, 3)."""
        right, up = (0.5 * self.tag_m * axis for axis in self.tag_axes(face))
        centre = np.array(self.faces[face].tag_at_m)
        return np.stack([centre - right + up, centre + right + up, centre + right - up, centre - right - up])

    @cached_property
    def _normals(self) -> Floats:
        return np.array([face.normal for face in self.faces])

    @cached_property
    def _inner(self) -> Bools:
        return np.array([face.inner for face in self.faces])

    @cached_property
    def _offsets(self) -> Floats:
        return np.array([face.offset_m for face in self.faces])

    def _check_faces(self) -> None:
        """Raises ConfigError for labels that cannot be used."""
        if self.faces and self.symmetry.freedoms:
            said = "faces tell apart a few poses, not those of any turn: leave them out"
            raise ConfigError(
                f"{len(self.faces)} faces on a shape that looks alike after {self.symmetry.described}; {said}"
            )
        if lacking := [k for k, face in enumerate(self.faces) if face.offset_m is None]:
            raise ConfigError(f"faces {lacking} lack offset_m, the distance of their plane from the origin")
        tags = [face for face in self.faces if face.tag is not None]
        if self.tag_m > 0.0 and not tags:
            raise ConfigError(f"tag_m is {self.tag_m}, and no face has a tag")
        if self.tag_m > 0.0 and any(face.tag_at_m is None or face.tag_up is None for face in tags):
            raise ConfigError("a face with a tag needs tag_at_m and tag_up")
        if len({face.tag for face in tags}) != len(tags):
            raise ConfigError(f"every face needs a tag of its own; they are {[face.tag for face in tags]}")


def load_object(name: str) -> ObjectSpec | None:
    """Returns the object `name`; None where its folder holds an MJCF of its own in place of object.yaml.

    Raises ConfigError.
    """
    path = object_folder(name) / SPEC_FILE
    return config.load(ObjectSpec, path) if path.is_file() else None


def load_labels(name: str) -> Labelled | None:
    """Returns the object `name` with its faces; None where its folder holds neither object.yaml nor faces.yaml.

    Raises ConfigError.
    """
    return load_object(name) or load_optional_box(name)


def load_symmetry(name: str) -> Symmetry:
    """Returns the rotations after which nobody can tell that the object `name` was turned. Raises ConfigError.

    With labels, or where its folder does not say, there are none but the identity.
    """
    item = load_labels(name)
    return NO_SYMMETRY if item is None or item.faces else item.symmetry


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
