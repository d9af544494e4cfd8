"""BoxObject: a box whose faces have colours; faces.yaml beside an object's MJCF."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import resource

FACES_FILE = "faces.yaml"


@dataclass(frozen=True, kw_only=True)
class Face:
    """One face: its outward normal in the object frame, and its colour, 0 to 255 each."""

    normal: tuple[float, float, float]
    rgb: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class BoxObject:
    """half_m: half sizes along the object's axes. faces: +x, -x, +y, -y, +z, -z."""

    half_m: tuple[float, float, float]
    faces: tuple[Face, ...]

    def __post_init__(self) -> None:
        normals = [face.normal for face in self.faces]
        if normals != [tuple(float(v) for v in row) for row in _AXES]:
            raise ConfigError(f"faces must be +x, -x, +y, -y, +z, -z; their normals are {normals}")

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


_AXES = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]


def load_box(name: str) -> BoxObject:
    """Returns the faces of models/objects/`name`. Raises ConfigError."""
    return config.load(BoxObject, resource(f"models/objects/{name}/{FACES_FILE}"))
