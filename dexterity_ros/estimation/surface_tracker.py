"""Follows an object in a point cloud: Gauss-Newton on the signed distance of the points to its surface.

Only what is visible has points, so the solution is regularised towards a constant-velocity prediction; in how many
directions the points say less than the prediction does is part of the result. Which of the 24 symmetric poses of a cube
it follows is decided by where it starts; a cloud without colour cannot tell them apart.
"""

from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.frames import quat_multiply, quat_normalise, quat_to_matrix, quat_to_rotvec, rotvec_to_quat
from dexterity_ros.contracts.samples import CloudSample, PoseSample
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.estimation.surfaces import Surface


@dataclass(frozen=True, kw_only=True)
class TrackerConfig:
    """How an object is followed.

    iterations: of Gauss-Newton. outlier_m: points further off the surface count little. prior_m, prior_rad: how far the
    prediction is trusted, standard deviations. noise_m: of a point. min_inliers: fewer points on the surface than this
    are no track. max_residual_m: median distance of the inliers above which it is lost.
    """

    iterations: int = 6
    outlier_m: float = 0.004
    prior_m: float = 0.01
    prior_rad: float = 0.3
    noise_m: float = 0.0015
    min_inliers: int = 60
    max_residual_m: float = 0.0025


@dataclass(frozen=True, kw_only=True)
class Track:
    """A tracked pose. covariance: (6, 6) of position m and rotation rad in the hand frame. residual_m: median.

    guessed: in how many of the six directions the prediction says more than the points do.
    """

    pose: PoseSample
    covariance: Floats
    inliers: int
    residual_m: float
    guessed: int


class SurfaceTracker:
    """A stage: cloud in, pose out. It must be told where to begin, and again after it was lost."""

    def __init__(self, surface: Surface, config: TrackerConfig, symmetry: Symmetry = NO_SYMMETRY) -> None:
        """symmetry: of the object with all that can be seen of it."""
        self._surface, self._config, self._symmetry = surface, config, symmetry
        self._prior = np.diag([config.prior_m**-2] * 3 + [config.prior_rad**-2] * 3)
        self._pose: PoseSample | None = None
        self._velocity = np.zeros(6)

    def begin(self, pose: PoseSample) -> None:
        """Starts from a pose, at rest."""
        self.resume(pose, np.zeros(6))

    @property
    def moving(self) -> tuple[PoseSample | None, Floats]:
        """The last pose and velocity (6,), m/s and rad/s: all that is carried from one cloud to the next."""
        return self._pose, self._velocity

    def resume(self, pose: PoseSample, velocity: Floats) -> None:
        """Goes on from what `moving` was. velocity: (6,)."""
        self._pose, self._velocity = pose, velocity

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
            detail = f"{count} points on the object, residual {residual_m * 1e3:.1f} mm"
            return Fault(code=FaultCode.POSE_LOST, detail=detail)
        pose = PoseSample(stamp_ns=cloud.stamp_ns, pos_m=pos, quat_wxyz=quat)
        self._learn_velocity(pose, elapsed_s)
        self._pose = pose
        covariance: Floats = np.linalg.inv(information).astype(np.float64)
        guessed = self._guessed(information)
        return Track(pose=pose, covariance=covariance, inliers=count, residual_m=residual_m, guessed=guessed)

    def _guessed(self, information: Floats) -> int:
        unit = 1.0 / np.sqrt(np.diag(self._prior))
        from_points = (information - self._prior) * unit[:, None] * unit[None, :]
        return int((np.linalg.eigvalsh(from_points) < 1.0).sum())

    def _solve(self, points: Floats, pos: Floats, quat: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        config = self._config
        prior = self._prior
        away = np.zeros(6)  # from the prediction, as translation and rotation vector
        for _ in range(config.iterations):
            rotation = quat_to_matrix(quat)
            local = (points - pos) @ rotation
            distance, normal = self._surface(local)
            weights = _weights(distance, config.outlier_m)
            world_normal = normal @ rotation.T
            turning = self._symmetry.observable(quat, -np.cross(points - pos, world_normal))
            jacobian = np.concatenate([-world_normal, turning], axis=1)
            weighted = jacobian * (weights / config.noise_m**2)[:, None]
            information = weighted.T @ jacobian + prior
            step = np.linalg.solve(information, -(weighted.T @ distance) - prior @ away)
            away = away + step
            pos, quat = _moved(pos, quat, step)
            if np.abs(step).max() < _CONVERGED:
                break
        distance, _ = self._surface((points - pos) @ quat_to_matrix(quat))
        return pos, quat, information, _weights(distance, config.outlier_m), distance

    def _learn_velocity(self, pose: PoseSample, elapsed_s: float) -> None:
        assert self._pose is not None
        if elapsed_s <= 0.0:
            return
        turn = quat_multiply(pose.quat_wxyz, self._pose.quat_wxyz * np.array([1.0, -1.0, -1.0, -1.0]))
        rate = np.concatenate([pose.pos_m - self._pose.pos_m, quat_to_rotvec(turn)]) / elapsed_s
        rate = (1.0 - _VELOCITY_GAIN) * self._velocity + _VELOCITY_GAIN * rate
        rate[3:] = self._symmetry.observable(pose.quat_wxyz, rate[3:])
        self._velocity = rate


_PREDICT_S = 0.1  # a velocity says nothing about later than this
_VELOCITY_GAIN = 0.6
_CONVERGED = 1e-6


def _weights(distance: Floats, outlier_m: float) -> Floats:
    """Geman-McClure: 1 on the surface, a quarter at outlier_m, nearly nothing beyond."""
    weights: Floats = 1.0 / (1.0 + (distance / outlier_m) ** 2) ** 2
    return weights


def _moved(pos: Floats, quat: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Returns a pose moved by a translation and a rotation vector in the hand frame; the rotation stays one."""
    return pos + step[:3], quat_normalise(quat_multiply(rotvec_to_quat(step[3:]), quat))
