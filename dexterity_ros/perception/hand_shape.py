"""Where the hand's solid parts are, from its joints: to take the hand out of what a camera sees. Pure numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.hand import HandSpec

Floats = NDArray[np.float64]

SHAPE_FILE = "shape.yaml"  # beside the hand's MJCF, made from it by python -m dexterity_ros.sim.hand_shape


@dataclass(frozen=True, kw_only=True)
class Part:
    """A box (half sizes) or capsule (radius, half length along z) fixed to a link; pos_m, quat_wxyz in its frame."""

    kind: str
    size_m: tuple[float, ...]
    pos_m: tuple[float, float, float]
    quat_wxyz: tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link in the frame of its parent (an index before its own, -1: the hand frame), turned by one joint or none.

    joint: name, empty when the link does not turn. axis, anchor_m: of the joint, in the link's own frame.
    """

    parent: int
    pos_m: tuple[float, float, float]
    quat_wxyz: tuple[float, float, float, float]
    joint: str
    axis: tuple[float, float, float]
    anchor_m: tuple[float, float, float]
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class HandShape:
    """All links, parents first."""

    links: tuple[Link, ...]


def load_shape(hand: HandSpec) -> HandShape:
    """Returns the shape that lies beside the hand's MJCF. Raises ConfigError when it is missing or of another hand."""
    shape = config.load(HandShape, hand.mjcf_path.with_name(SHAPE_FILE))
    joints = {link.joint for link in shape.links if link.joint}
    if joints != set(hand.joint_names):
        raise ConfigError(
            f"{SHAPE_FILE} of {hand.name} turns {sorted(joints)}, the hand has {sorted(hand.joint_names)}"
        )
    return shape


class HandBody:
    """Forward kinematics of a HandShape, and the distance of points to it."""

    def __init__(self, hand: HandSpec, shape: HandShape) -> None:
        self._links = shape.links
        self._joint = [hand.joint_names.index(link.joint) if link.joint else -1 for link in shape.links]
        self._rest = [_transform(link.pos_m, link.quat_wxyz) for link in shape.links]
        self._parts = [(k, part) for k, link in enumerate(shape.links) for part in link.parts]
        self._local = [_transform(part.pos_m, part.quat_wxyz) for _, part in self._parts]
        self._reach = np.array([_reach(part) for _, part in self._parts])

    def links(self, joints_rad: Floats) -> list[Floats]:
        """Returns T_hand_link of every link, (4, 4) each. joints_rad: policy order, (n,)."""
        poses: list[Floats] = []
        for link, joint, rest in zip(self._links, self._joint, self._rest, strict=True):
            pose = rest if link.parent < 0 else poses[link.parent] @ rest
            poses.append(pose if joint < 0 else pose @ _turn(link, float(joints_rad[joint])))
        return poses

    def near(self, points_m: Floats, joints_rad: Floats, margin_m: float) -> NDArray[np.bool_]:
        """Returns which points, (n, 3) in the hand frame, lie within a margin of any part."""
        poses = self.links(joints_rad)
        close = np.zeros(len(points_m), dtype=bool)
        for (link, part), local, reach in zip(self._parts, self._local, self._reach, strict=True):
            pose = poses[link] @ local
            offset = points_m - pose[:3, 3]
            candidates = np.flatnonzero(~close & ((offset**2).sum(axis=1) < (reach + margin_m) ** 2))
            if len(candidates):
                close[candidates] = _distance(part, offset[candidates] @ pose[:3, :3]) < margin_m
        return close


def _distance(part: Part, local_m: Floats) -> Floats:
    """Returns signed distances of points in the part's own frame; inside a box, only that it is not positive."""
    if part.kind == "box":
        outside = np.maximum(np.abs(local_m) - np.array(part.size_m), 0.0)
        return np.sqrt((outside**2).sum(axis=1))
    radius, half = part.size_m[0], part.size_m[1]
    along = np.clip(local_m[:, 2], -half, half)
    to_axis = local_m - along[:, None] * np.array([0.0, 0.0, 1.0])
    distance: Floats = np.sqrt((to_axis**2).sum(axis=1)) - radius
    return distance


def _reach(part: Part) -> float:
    return float(np.linalg.norm(part.size_m)) if part.kind == "box" else float(sum(part.size_m))


def _transform(pos_m: tuple[float, float, float], quat_wxyz: tuple[float, float, float, float]) -> Floats:
    matrix = np.eye(4)
    matrix[:3, :3] = quat_to_matrix(np.array(quat_wxyz))
    matrix[:3, 3] = pos_m
    return matrix


def _turn(link: Link, angle_rad: float) -> Floats:
    """Returns the rotation about the joint's axis through its anchor."""
    half = 0.5 * angle_rad
    turn = _transform((0.0, 0.0, 0.0), (np.cos(half), *(np.sin(half) * np.array(link.axis))))
    anchor = np.array(link.anchor_m)
    turn[:3, 3] = anchor - turn[:3, :3] @ anchor
    return turn
