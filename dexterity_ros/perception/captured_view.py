"""One view of an object out of several clouds of it, while somebody holds it still; a stage."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.far_apart import far_apart
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.perception.one_view import middle_of_view

_CELL_M = 0.003  # finer than the voxels of a cloud
_SEEN_SHARE = 0.25  # of the images in which something is in a cell; what is seen more rarely is noise
_STILL_M = 0.005  # how far the middle of a cloud may be from the others': further and the object was moved
_FEWEST, _MOST = 60, 512  # points of a view


@dataclass(frozen=True, kw_only=True)
class CapturedView:
    """points_m: (n, 3), the middle of the object at the grasp centre. moved_m: how far it moved meanwhile."""

    points_m: Floats
    moved_m: float

    @property
    def size_m(self) -> Floats:
        """Extents along the axes of the hand frame, (3,)."""
        size: Floats = np.ptp(self.points_m, axis=0)
        return size


def captured_view(clouds: Sequence[CloudSample], centre_m: Floats, eye_m: Floats) -> CapturedView | Fault:
    """Returns what several images in a row have in common, or why that is no view of an object.

    Args:
        clouds: of the object alone, hand frame.
        centre_m: the grasp centre, where a goal is shown, (3,).
        eye_m: where the camera stands, (3,).
    """
    if not clouds:
        return Fault(code=FaultCode.CLOUD_EMPTY, detail="no cloud came: nothing but the hand is before the camera")
    middles = np.array([cloud.points_m.mean(axis=0) for cloud in clouds])
    moved_m = float(np.linalg.norm(middles - np.median(middles, axis=0), axis=1).max())
    if moved_m > _STILL_M:
        said = f"the object moved by {1e3 * moved_m:.0f} mm while it was looked at, at most {1e3 * _STILL_M:.0f} mm"
        return Fault(code=FaultCode.SOURCE_INVALID, detail=said)
    points = _common(clouds)
    if len(points) < _FEWEST:
        said = f"{len(points)} points of the object are seen, {_FEWEST} at least make a view"
        return Fault(code=FaultCode.CLOUD_EMPTY, detail=said)
    points = points[far_apart(points - points.mean(axis=0), min(len(points), _MOST))]
    return CapturedView(points_m=points + (np.asarray(centre_m) - middle_of_view(points, eye_m)), moved_m=moved_m)


def _common(clouds: Sequence[CloudSample]) -> Floats:
    """Returns the mean of the points in each cell in which there is something often enough, (n, 3)."""
    points = np.concatenate([cloud.points_m for cloud in clouds])
    image = np.repeat(np.arange(len(clouds)), [len(cloud.points_m) for cloud in clouds])
    cells, place = np.unique(np.floor(points / _CELL_M).astype(np.int64), axis=0, return_inverse=True)
    place = place.ravel()
    seen = np.zeros((len(cells), len(clouds)), dtype=bool)
    seen[place, image] = True
    often = seen.mean(axis=1) >= _SEEN_SHARE
    sums = np.stack([np.bincount(place, weights=points[:, k], minlength=len(cells)) for k in range(3)], axis=1)
    means: Floats = (sums / np.bincount(place, minlength=len(cells))[:, None])[often]
    return means
