"""The ways in which policies are told a rotation, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from array_api_compat import array_namespace

from dexterity_ros.contracts.frames import (
    Array,
    quat_to_cubic,
    quat_to_matrix,
    quat_to_rot6d,
    quat_to_rotvec,
    rotation_angle,
)


@dataclass(frozen=True)
class Form:
    """write: unit quaternions (..., 4), w first, to (..., width)."""

    write: Callable[[Array], Array]
    width: int
    unit: str = "1"


def _reordered(quat_wxyz: Array) -> Array:
    xp = array_namespace(quat_wxyz)
    return xp.concat([quat_wxyz[..., 1:], quat_wxyz[..., :1]], axis=-1)


def _upper(quat_wxyz: Array) -> Array:
    """Returns the one of the two quaternions of a rotation whose w is not negative."""
    xp = array_namespace(quat_wxyz)
    return xp.where(quat_wxyz[..., :1] < 0.0, -quat_wxyz, quat_wxyz)


def _entries(quat_wxyz: Array, places: tuple[tuple[int, int], ...]) -> Array:
    xp = array_namespace(quat_wxyz)
    matrix = quat_to_matrix(quat_wxyz)
    return xp.stack([matrix[..., i, j] for i, j in places], axis=-1)


def _picked(*places: tuple[int, int]) -> Callable[[Array], Array]:
    return lambda quat: _entries(quat, places)


_THREE = range(3)
_UPPER_QUATERNIONS: dict[str, Callable[[Array], Array]] = {
    "quat_wxyz_upper": _upper,
    "quat_xyzw_upper": lambda quat: _reordered(_upper(quat)),
}

FORMS: dict[str, Form] = {
    "quat_wxyz": Form(lambda quat: quat, 4),
    "quat_xyzw": Form(_reordered, 4),
    **{name: Form(write, 4) for name, write in _UPPER_QUATERNIONS.items()},
    "rot6d": Form(quat_to_rot6d, 6),
    "rot6d_rows": Form(_picked(*((i, j) for i in (0, 1) for j in _THREE)), 6),
    "rot6d_last_rows": Form(_picked(*((i, j) for i in (1, 2) for j in _THREE)), 6),
    "rot6d_interleaved": Form(_picked(*((i, j) for i in _THREE for j in (0, 1))), 6),
    "matrix_columns": Form(_picked(*((i, j) for j in _THREE for i in _THREE)), 9),
    "matrix_rows": Form(_picked(*((i, j) for i in _THREE for j in _THREE)), 9),
    "rotvec": Form(quat_to_rotvec, 3, "rad"),
    "angle": Form(lambda quat: rotation_angle(quat)[..., None], 1, "rad"),
    "cubic": Form(quat_to_cubic, 9),
}
"""rot6d: the first two columns, one after the other. rot6d_rows, rot6d_last_rows: the first or last two rows.
rot6d_interleaved: the first two columns, row by row, as `matrix[:, :2].reshape(6)` gives them. _upper: w >= 0."""
