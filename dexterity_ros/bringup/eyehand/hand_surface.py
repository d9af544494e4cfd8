"""The hand's surface as something to fit: distances of points to it, and what moves it. Pure numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import HandShape, load_shape
from dexterity_ros.estimation.surfaces import box_distance
from dexterity_ros.perception.hand_shape import HandBody, part_pose


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest part of the hand for each of n points: signed distance_m (n,), normal (n, 3), part and link (n,).

    normal: the direction in which the distance grows, hand frame.
    """

    distance_m: Floats
    normal: Floats
    part: NDArray[np.int64]
    link: NDArray[np.int64]

    def only(self, kept: NDArray[np.bool_]) -> "Nearest":
        """Returns the same of some of the points. kept: (n,)."""
        return Nearest(
            distance_m=self.distance_m[kept], normal=self.normal[kept], part=self.part[kept], link=self.link[kept]
        )


class HandSurface:
    """All solid parts of a hand's links, and which joints and lengths move each of them."""

    def __init__(self, hand: HandSpec) -> None:
        """Raises ConfigError when the hand has no shape."""
        shape = load_shape(hand)
        self.body = HandBody(hand, shape)
        self.links, self.joints = len(shape.links), len(hand.joints)
        self._joint = np.array([hand.joint_names.index(k.joint) if k.joint else -1 for k in shape.links])
        self.turned = self._joint >= 0
        self._axis = np.array([link.axis for link in shape.links])
        self._anchor = np.array([link.anchor_m for link in shape.links])
        self._offset = np.array([link.pos_m for link in shape.links])
        self._parent = np.array([link.parent for link in shape.links])
        self._carried = self._parent >= 0
        self.moves = _moves(self._parent)
        self.parts = Parts(shape)

    def at(self, joints_rad: Floats, stretch: Floats | None = None) -> "PosedHand":
        """Returns the hand at joint positions (n,), its links longer by shares (links,)."""
        return PosedHand(self, np.stack(self.body.links(joints_rad, stretch)), stretch)

    def turning(self, poses: Floats) -> tuple[Floats, Floats]:
        """Returns axis and anchor of each link's joint in the hand frame, (links, 3) each."""
        axis = np.einsum("kij,kj->ki", poses[:, :3, :3], self._axis)
        return axis, np.einsum("kij,kj->ki", poses[:, :3, :3], self._anchor) + poses[:, :3, 3]

    def carried(self, poses: Floats) -> Floats:
        """Returns by what each link moves when the one that carries it gets twice as long, hand frame, (links, 3)."""
        parent = np.where(self._carried[:, None, None], poses[self._parent], 0.0)
        moved: Floats = np.einsum("kij,kj->ki", parent[:, :3, :3], self._offset)
        return moved

    def carrier_columns(self, by_link: Floats) -> Floats:
        """Returns columns by link, (n, links), of columns by what each link carries, (n, links)."""
        columns = np.zeros_like(by_link)
        for link in np.flatnonzero(self._carried):
            columns[:, self._parent[link]] += by_link[:, link]
        return columns

    def joint_columns(self, by_link: Floats) -> Floats:
        """Returns columns by joint, (n, joints), of columns by the link that the joint turns, (n, links)."""
        columns = np.zeros((len(by_link), self.joints))
        columns[:, self._joint[self.turned]] = by_link[:, self.turned]
        return columns


