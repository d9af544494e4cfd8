"""Triangles for shapes that a viewer has no primitive for."""

import numpy as np
from numpy.typing import NDArray

_AROUND, _UP = 14, 4


def capsule_mesh(radius_m: float, half_length_m: float) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """Returns (vertices (n, 3), faces (m, 3)) of a capsule along z; half_length_m: middle to a cap's centre."""
    angles = np.linspace(0.0, 2.0 * np.pi, _AROUND, endpoint=False)
    latitudes = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 2 * _UP)
    rings = []
    for latitude in latitudes:
        offset = half_length_m if latitude > 0.0 else -half_length_m
        ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(_AROUND)], axis=1) * radius_m * np.cos(latitude)
        ring[:, 2] = radius_m * np.sin(latitude) + offset
        rings.append(ring)
    faces = []
    for k in range(len(latitudes) - 1):
        for i in range(_AROUND):
            a, b = k * _AROUND + i, k * _AROUND + (i + 1) % _AROUND
            faces += [(a, b, a + _AROUND), (b, b + _AROUND, a + _AROUND)]
    return np.concatenate(rings).astype(np.float32), np.array(faces, dtype=np.uint32)
