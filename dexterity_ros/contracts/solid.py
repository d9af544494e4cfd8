"""Solid: a convex part of an object, a primitive or the hull of points."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.ranges import UNIT_QUATERNION, Checked, Length, Range
from dexterity_ros.contracts.symmetry import IDENTITY, Quat

Vector = tuple[float, float, float]
Kind = Literal["box", "cylinder", "sphere", "capsule", "ellipsoid", "hull"]

_SIZES = {"box": 3, "cylinder": 2, "sphere": 1, "capsule": 2, "ellipsoid": 3, "hull": 0}
_MOST_POINTS = 256
_FLAT_M = 1e-4
WITHIN = Range(-0.5, 0.5, "of the frame of something that a hand can hold, in m")


@dataclass(frozen=True, kw_only=True)
class Solid(Checked):
    """A convex part in the object's frame.

    size_m: box: half sizes along its axes; cylinder, capsule: radius, and half its length along z without the caps;
    sphere: radius; ellipsoid: half axes; hull: none. points_m: of a hull, in its own frame; it has four or more.
    pos_m, quat_wxyz: of the part's frame in the object's. rgb: 0 to 255 each.
    """

    kind: Kind
    size_m: Annotated[tuple[float, ...], Range(2e-4, 0.5, "a part of something that a hand can hold, in m")] = ()
    points_m: Annotated[tuple[Vector, ...], WITHIN, Length(0, _MOST_POINTS, "corners of one convex part")] = ()
    pos_m: Annotated[Vector, WITHIN] = (0.0, 0.0, 0.0)
    quat_wxyz: Annotated[Quat, UNIT_QUATERNION] = IDENTITY
    rgb: Annotated[tuple[int, int, int], Range(0, 255, "a colour has 8 bits per channel")] = (160, 165, 172)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.size_m) != _SIZES[self.kind]:
            raise ConfigError(f"a {self.kind} has {_SIZES[self.kind]} sizes in size_m, found {list(self.size_m)}")
        if (self.kind == "hull") != bool(self.points_m):
            raise ConfigError(f"a {self.kind} has {len(self.points_m)} points_m; a hull has them, nothing else does")
        if self.kind == "hull" and _thickness_m(np.array(self.points_m)) < _FLAT_M:
            raise ConfigError(f"a hull of {len(self.points_m)} points is thinner than {_FLAT_M * 1e3} mm")

    @property
    def rotation(self) -> Floats:
        """From the part's frame to the object's, (3, 3)."""
        matrix: Floats = quat_to_matrix(np.array(self.quat_wxyz))
        return matrix


def _thickness_m(points_m: Floats) -> float:
    """Returns how thick points, (n, 3), are where they are thinnest, roughly; nothing for fewer than four."""
    spread = np.linalg.svd(points_m - points_m.mean(axis=0), compute_uv=False)
    return float(spread[-1]) if len(points_m) >= 4 else 0.0
