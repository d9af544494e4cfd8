"""Where the hand's solid parts are, from its joints: to take the hand out of what a camera sees. Pure numpy."""

import math

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import matrix_to_quat, quat_to_matrix
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import HandShape, Link, Part


class HandBody:
    """Forward kinematics of a HandShape, and the distance of points to it."""

    def __init__(self, hand: HandSpec, shape: HandShape) -> None:
        self.shape = shape
        self._joint = [hand.joint_names.index(link.joint) if link.joint else -1 for link in shape.links]
        self._parent = [link.parent for link in shape.links]
        self._rest = [_transform(link.pos_m, link.quat_wxyz) for link in shape.links]
        self._turns = [_Turn(link) for link in shape.links]
        self._parts = [(k, part) for k, link in enumerate(shape.links) for part in link.parts]
        self._local = np.stack([part_pose(part) for _, part in self._parts])
        self._link_of_part = np.array([k for k, _ in self._parts])
        self._reach = np.array([_reach(part) for _, part in self._parts])

    def links(self, joints_rad: Floats, stretch: Floats | None = None) -> list[Floats]:
        """Returns T_hand_link of every link, (4, 4) each. joints_rad: policy order, (n,).

        stretch: by what share each link carries what is on it further from its joint, (links,); None: none does.
        """
        poses: list[Floats] = []
        rests = self._rest if stretch is None else self._stretched(stretch)
        for parent, joint, rest, turn in zip(self._parent, self._joint, rests, self._turns, strict=True):
            pose = rest if parent < 0 else poses[parent] @ rest
            poses.append(pose if joint < 0 else pose @ turn.by(float(joints_rad[joint])))
        return poses

    def _stretched(self, stretch: Floats) -> list[Floats]:
        longer = [rest.copy() for rest in self._rest]
        for parent, rest in zip(self._parent, longer, strict=True):
            rest[:3, 3] *= 1.0 if parent < 0 else 1.0 + stretch[parent]
        return longer

    def placed_parts(self, joints_rad: Floats) -> list[tuple[str, tuple[float, ...], Floats, Floats]]:
        """Returns (kind, size, position, quaternion wxyz) of every solid part in the hand frame."""
        poses = np.stack(self.links(joints_rad))[self._link_of_part] @ self._local
        return [
            (part.kind, part.size_m, pose[:3, 3], matrix_to_quat(pose[:3, :3]))
            for (_, part), pose in zip(self._parts, poses, strict=True)
        ]

    def near(self, points_m: Floats, joints_rad: Floats, margin_m: float) -> NDArray[np.bool_]:
        """Returns which points, (n, 3) in the hand frame, lie within a margin of any part."""
        poses = np.stack(self.links(joints_rad))[self._link_of_part] @ self._local
        centres = poses[:, :3, 3]
        # All distances to all centres in one product; only what is within a part's reach is looked at closely.
        square = (points_m**2).sum(axis=1)[:, None] - 2.0 * points_m @ centres.T + (centres**2).sum(axis=1)
        within = square < (self._reach + margin_m) ** 2
        close = np.zeros(len(points_m), dtype=bool)
        for k in np.flatnonzero(within.any(axis=0)):
            candidates = np.flatnonzero(within[:, k] & ~close)
            local = (points_m[candidates] - centres[k]) @ poses[k, :3, :3]
            close[candidates] = distance(self._parts[k][1], local) < margin_m
        return close


class _Turn:
    """Rotation about a link's joint, with everything that does not depend on the angle worked out before."""

    def __init__(self, link: Link) -> None:
        x, y, z = np.array(link.axis) / np.linalg.norm(link.axis)
        self._cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        self._square = self._cross @ self._cross
        self._anchor = np.array(link.anchor_m)

    def by(self, angle_rad: float) -> Floats:
        """Returns the transform, (4, 4), by Rodrigues' formula."""
        rotation = np.eye(3) + math.sin(angle_rad) * self._cross + (1.0 - math.cos(angle_rad)) * self._square
        turn = np.eye(4)
        turn[:3, :3] = rotation
        turn[:3, 3] = self._anchor - rotation @ self._anchor
        return turn


def distance(part: Part, local_m: Floats) -> Floats:
    """Returns distances of points, (n, 3), in the part's own frame, m, (n,); inside it, none is positive."""
    if part.kind == "box":
        outside = np.maximum(np.abs(local_m) - np.array(part.size_m), 0.0)
        return np.sqrt((outside**2).sum(axis=1))
    radius, half = part.size_m[0], part.size_m[1]
    beyond = local_m[:, 2] - np.clip(local_m[:, 2], -half, half)
    distance: Floats = np.sqrt(local_m[:, 0] ** 2 + local_m[:, 1] ** 2 + beyond**2) - radius
    return distance


def _reach(part: Part) -> float:
    return float(np.linalg.norm(part.size_m)) if part.kind == "box" else float(sum(part.size_m))


def part_pose(part: Part) -> Floats:
    """Returns T_link_part, (4, 4)."""
    return _transform(part.pos_m, part.quat_wxyz)


def contains(part: Part, local_m: Floats) -> NDArray[np.bool_]:
    """Returns which points, (n, 3) in the part's own frame, lie inside."""
    if part.kind == "box":
        return (np.abs(local_m) - np.array(part.size_m)).max(axis=1) < 0.0
    return distance(part, local_m) < 0.0


def _transform(pos_m: tuple[float, float, float], quat_wxyz: tuple[float, float, float, float]) -> Floats:
    matrix = np.eye(4)
    matrix[:3, :3] = quat_to_matrix(np.array(quat_wxyz))
    matrix[:3, 3] = pos_m
    return matrix
