"""Where the camera stands, where the joints' zeros are and how long the links are, from views of the hand: one fit.

The points of all views are drawn to the hand's surface (point to plane, Gauss-Newton on SE(3)) together with what is
known before: camera, joint zeros and lengths are near their nominal values. Points that are not the hand's lose their
weight while the scale of the kernel shrinks. Sources: Hydra, arXiv 2504.20584 (link surfaces against depth, several
poses at once); Zhou, Park, Koltun, Fast Global Registration, ECCV 2016 (Geman-McClure with a shrinking scale).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexterity_ros.bringup.eyehand.estimate import Estimate, Fitted
from dexterity_ros.bringup.eyehand.hand_surface import HandSurface
from dexterity_ros.bringup.eyehand.views import View
from dexterity_ros.contracts.arrays import Floats

_STIFF = 1e-6  # share by which what no joint turns may be longer: its place is the hand's own frame
_CONVERGED = 1e-5
_NEARBY_M = 0.012  # what lies further from the hand is a table, or somebody


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """What is known before, as standard deviations, and how the fit goes.

    camera_m, camera_rad: of where the camera stands. zero_rad: of the joints' zeros, one for all or (n,). stretch: of a
    link's length, as a share. depth_per_m: of the camera's depth, error over its square, what a bias of the disparity
    leaves. noise_per_m: of one measured depth over its square. surface_m: of the hand's shape.
    scales_m: of the kernel, from coarse to fine. rounds: of Gauss-Newton at each.

    Source of depth_per_m and noise_per_m: docs/stereo_errors.md, 0.05 px and 0.12 px over focal length and baseline.
    """

    zero_rad: Floats | float
    camera_m: float = 0.015
    camera_rad: float = 0.06
    stretch: float = 0.006
    depth_per_m: float = 0.003
    noise_per_m: float = 0.006
    surface_m: float = 0.0006
    scales_m: tuple[float, ...] = (0.015, 0.008, 0.005, 0.004)
    rounds: int = 5


class HandFit:
    """Fits views of one hand."""

    def __init__(self, surface: HandSurface, config: FitConfig, about_m: Floats, before: Estimate) -> None:
        """about_m: point in the hand that rotations are about, hand frame. before: what is known before."""
        self._surface, self._config, self._about, self._before = surface, config, about_m, before
        zero = np.broadcast_to(np.asarray(config.zero_rad, dtype=float), (surface.joints,))
        stretch = np.where(surface.turned, config.stretch, _STIFF)
        self._known = 1.0 / np.concatenate([zero, stretch, [config.depth_per_m]]) ** 2
        self._camera = np.array([config.camera_m**-2] * 3 + [config.camera_rad**-2] * 3)

    def fit(self, views: Sequence[View], start: Estimate) -> Fitted:
        """Returns the estimate that the views lead to from a start."""
        estimate = start
        for scale_m in self._config.scales_m:
            for _ in range(self._config.rounds):
                information, gradient = self._normal(views, estimate, scale_m)
                prior, pull = self._prior(estimate)
                step = -np.linalg.solve(information + prior, gradient + pull).astype(np.float64)
                estimate = estimate.moved(step, self._about)
                if np.abs(step).max() < _CONVERGED:
                    break
        return self._fitted(views, estimate)

    def _fitted(self, views: Sequence[View], estimate: Estimate) -> Fitted:
        scale_m = self._config.scales_m[-1]
        information, _ = self._normal(views, estimate, scale_m)
        distances = np.concatenate([self._distances(seen, estimate) for seen in views])
        near, within = np.abs(distances) < scale_m, np.abs(distances) < _NEARBY_M
        return Fitted(
            estimate=estimate,
            information=information,
            prior=self._prior(estimate)[0],
            about_m=self._about,
            residual_m=float(np.sqrt(np.mean(distances[near] ** 2))) if near.any() else scale_m,
            share=float(near.sum()) / max(len(distances), 1),
            stray=1.0 - float(near.sum()) / max(int(within.sum()), 1),
        )

    def _distances(self, seen: View, estimate: Estimate) -> Floats:
        hand = self._surface.at(seen.joints_rad + estimate.zeros_rad, estimate.stretch)
        return hand.distances(estimate.placed(seen.points_m))

    def _prior(self, estimate: Estimate) -> tuple[Floats, Floats]:
        """Returns information (p, p) and gradient (p,) of what is known before."""
        columns = estimate.place_columns(self._about)
        weighted = columns.T * self._camera
        prior = np.diag(np.concatenate([np.zeros(6), self._known]))
        prior[:6, :6] = weighted @ columns
        away = np.concatenate([estimate.zeros_rad, estimate.stretch, [estimate.depth_per_m]])
        return prior, np.concatenate([weighted @ estimate.away(self._before), self._known * away])

    def _normal(self, views: Sequence[View], estimate: Estimate, scale_m: float) -> tuple[Floats, Floats]:
        """Returns information (p, p) and gradient (p,) of the points."""
        size = 6 + len(self._known)
        information, gradient = np.zeros((size, size)), np.zeros(size)
        for seen in views:
            distance, jacobian, sigma = self._linear(seen, estimate)
            weight = seen.worth / (1.0 + (distance / scale_m) ** 2) ** 2 / sigma**2
            weighted = jacobian * weight[:, None]
            information += weighted.T @ jacobian
            gradient += weighted.T @ distance
        return information, gradient

    def _linear(self, seen: View, estimate: Estimate) -> tuple[Floats, Floats, Floats]:
        """Returns distances (n,), how they change with everything (n, p), and their standard deviations (n,)."""
        points = estimate.placed(seen.points_m)
        hand = self._surface.at(seen.joints_rad + estimate.zeros_rad, estimate.stretch)
        nearest = hand.nearest(points)
        deeper = (nearest.normal * (seen.points_m @ estimate.rotation.T)).sum(axis=1) * seen.points_m[:, 2]
        facing = deeper < 0.0
        points, deeper, nearest = points[facing], deeper[facing], nearest.only(facing)
        turned = np.cross(points - self._about, nearest.normal)
        columns = [nearest.normal, turned, hand.by_joints(points, nearest), hand.by_lengths(nearest), deeper[:, None]]
        sigma = np.hypot(deeper * self._config.noise_per_m, self._config.surface_m)
        return nearest.distance_m, np.concatenate(columns, axis=1), sigma
