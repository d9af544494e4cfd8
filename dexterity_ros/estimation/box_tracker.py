"""Follows a box in a point cloud: Gauss-Newton on the signed distance of the points to its surface.

Only the visible faces have points, so the solution is regularised towards a constant-velocity prediction. Which of the
24 symmetric poses of a cube it follows is decided by where it starts; a cloud without colour cannot tell them apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.frames import quat_multiply, quat_normalise, quat_to_matrix, quat_to_rotvec, rotvec_to_quat
from dexterity_ros.contracts.samples import CloudSample, PoseSample

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TrackerConfig:
    """How the box is followed.

    half_m: half sizes of the box. iterations: of Gauss-Newton. outlier_m: points further off the surface count little.
    prior_m, prior_rad: how far the prediction is trusted, standard deviations. noise_m: of a point. min_inliers: fewer
    points on the box than this are no track. max_residual_m: median distance of the inliers above which it is lost.
    """

    half_m: tuple[float, float, float]
    iterations: int = 6
    outlier_m: float = 0.004
    prior_m: float = 0.01
    prior_rad: float = 0.3
    noise_m: float = 0.0015
    min_inliers: int = 60
    max_residual_m: float = 0.0025


@dataclass(frozen=True, kw_only=True)
class Track:
    """A tracked pose. covariance: (6, 6) of position m and rotation rad in the hand frame. residual_m: median."""

    pose: PoseSample
    covariance: Floats
    inliers: int
    residual_m: float


class BoxTracker:
    """A stage: cloud in, pose out. It must be told where to begin, and again after it was lost."""

    def __init__(self, config: TrackerConfig) -> None:
        self._config, self._half = config, np.array(config.half_m)
        self._pose: PoseSample | None = None
        self._velocity = np.zeros(6)

    def begin(self, pose: PoseSample) -> None:
        """Starts from a pose, at rest."""
        self._pose, self._velocity = pose, np.zeros(6)

    def step(self, cloud: CloudSample) -> Track | Fault:
        """Returns the pose at the time of the cloud, or why there is none; the tracker then keeps its last pose."""
        if self._pose is None:
            return Fault(code=FaultCode.POSE_LOST, detail="the tracker has not been told where to begin")
        elapsed_s = max((cloud.stamp_ns - int(self._pose.stamp_ns)) * 1e-9, 0.0)
        moved = self._velocity * min(elapsed_s, _PREDICT_S)
        predicted = _moved(self._pose.pos_m, self._pose.quat_wxyz, moved)
        pos, quat, information, weights, distance = self._solve(cloud.points_m, *predicted)
        inliers = weights > 0.5
        count = int(inliers.sum())
        residual_m = float(np.median(np.abs(distance[inliers]))) if count else np.inf
        if count < self._config.min_inliers or residual_m > self._config.max_residual_m:
            self._velocity = np.zeros(6)
            detail = f"{count} points on the box, residual {residual_m * 1e3:.1f} mm"
            return Fault(code=FaultCode.POSE_LOST, detail=detail)
        pose = PoseSample(stamp_ns=cloud.stamp_ns, pos_m=pos, quat_wxyz=quat)
        self._learn_velocity(pose, elapsed_s)
        self._pose = pose
        covariance: Floats = np.linalg.inv(information).astype(np.float64)
        return Track(pose=pose, covariance=covariance, inliers=count, residual_m=residual_m)

    def _solve(self, points: Floats, pos: Floats, quat: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        config = self._config
        prior = np.diag([config.prior_m**-2] * 3 + [config.prior_rad**-2] * 3)
        away = np.zeros(6)  # from the prediction, as translation and rotation vector
        for _ in range(config.iterations):
            rotation = quat_to_matrix(quat)
            local = (points - pos) @ rotation
            distance, normal = box_distance(local, self._half)
            weights = _weights(distance, config.outlier_m)
            world_normal = normal @ rotation.T
            jacobian = np.concatenate([-world_normal, -np.cross(points - pos, world_normal)], axis=1)
            weighted = jacobian * (weights / config.noise_m**2)[:, None]
            information = weighted.T @ jacobian + prior
            step = np.linalg.solve(information, -(weighted.T @ distance) - prior @ away)
            away = away + step
            pos, quat = _moved(pos, quat, step)
            if np.abs(step).max() < _CONVERGED:
                break
        distance, _ = box_distance((points - pos) @ quat_to_matrix(quat), self._half)
        return pos, quat, information, _weights(distance, config.outlier_m), distance

    def _learn_velocity(self, pose: PoseSample, elapsed_s: float) -> None:
        assert self._pose is not None
        if elapsed_s <= 0.0:
            return
        turn = quat_multiply(pose.quat_wxyz, self._pose.quat_wxyz * np.array([1.0, -1.0, -1.0, -1.0]))
        rate = np.concatenate([pose.pos_m - self._pose.pos_m, quat_to_rotvec(turn)]) / elapsed_s
        self._velocity = (1.0 - _VELOCITY_GAIN) * self._velocity + _VELOCITY_GAIN * rate


_PREDICT_S = 0.1  # a velocity says nothing about later than this
_VELOCITY_GAIN = 0.6
_CONVERGED = 1e-6


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


def _weights(distance: Floats, outlier_m: float) -> Floats:
    """Geman-McClure: 1 on the surface, a quarter at outlier_m, nearly nothing beyond."""
    weights: Floats = 1.0 / (1.0 + (distance / outlier_m) ** 2) ** 2
    return weights


def _moved(pos: Floats, quat: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Returns a pose moved by a translation and a rotation vector in the hand frame; the rotation stays one."""
    return pos + step[:3], quat_normalise(quat_multiply(rotvec_to_quat(step[3:]), quat))
