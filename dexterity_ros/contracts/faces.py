"""Labels of an object: faces with colours or AprilTags, and BoxObject, a box that has six."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Protocol

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import Checked, Length, Range
from dexterity_ros.contracts.solid import WITHIN, Vector
from dexterity_ros.contracts.symmetry import Symmetry, box_symmetry

FACES_FILE = "faces.yaml"
TAG_FAMILY = "DICT_APRILTAG_36h11"  # as OpenCV calls it


@dataclass(frozen=True, kw_only=True)
class Face(Checked):
    """One face: its outward normal in the object frame, its colour, 0 to 255 each, and the AprilTag on it, if any.

    offset_m: of its plane from the origin. inner: parts of the object lie beyond that plane, as of those of a notch.
    tag_at_m: middle of the tag in the object frame. tag_up: where up is for who reads it, a unit vector in the face. Of
    a BoxObject all of these follow from its size.
    """

    normal: Annotated[tuple[float, float, float], Range(-1.0, 1.0, "parts of a unit vector")]
    rgb: Annotated[tuple[int, int, int], Range(0, 255, "a colour has 8 bits per channel")]
    tag: Annotated[int | None, Range(0, 586, "the family 36h11 has 587 tags (AprilTag 3)")] = None
    offset_m: Annotated[float | None, WITHIN] = None
    inner: bool = False
    tag_at_m: Annotated[Vector | None, WITHIN] = None
    tag_up: Annotated[Vector | None, Range(-1.001, 1.001, "parts of a unit vector")] = None


class Labelled(Protocol):
    """What has faces that can be told apart; none where `faces` is empty."""

    @property
    def faces(self) -> tuple[Face, ...]:
        """Of the object."""
        ...

    @property
    def tag_m(self) -> float:
        """Side of the tags' black squares; 0: there are none."""
        ...

    @property
    def symmetry(self) -> Symmetry:
        """Of the shape."""
        ...

    @property
    def colours(self) -> Floats:
        """Colours of the faces, (n, 3), 0 to 255."""
        ...

    @property
    def middles(self) -> Floats:
        """A point on each face, (n, 3) in the object frame."""
        ...

    def face_of(self, local_m: Floats) -> Ints:
        """Returns on which face each point, (n, 3) in the object frame, lies or would lie first, (n,)."""
        ...

    def tag_axes(self, face: int) -> tuple[Floats, Floats]:
        """Returns where right and up point, (3,) each, for someone who looks at a face from outside."""
        ...

    def tag_corners(self, face: int) -> Floats:
        """Returns the corners of a tag's black square, object frame: upper left, then clockwise, (4, 3)."""
        ...


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
    def symmetry(self) -> Symmetry:
        """Of its shape."""
        return box_symmetry(self.half_m)

    @cached_property
    def colours(self) -> Floats:
        """Colours of the faces, (6, 3), 0 to 255."""
        return np.array([face.rgb for face in self.faces], dtype=float)

    @cached_property
    def middles(self) -> Floats:
        """The middle of each face, (6, 3)."""
        return np.array([face.normal for face in self.faces]) * self.half_m

    def face_of(self, local_m: Floats) -> Ints:
        """Returns on which face each point, (n, 3) in the object frame, lies or would lie first, (n,)."""
        share = local_m / np.array(self.half_m)
        axis = np.argmax(np.abs(share), axis=-1)
        negative = np.take_along_axis(share, axis[..., None], axis=-1)[..., 0] < 0.0
        return 2 * axis + negative

    def tag_axes(self, face: int) -> tuple[Floats, Floats]:
        """Returns where right and up point, (3,) each, for someone who looks at a face from outside."""
        normal = np.array(self.faces[face].normal)
        up = np.array([0.0, 1.0, 0.0] if face >= 4 else [0.0, 0.0, 1.0])
        return np.cross(up, normal), up

    def tag_corners(self, face: int) -> Floats:
        """Returns the corners of a tag's black square, object frame: upper left, then clockwise, (4, 3)."""
        right, up = (0.5 * self.tag_m * axis for axis in self.tag_axes(face))
        centre = np.array(self.faces[face].normal) * np.array(self.half_m)
        return np.stack([centre - right + up, centre + right + up, centre + right - up, centre - right - up])


_AXES = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
