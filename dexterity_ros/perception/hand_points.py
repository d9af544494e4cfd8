"""Points on a hand's surface from its joints, many hands at once, in any array library: what no camera has to see."""

from collections.abc import Callable

import numpy as np
from array_api_compat import array_namespace

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import Array, quat_to_matrix
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import HandShape, Link, Part
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Kind, Solid
from dexterity_ros.contracts.surface import ConvexPart, Samples, surface_samples


class HandPoints:
    """Forward kinematics of samples of a HandShape, spread evenly over its links."""

    def __init__(
        self, hand: HandSpec, shape: HandShape, count: int, *, asarray: Callable[[Floats], Array] = np.asarray
    ) -> None:
        """count: of points, roughly. asarray: makes the constants, of the library and type that joints will have."""
        self._parent = [link.parent for link in shape.links]
        self._joint = [hand.joint_names.index(link.joint) if link.joint else -1 for link in shape.links]
        self._rest = [(asarray(_rotation(link)), asarray(np.array(link.pos_m))) for link in shape.links]
        self._cross = [asarray(_cross(link)) for link in shape.links]
        self._anchor = [asarray(np.array(link.anchor_m)) for link in shape.links]
        self._unit = asarray(np.eye(3))
        samples = _samples(shape, count)
        self._local = [None if there is None else asarray(there.points_m) for there in samples]
        self.count = sum(len(there.points_m) for there in samples if there is not None)

    def __call__(self, joints_rad: Array) -> Array:
        """Returns points in the hand frame, m, (..., count, 3). joints_rad: policy order, (..., n)."""
        xp, poses = array_namespace(joints_rad), self._poses(joints_rad)
        placed = [
            _turned(local, pose[0]) + pose[1][..., None, :]
            for local, pose in zip(self._local, poses, strict=True)
            if local is not None
        ]
        return xp.concat(placed, axis=-2)

    def _poses(self, joints_rad: Array) -> list[tuple[Array, Array]]:
        """Returns rotation (..., 3, 3) and place (..., 3) of every link in the hand frame."""
        poses: list[tuple[Array, Array]] = []
        none = 0.0 * joints_rad[..., :1]  # gives links that nothing turns a row for each hand too
        for k, (parent, joint) in enumerate(zip(self._parent, self._joint, strict=True)):
            rotation, place = self._rest[k][0] + none[..., None], self._rest[k][1] + none
            if parent >= 0:
                above, there = poses[parent]
                rotation, place = above @ rotation, there + (above @ place[..., None])[..., 0]
            if joint >= 0:
                turn = _about(self._cross[k], joints_rad[..., joint], self._unit)
                shift = self._anchor[k] - (turn @ self._anchor[k][..., None])[..., 0]
                rotation, place = rotation @ turn, place + (rotation @ shift[..., None])[..., 0]
            poses.append((rotation, place))
        return poses


def _about(cross: Array, angle_rad: Array, unit: Array) -> Array:
    """Returns rotations, (..., 3, 3), by angles (...). unit: the identity. Source: Rodrigues' formula."""
    xp = array_namespace(angle_rad)
    sine, rest = xp.sin(angle_rad)[..., None, None], (1.0 - xp.cos(angle_rad))[..., None, None]
    square = cross @ cross
    return unit + sine * cross + rest * square


def _turned(points: Array, rotation: Array) -> Array:
    """Returns points (n, 3) turned by rotations (..., 3, 3), (..., n, 3)."""
    xp = array_namespace(points)
    return points @ xp.matrix_transpose(rotation)


def _rotation(link: Link) -> Floats:
    matrix: Floats = quat_to_matrix(np.array(link.quat_wxyz))
    return matrix


def _cross(link: Link) -> Floats:
    x, y, z = np.array(link.axis) / np.linalg.norm(link.axis)
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def _samples(shape: HandShape, count: int) -> list[Samples | None]:
    """Returns samples in the frame of each link that has parts, as many as its share of all surface."""
    solids = [tuple(_solid(part) for part in link.parts) for link in shape.links]
    areas = np.array([sum(_area(solid) for solid in parts) for parts in solids])
    counts = np.maximum(np.round(count * areas / areas.sum()).astype(int), areas > 0.0)
    return [
        surface_samples(ObjectSpec(name="link", parts=parts, mass_kg=1.0), int(wanted)) if parts else None
        for parts, wanted in zip(solids, counts, strict=True)
    ]


def _solid(part: Part) -> Solid:
    kind: Kind = "box" if part.kind == "box" else "capsule"
    return Solid(kind=kind, size_m=part.size_m, pos_m=part.pos_m, quat_wxyz=part.quat_wxyz)


def _area(solid: Solid) -> float:
    return float(ConvexPart(solid).areas_m2.sum())
