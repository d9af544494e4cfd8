"""Symmetry: the rotations that leave an object as it is, and angles that do not tell such poses apart."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import (
    quat_conjugate,
    quat_multiply,
    quat_rotate,
    quat_to_matrix,
    rotation_angle,
    rotvec_to_quat,
)
from dexterity_ros.contracts.ranges import UNIT_QUATERNION, Checked, Length, Range, UnitLength

Quat = tuple[float, float, float, float]
IDENTITY: Quat = (1.0, 0.0, 0.0, 0.0)
_MOST_TURNS = 120
_CLOSED_RAD = 1e-3  # a product of two turns may be this far from the nearest turn: files hold rounded numbers


@dataclass(frozen=True, kw_only=True)
class Symmetry(Checked):
    """A closed group of rotations about the origin of an object's frame.

    turns: quaternions wxyz, the identity first; the box of a cereal has four. axis: every turn about it belongs to the
    group too; `turns` then holds one of each family: one for a bottle, two for a cylinder, which has a flip as well.
    every: any turn at all, for a ball.
    """

    turns: Annotated[
        tuple[Quat, ...], Length(1, _MOST_TURNS, "more than the 60 of an icosahedron are those of an axis")
    ] = (IDENTITY,)
    axis: Annotated[tuple[float, float, float] | None, Range(-1.001, 1.001, "parts of a unit vector")] = None
    every: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for turn in self.turns:
            UNIT_QUATERNION.check(turn, "turns")
        if self.axis is not None:
            UnitLength("a unit vector, which any turn about belongs to the group").check(self.axis, "axis")
        if not np.allclose(np.abs(self.turns[0]), IDENTITY, atol=1e-6):
            raise ConfigError(f"turns begins with {list(self.turns[0])}, expected the identity {list(IDENTITY)}")
        self._check_closed()

    @property
    def trivial(self) -> bool:
        """Whether no two rotations look alike."""
        return len(self.turns) == 1 and self.axis is None and not self.every

    @property
    def freedoms(self) -> int:
        """In how many directions the object can turn without a change: 0, 1 about an axis, 3 of a ball."""
        if self.every:
            return 3
        return 0 if self.axis is None else 1

    @property
    def described(self) -> str:
        """The group in words."""
        if self.every:
            return "any turn (a ball)"
        if self.axis is None:
            return "none" if self.trivial else f"{len(self.turns)} turns"
        about = f"any turn about {[round(v, 4) for v in self.axis]}"
        return about if len(self.turns) == 1 else f"{about}, {len(self.turns)} ways"

    def angle_rad(self, from_quat: Floats, to_quat: Floats) -> Floats:
        """Returns the angle from the nearest rotation that looks like `from_quat` to `to_quat`, (..., 4) to (...)."""
        between = quat_multiply(quat_conjugate(from_quat), to_quat)
        if self.every:
            return np.zeros(between.shape[:-1])
        angles = [self._beside_axis(quat_multiply(inverse, between)) for inverse in self._inverses]
        least: Floats = np.min(np.stack(angles), axis=0)
        return least

    def alike(self, quat: Floats, to_quat: Floats) -> Floats:
        """Returns, of the rotations that look like `quat`, the one nearest to `to_quat`, both (4,)."""
        if self.every:
            return to_quat
        between = quat_multiply(quat_conjugate(quat), to_quat)
        best = min(self._inverses, key=lambda inverse: float(self._beside_axis(quat_multiply(inverse, between))))
        rest = quat_multiply(best, between)
        about = np.zeros(4)
        about[0] = 1.0
        if self.axis is not None:
            along = float(np.dot(rest[1:], self.axis))
            about = rotvec_to_quat(2.0 * np.arctan2(along, rest[0]) * np.array(self.axis))
        found: Floats = quat_multiply(quat_multiply(quat, quat_conjugate(best)), about)
        return found

    def observable(self, quat: Floats, rate_rad_s: Floats) -> Floats:
        """Returns the part, (..., 3), of turning rates that can be seen of an object at `quat`, in the hand frame."""
        if self.every:
            return np.zeros_like(rate_rad_s)
        if self.axis is None:
            return rate_rad_s
        axis = quat_rotate(quat, np.array(self.axis))
        seen: Floats = rate_rad_s - (rate_rad_s @ axis)[..., None] * axis
        return seen

    def _beside_axis(self, quat: Floats) -> Floats:
        """Returns the angle of a rotation once it may be turned about the axis as one likes, (..., 4) to (...)."""
        if self.axis is None:
            angle: Floats = rotation_angle(quat)
            return angle
        along = (quat[..., 1:] * np.array(self.axis)).sum(axis=-1)
        beside = quat[..., 1:] - along[..., None] * np.array(self.axis)
        tilt: Floats = 2.0 * np.arctan2(np.sqrt((beside**2).sum(axis=-1)), np.sqrt(quat[..., 0] ** 2 + along**2))
        return tilt

    @cached_property
    def _inverses(self) -> list[Floats]:
        return [quat_conjugate(np.array(turn)) for turn in self.turns]

    def _check_closed(self) -> None:
        """Raises ConfigError unless one turn after another, and the way back of each, is a turn again."""
        turns = np.array(self.turns)
        pairs = quat_multiply(turns[:, None], quat_conjugate(turns)[None]).reshape(-1, 4)
        apart = self.angle_rad(np.broadcast_to(np.array(IDENTITY), pairs.shape), pairs)
        if apart.max() > _CLOSED_RAD:
            said = f"two of them make one that is {np.rad2deg(apart.max()):.2g} degrees from all"
            raise ConfigError(f"the {len(self.turns)} turns are no group: {said}")


NO_SYMMETRY = Symmetry()


def finite(turns: Sequence[Floats]) -> Symmetry:
    """Returns the group that has these rotations, quaternions wxyz with the identity first."""
    return Symmetry(turns=tuple((float(w), float(x), float(y), float(z)) for w, x, y, z in turns))


def box_symmetry(half_m: Sequence[float]) -> Symmetry:
    """Returns the rotations that leave a box at the origin, of these half sizes, as it is: 4, 8 or 24."""
    half = np.array(half_m)
    turns = [np.array(turn) for turn in _turns_of_a_cube()]
    return finite([turn for turn in turns if np.allclose(np.abs(quat_to_matrix(turn)) @ half, half, atol=1e-9)])


@lru_cache(maxsize=1)
def _turns_of_a_cube() -> tuple[Quat, ...]:
    """Returns the 24 rotations that map a cube onto itself, the identity first."""
    found: dict[tuple[int, ...], Quat] = {}
    s = np.sqrt(0.5)
    singles = [IDENTITY] + [tuple(s if k in (0, axis + 1) else 0.0 for k in range(4)) for axis in range(3)]
    for words in itertools.product(range(4), repeat=4):
        quat = np.array(IDENTITY)
        for word in words:
            quat = quat_multiply(quat, np.array(singles[word]))
        key = tuple(np.rint(quat_to_matrix(quat)).astype(int).ravel().tolist())
        found.setdefault(key, (float(quat[0]), float(quat[1]), float(quat[2]), float(quat[3])))
    return tuple(found.values())
