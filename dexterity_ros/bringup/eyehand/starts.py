"""Where a fit begins: the camera looks elsewhere than its file says, by more than the fingers are apart."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.bringup.eyehand.estimate import Estimate, Fitted
from dexterity_ros.bringup.eyehand.fit import FitConfig, HandFit
from dexterity_ros.bringup.eyehand.hand_surface import HandSurface
from dexterity_ros.bringup.eyehand.views import View
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec

# How far the hand may be from where it should be in the image, along the camera's axes: 25 mm and 6 degrees at 0.42 m.
_ASIDE_M, _DEEPER_M = np.arange(-64.0, 65.0, 16.0) * 1e-3, np.array([-0.025, 0.0, 0.025])
_BLUR_M = 0.012  # points this far off the hand count half
_VIEWS, _POINTS = 3, 40  # that are tried at every place, of each view
_NEAR_M = 0.035  # a rough estimate may be off by this much somewhere
_APART_M = 0.025  # places nearer to each other than this lead to the same fit
_BEST = 3
_COARSE_M, _COARSE_ROUNDS = (0.02, 0.01, 0.006), 4


def nominal(camera: CameraSpec, surface: HandSurface) -> Estimate:
    """Returns what the camera's and the hand's files say."""
    return Estimate(
        rotation=camera.rotation,
        pos_m=np.array(camera.pos_m),
        zeros_rad=np.zeros(surface.joints),
        stretch=np.zeros(surface.links),
        depth_per_m=0.0,
    )


def fit_from_afar(
    surface: HandSurface, config: FitConfig, about_m: Floats, views: Sequence[View], before: Estimate
) -> Fitted:
    """Returns the fit from the best of many places of the hand in the image.

    The place is looked for with what moved alone, where enough did; then all counts that is near the hand.
    """
    coarse = HandFit(surface, replace(config, scales_m=_COARSE_M, rounds=_COARSE_ROUNDS), about_m, before)
    fingers = [seen.only(seen.moved) if seen.moved.sum() > _POINTS else seen for seen in views]
    thin = [_thinned(seen, 2 * _POINTS) for seen in fingers]
    tried = [coarse.fit(thin, start) for start in _places(surface, fingers[:_VIEWS], before)]
    best = max(tried, key=lambda fitted: fitted.share).estimate
    near = [seen.only(_near(surface, seen, best)) for seen in views]
    return HandFit(surface, config, about_m, before).fit(near, best)


def _near(surface: HandSurface, seen: View, estimate: Estimate) -> NDArray[np.bool_]:
    """Returns which points are near the hand, (k,)."""
    points, hand = estimate.placed(seen.points_m), surface.at(seen.joints_rad + estimate.zeros_rad)
    box = hand.box(_NEAR_M)
    near: NDArray[np.bool_] = ((points > box[0]) & (points < box[1])).all(axis=1)
    near[near] = hand.distances(points[near]) < _NEAR_M
    return near


def _thinned(seen: View, points: int) -> View:
    return seen.thinned(max(len(seen.points_m) // points, 1))


def _places(surface: HandSurface, views: Sequence[View], before: Estimate) -> list[Estimate]:
    """Returns the places at which most points lie on the hand, the camera turned as it was thought to be."""
    grid = np.stack(np.meshgrid(_ASIDE_M, _ASIDE_M, _DEEPER_M, indexing="ij"), axis=-1).reshape(-1, 3)
    shifts = grid @ before.rotation.T
    score = np.zeros(len(shifts))
    for seen in views:
        points = before.placed(_thinned(seen, _POINTS).points_m)
        hand = surface.at(seen.joints_rad)
        for k, shift in enumerate(shifts):
            distance = hand.distances(points + shift)
            score[k] += np.sum(1.0 / (1.0 + (distance / _BLUR_M) ** 2)) / max(len(distance), 1)
    return [replace(before, pos_m=before.pos_m + shifts[k]) for k in _apart(grid, score)]


def _apart(grid: Floats, score: Floats) -> list[int]:
    """Returns the numbers of the best few places that are no neighbours."""
    left = score.copy()
    chosen: list[int] = []
    for _ in range(_BEST):
        chosen.append(int(np.argmax(left)))
        left[np.linalg.norm(grid - grid[chosen[-1]], axis=1) < _APART_M] = -np.inf
    return chosen