class PosedHand:
    """A hand at fixed joint positions."""

    def __init__(self, surface: HandSurface, poses: Floats, stretch: Floats | None) -> None:
        self._surface, self._poses = surface, poses
        parts = surface.parts
        self._placed = parts.placed.copy()
        if stretch is not None:
            self._placed[:, :3, 3] *= 1.0 + stretch[parts.link, None]

    def distances(self, points_m: Floats) -> Floats:
        """Returns signed distances of points, (n, 3) in the hand frame, to the hand, (n,)."""
        nearest: Floats = self.by_part(points_m).min(axis=0)
        return nearest

    def box(self, margin_m: float) -> Floats:
        """Returns the corners of a box that holds the hand and a margin, hand frame, (2, 3)."""
        poses = self._poses[self._surface.parts.link] @ self._placed
        reach = self._surface.parts.reach_m[:, None] + margin_m
        return np.stack([(poses[:, :3, 3] - reach).min(axis=0), (poses[:, :3, 3] + reach).max(axis=0)])

    def by_part(self, points_m: Floats) -> Floats:
        """Returns signed distances of points, (n, 3) in the hand frame, to each solid part, (parts, n)."""
        return self._surface.parts.distances(self._local(points_m)[1])

    def nearest(self, points_m: Floats) -> Nearest:
        """Returns the nearest part of each point, (n, 3) in the hand frame."""
        parts = self._surface.parts
        poses, local = self._local(points_m)
        best = np.argmin(parts.distances(local), axis=0)
        distance, normal = parts.surface(local[best, np.arange(len(points_m))], best)
        turned = np.einsum("nij,nj->ni", poses[best, :3, :3], normal)
        return Nearest(distance_m=distance, normal=turned, part=best, link=parts.link[best])

    def _local(self, points_m: Floats) -> tuple[Floats, Floats]:
        """Returns T_hand_part, (parts, 4, 4), and points in each part's frame, (parts, n, 3)."""
        poses = self._poses[self._surface.parts.link] @ self._placed
        rotation = poses[:, :3, :3]
        return poses, points_m @ rotation - poses[:, None, :3, 3] @ rotation

    def by_joints(self, points_m: Floats, nearest: Nearest) -> Floats:
        """Returns how the distances change with each joint's angle, m/rad, (n, joints)."""
        axis, anchor = self._surface.turning(self._poses)
        arm = points_m[:, None] - anchor
        turned = -np.einsum("nkj,nj->nk", np.cross(axis[None], arm), nearest.normal)
        return self._surface.joint_columns(turned * self._surface.moves[nearest.link])

    def by_lengths(self, nearest: Nearest) -> Floats:
        """Returns how the distances change with each link's stretch, m, (n, links)."""
        surface, rows = self._surface, np.arange(len(nearest.link))
        by_carried = -(nearest.normal @ surface.carried(self._poses).T) * surface.moves[nearest.link]
        columns = surface.carrier_columns(by_carried)
        placed = surface.parts.placed[nearest.part, :3, 3]
        own = np.einsum("nij,nj->ni", self._poses[nearest.link, :3, :3], placed)
        columns[rows, nearest.link] -= (own * nearest.normal).sum(axis=1)
        return columns


class Parts:
    """Boxes and capsules of all links. link: of each. placed: T_link_part, (parts, 4, 4)."""

    def __init__(self, shape: HandShape) -> None:
        pairs = [(k, part) for k, link in enumerate(shape.links) for part in link.parts]
        self.link = np.array([k for k, _ in pairs])
        self.placed = np.stack([part_pose(part) for _, part in pairs])
        self._is_box = np.array([part.kind == "box" for _, part in pairs])
        # A capsule is a box without width that is thicker by its radius; a box is one with no such skin.
        self._half = np.array([part.size_m if part.kind == "box" else (0.0, 0.0, part.size_m[1]) for _, part in pairs])
        self._skin = np.array([0.0 if part.kind == "box" else part.size_m[0] for _, part in pairs])
        self.reach_m = np.linalg.norm(self._half, axis=1).astype(np.float64) + self._skin

    def distances(self, local_m: Floats) -> Floats:
        """Returns signed distances, (parts, n), of points in each part's own frame, (parts, n, 3)."""
        outside = np.abs(local_m) - self._half[:, None]
        beyond = np.sqrt((np.maximum(outside, 0.0) ** 2).sum(axis=-1))
        within = np.where(self._is_box[:, None], np.minimum(outside.max(axis=-1), 0.0), 0.0)
        distances: Floats = beyond + within - self._skin[:, None]
        return distances

    def surface(self, local_m: Floats, part: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Returns signed distances (n,) and the directions (n, 3) in which they grow, of points in a part's frame."""
        distance, normal = box_distance(local_m, self._half[part])
        return distance - self._skin[part], normal


def _moves(parent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns whether link k lies on the way from the hand's frame to link i, itself included, (i, k)."""
    moves = np.eye(len(parent), dtype=bool)
    for i, above in enumerate(parent):
        if above >= 0:
            moves[i] |= moves[above]
    return moves
