"""What a depth camera and perception would give of simulated objects, without an image: many hands at once.

Points of the object's surface, those that face the camera and that nothing nearer hides in a coarse depth buffer of
hand and object; then what a stereo camera makes of them. Errors are those of docs/stereo_errors.md, made for points.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.frames import quat_rotate, quat_to_matrix, rotvec_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.ranges import PATH, SHARE, Checked, Range
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.contracts.surface import surface_samples
from dexterity_ros.perception.hand_points import HandPoints
from dexterity_ros.perception.one_view import middle_of_view
from dexterity_ros.sim.snapshot import Snapshot, put_back, take

_LENGTH = Range(0.0, 0.1, "less than a hand")
_CELL_M, _REACH_M = 0.008, 0.12  # of the depth buffer: a cell at the grasp centre, and how far it reaches from there
_HIDES_M = 0.010  # what lies this much behind another part of the object is hidden
_HAND_MARGIN_M = 0.004  # what is no nearer than the hand by this counts as the hand's: perception takes it out
_GRAZING, _EDGE_ON = 0.316, 0.15  # cosines of the angle of sight; below the first a stereo matcher finds little
_STANDING = ("_quat", "_shift_m", "_bias_m", "_shown", "_shown_ns", "_captured", "_rng")


@dataclass(frozen=True, kw_only=True)
class CloudNoise(Checked):
    """What a stereo camera gets wrong. All zero is perfect; standard deviations unless said otherwise.

    camera: name in config/cameras. points: in a cloud. candidates: samples of the surface that may be seen.
    along_m: of each point along its ray, edge_m: sideways, of points seen at a grazing angle (fattened edges).
    Once per episode: extrinsic_m, extrinsic_rad, where the camera stands; bias_m, of all depths.
    grazing_share: of points seen edge-on, how many are lost.
    hole_m, hole_share: radius of what is missing round a point, and how often there is such a hole.
    lost_share: how often there is no new image. delay_substeps: age of an image, up to, in substeps of physics.
    captured_share: of episodes, in how many the goal is not the object's model but a view of it, as
    `dexterity goal capture` keeps it.
    """

    camera: Annotated[str, PATH] = "demo"
    points: Annotated[int, Range(8, 4096, "numbers of an input of a network")] = 128
    candidates: Annotated[int, Range(8, 10_000, "samples of one object")] = 400
    along_m: Annotated[float, _LENGTH] = 0.0
    edge_m: Annotated[float, _LENGTH] = 0.0
    bias_m: Annotated[float, _LENGTH] = 0.0
    extrinsic_m: Annotated[float, _LENGTH] = 0.0
    extrinsic_rad: Annotated[float, Range(0.0, 1.0, "a camera that still sees the hand")] = 0.0
    grazing_share: Annotated[float, SHARE] = 0.0
    hole_m: Annotated[float, _LENGTH] = 0.0
    hole_share: Annotated[float, SHARE] = 0.0
    lost_share: Annotated[float, SHARE] = 0.0
    delay_substeps: Annotated[int, Range(0, 1000, "within one control step")] = 0
    captured_share: Annotated[float, SHARE] = 0.0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What stands before the camera, N times, at the time of its image.

    stamp_ns (N,). kind: which object, (N,). pos_m (N, 3), quat_wxyz (N, 4): T_hand_object. joints_rad (N, n).
    """

    stamp_ns: Ints
    kind: Ints
    pos_m: Floats
    quat_wxyz: Floats
    joints_rad: Floats


