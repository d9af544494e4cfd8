"""Signed distance of points to the surfaces of objects: exact for a box, from sampled points for a mesh."""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.spatial import cKDTree

from dexterity_ros.contracts.arrays import Floats

# Points (n, 3) in the object frame to signed distances (n,) and the directions (n, 3) in which they grow.
Surface = Callable[[Floats], tuple[Floats, Floats]]


def box_surface(half_m: tuple[float, float, float]) -> Surface:
    """Returns the surface of a box at the origin. half_m: half sizes."""
    return partial(box_distance, half_m=np.array(half_m))


def box_distance(local_m: Floats, half_m: Floats) -> tuple[Floats, Floats]:
    """Returns signed distances (n,) of points to a box at the origin, and the directions (n, 3) in which they grow."""
    outside = np.abs(local_m) - half_m
    sign = np.where(local_m < 0.0, -1.0, 1.0)
    beyond = np.maximum(outside, 0.0)
    far = np.sqrt((beyond**2).sum(axis=1))
    nearest = np.argmax(outside, axis=1)
    rows = np.arange(len(local_m))
    inward = np.zeros_like(local_m)
    inward[rows, nearest] = sign[rows, nearest]
    is_out = far > 1e-12
    normal = np.where(is_out[:, None], sign * beyond / np.maximum(far, 1e-12)[:, None], inward)
    return np.where(is_out, far, outside[rows, nearest]), normal


def sampled_surface(points_m: Floats, normals: Floats) -> Surface:
    """Returns the surface that sampled points (n, 3) with outward normals (n, 3) describe.

    The distance is that to the plane through the nearest sample, so samples may be as sparse as the surface is flat.
    Source: Chen and Medioni 1991, point-to-plane registration.
    """
    tree = cKDTree(points_m)

    def surface(local_m: Floats) -> tuple[Floats, Floats]:
        _, nearest = tree.query(local_m)
        normal: Floats = normals[nearest]
        return ((local_m - points_m[nearest]) * normal).sum(axis=1), normal

    return surface
