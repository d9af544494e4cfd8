"""What an object looks like from the hand, as numbers: distances from fixed points around it to its surface.

Source: Prokudin et al., Efficient Learning on Point Clouds with Basis Point Sets, ICCV 2019, section 3; here signed.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from dexterity_ros.contracts.arrays import Floats, Ints, Singles
from dexterity_ros.contracts.frames import quat_conjugate, quat_rotate
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.surface import ConvexPart, surface_samples

BASIS_M = (0.042, 0.024)  # radii of two balls of basis points: just outside the objects, and within them
_BASIS_POINTS = (24, 12)
_GRID, _REACH_M = 40, 0.05  # cells across, half their extent: beyond it the nearest cell is taken
_SAMPLES = 800
_SCALE = 50.0  # 2 cm are 1


class ShapeCode:
    """Signed distance fields of several objects, looked up in cells of 2.5 mm."""

    def __init__(self, specs: Sequence[ObjectSpec]) -> None:
        """Works out the fields, about 50 ms each."""
        self._fields = np.stack([_field(spec) for spec in specs]).reshape(len(specs), -1)
        balls = [radius * _on_ball(count) for radius, count in zip(BASIS_M, _BASIS_POINTS, strict=True)]
        self._basis = np.concatenate(balls)

    @property
    def width(self) -> int:
        """How many numbers a code has."""
        return len(self._basis)

    def __call__(self, kind: Ints, quat_wxyz: Floats) -> Singles:
        """Returns codes, (N, width). kind: which object each is, (N,). quat_wxyz: in the hand frame, (N, 4)."""
        local = quat_rotate(quat_conjugate(quat_wxyz)[:, None], self._basis[None])
        cell = np.clip(((local + _REACH_M) * (_GRID / (2.0 * _REACH_M))).astype(np.int64), 0, _GRID - 1)
        index = (cell[..., 0] * _GRID + cell[..., 1]) * _GRID + cell[..., 2]
        code: Singles = self._fields[kind[:, None], index]
        return code


def _field(spec: ObjectSpec) -> Singles:
    """Returns scaled signed distances at the middles of the cells, (_GRID, _GRID, _GRID)."""
    middle = (np.arange(_GRID) + 0.5) * (2.0 * _REACH_M / _GRID) - _REACH_M
    places = np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), axis=-1).reshape(-1, 3)
    away, _ = cKDTree(surface_samples(spec, _SAMPLES).points_m).query(places)
    inside = np.any([ConvexPart(part).inside(places) for part in spec.parts], axis=0)
    field: Singles = (_SCALE * np.where(inside, -away, away)).astype(np.float32)
    return field


def _on_ball(count: int) -> Floats:
    """Returns unit vectors spread evenly over the ball, (count, 3). Source: Gonzalez 2010, Fibonacci lattices."""
    number = np.arange(count) + 0.5
    up, about = 1.0 - 2.0 * number / count, np.pi * (1.0 + 5.0**0.5) * number
    flat = np.sqrt(1.0 - up**2)
    directions: Floats = np.stack([flat * np.cos(about), flat * np.sin(about), up], axis=-1)
    return directions