class SyntheticClouds:
    """Clouds of several objects in the hands of one kind."""

    def __init__(self, hand: HandSpec, specs: tuple[ObjectSpec, ...], noise: CloudNoise, count: int, seed: int) -> None:
        """count: of hands. Raises ConfigError for an unknown camera."""
        camera = load_camera(noise.camera)
        self.noise, self._rng = noise, np.random.default_rng([seed, 7])
        self._centre = np.array(hand.grasp_centre_m)
        self._eye, self._axes = np.array(camera.pos_m), camera.rotation
        samples = [surface_samples(spec, max(noise.candidates, noise.points)) for spec in specs]
        self._points = np.stack([each.points_m for each in samples])
        self._normals = np.stack([each.normals for each in samples])
        self._hand = HandPoints(hand, load_shape(hand), 700)
        self._middle_m = float(((self._centre - self._eye) @ self._axes)[2])
        self._cells = int(np.ceil(2.0 * _REACH_M / _CELL_M))
        self._quat, self._shift_m = np.tile([1.0, 0.0, 0.0, 0.0], (count, 1)), np.zeros((count, 3))
        self._bias_m = np.zeros(count)
        self._captured = np.zeros(count, dtype=bool)
        self._shown: Floats = np.zeros((count, noise.points, 3))
        self._shown_ns = np.full(count, -1, dtype=np.int64)

    def snapshot(self) -> Snapshot:
        """Returns where all of them stand."""
        return take(self, _STANDING)

    def restore(self, values: Snapshot) -> None:
        """Goes on where clouds of the same configuration stood."""
        put_back(self, values)

    def restart(self, mask: Bools) -> None:
        """Draws anew what stays the same through an episode, for the hands in mask (N,)."""
        noise, rng, count = self.noise, self._rng, int(mask.sum())
        self._quat[mask] = rotvec_to_quat(noise.extrinsic_rad * rng.normal(size=(count, 3)))
        self._shift_m[mask] = noise.extrinsic_m * rng.normal(size=(count, 3))
        self._bias_m[mask] = noise.bias_m * rng.normal(size=count)
        self._shown_ns[mask] = -1
        if noise.captured_share > 0.0:
            self._captured[mask] = rng.uniform(size=count) < noise.captured_share

    def object_cloud(self, seen: Seen) -> CloudSample:
        """Returns what is seen of the objects; the cloud before, where there is no new one, or nothing is seen."""
        points, normals = self._placed(seen)
        there, cosine = self.visible(points, normals, self._hand(seen.joints_rad))
        there &= ~(self._in_holes(points) | self._grazed(cosine))
        picked = self._picked(there)
        rows = np.arange(len(picked))[:, None]
        measured = self._measured(points[rows, picked], cosine[rows, picked])
        fresh = there.any(axis=1) & (self._rng.uniform(size=len(there)) >= self.noise.lost_share)
        fresh |= self._shown_ns < 0
        self._shown = np.where(fresh[:, None, None], measured, self._shown)
        self._shown_ns = np.where(fresh, seen.stamp_ns, self._shown_ns)
        return CloudSample(stamp_ns=self._shown_ns, points_m=self._shown)

    def goal_cloud(self, stamp_ns: Ints, kind: Ints, goal_quat_wxyz: Floats) -> CloudSample:
        """Returns points of the objects' models in their goal rotations, (N, 4), round the grasp centre."""
        points = self._centre + quat_rotate(goal_quat_wxyz[:, None], self._points[kind][:, : self.noise.points])
        if self._captured.any():
            points[self._captured] = self._views(kind[self._captured], goal_quat_wxyz[self._captured])
        return CloudSample(stamp_ns=stamp_ns, points_m=points)

    def _views(self, kind: Ints, quat_wxyz: Floats) -> Floats:
        """Returns what one view shows of objects that nothing hides, its middle at the grasp centre, (n, points, 3)."""
        points = self._centre + quat_rotate(quat_wxyz[:, None], self._points[kind])
        there, _ = self.visible(points, quat_rotate(quat_wxyz[:, None], self._normals[kind]), points[:, :0])
        order, seen = np.argsort(~there, axis=1, kind="stable"), np.maximum(there.sum(axis=1), 1)
        picked = np.take_along_axis(order, np.arange(self.noise.points)[None] % seen[:, None], axis=1)
        shown = np.take_along_axis(points, picked[..., None], axis=1)
        return shown + (self._centre - middle_of_view(shown, self._eye))[:, None]

    def visible(self, points_m: Floats, normals: Floats, hand_m: Floats) -> tuple[Bools, Floats]:
        """Returns which points, (N, p, 3), are seen, (N, p), and the cosine of the angle at which they are seen.

        hand_m: points of the hand, (N, h, 3).
        """
        sight = self._eye - points_m
        cosine = (sight * normals).sum(axis=-1) / np.sqrt((sight**2).sum(axis=-1))
        cell, depth = self._cell(points_m)
        rows = np.arange(len(points_m))[:, None]
        slope = np.sqrt(np.maximum(1.0 - cosine**2, 0.0)) / np.maximum(cosine, _EDGE_ON)  # within one cell
        by_object = depth < self._nearest(cell, depth)[rows, cell] + _HIDES_M + slope * _CELL_M
        by_hand = depth < self._nearest(*self._cell(hand_m))[rows, cell] - _HAND_MARGIN_M
        return (cosine > 0.0) & by_object & by_hand, cosine

    def _nearest(self, cell: Ints, depth: Floats) -> Floats:
        """Returns the depth buffer of points, (N, cells)."""
        nearest = np.full((len(cell), self._cells**2), np.inf)
        rows = np.broadcast_to(np.arange(len(cell))[:, None], cell.shape)
        np.minimum.at(nearest, (rows, cell), depth)
        return nearest

    def _placed(self, seen: Seen) -> tuple[Floats, Floats]:
        rotation = np.swapaxes(quat_to_matrix(seen.quat_wxyz), -1, -2)
        return self._points[seen.kind] @ rotation + seen.pos_m[:, None], self._normals[seen.kind] @ rotation

    def _cell(self, points_m: Floats) -> tuple[Ints, Floats]:
        """Returns in which cell of the depth buffer points lie, and their depths, each (N, p)."""
        local = (points_m - self._eye) @ self._axes
        depth = local[..., 2]
        flat = local[..., :2] * (self._middle_m / depth)[..., None]
        centre = ((self._centre - self._eye) @ self._axes)[:2]
        cell = np.clip(((flat - centre + _REACH_M) / _CELL_M).astype(np.int64), 0, self._cells - 1)
        return cell[..., 0] * self._cells + cell[..., 1], depth

    def _in_holes(self, points_m: Floats) -> Bools:
        """Returns which points lie in a hole, (N, p)."""
        noise, rng, n = self.noise, self._rng, len(points_m)
        if noise.hole_share <= 0.0:
            return np.zeros(points_m.shape[:2], dtype=bool)
        middle = points_m[np.arange(n), rng.integers(0, points_m.shape[1], size=n)]
        near = ((points_m - middle[:, None]) ** 2).sum(axis=-1) < noise.hole_m**2
        return np.asarray(near & (rng.uniform(size=n) < noise.hole_share)[:, None])

    def _grazed(self, cosine: Floats) -> Bools:
        """Returns which points are lost because they are seen edge-on, (N, p)."""
        share = self.noise.grazing_share
        return np.asarray((cosine < _GRAZING) & (self._rng.uniform(size=cosine.shape) < share))

    def _picked(self, there: Bools) -> Ints:
        """Returns as many of the points that are there, (N, p), as a cloud has, (N, points); some twice if too few."""
        order = np.argsort(np.where(there, self._rng.uniform(size=there.shape), 2.0), axis=1)
        available = np.maximum(there.sum(axis=1), 1)
        return np.take_along_axis(order, np.arange(self.noise.points)[None] % available[:, None], axis=1)

    def _measured(self, points_m: Floats, cosine: Floats) -> Floats:
        """Returns what a stereo camera measures of points, (N, p, 3), seen at an angle, (N, p)."""
        noise, rng = self.noise, self._rng
        ray = points_m - self._eye
        ray /= np.sqrt((ray**2).sum(axis=-1, keepdims=True))
        along = self._bias_m[:, None] + noise.along_m * rng.normal(size=cosine.shape)
        points = points_m + along[..., None] * ray
        if noise.edge_m > 0.0:
            sideways = self._axes[:, 0] * rng.normal(size=cosine.shape)[..., None]
            points = points + noise.edge_m * np.where((cosine < _GRAZING)[..., None], sideways, 0.0)
        moved: Floats = quat_rotate(self._quat[:, None], points - self._eye) + self._eye + self._shift_m[:, None]
        return moved
