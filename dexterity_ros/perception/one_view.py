"""What one view of an object says of where its middle is, though it shows one side of it only."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats

_OUTERMOST = (2.0, 98.0)  # percentiles that stand for the ends: single points err


def middle_of_view(points_m: Floats, eye_m: Floats) -> Floats:
    """Returns where the middle of an object is thought to be, (..., 3), that is seen as points (..., n, 3).

    As deep as it is wide: behind its nearest point by half of what it measures across the line of sight.
    eye_m: where the camera stands, (3,).
    """
    sight = points_m.mean(axis=-2) - eye_m
    sight = sight / np.linalg.norm(sight, axis=-1, keepdims=True)
    across = np.cross(sight, _any_other(sight))
    across = across / np.linalg.norm(across, axis=-1, keepdims=True)
    axes = np.stack([across, np.cross(sight, across), sight], axis=-1)  # (..., 3, 3)
    low, high = np.percentile((points_m - eye_m) @ axes, _OUTERMOST, axis=-2)
    middle = 0.5 * (low + high)
    middle[..., 2] = low[..., 2] + 0.25 * (high - low)[..., :2].sum(axis=-1)
    found: Floats = eye_m + (axes @ middle[..., None])[..., 0]
    return found


def _any_other(direction: Floats) -> Floats:
    """Returns a unit vector that points elsewhere, (..., 3)."""
    other: Floats = np.eye(3)[np.abs(direction).argmin(axis=-1)]
    return other
