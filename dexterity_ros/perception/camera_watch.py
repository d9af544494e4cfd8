"""Whether the camera still stands where it stood: the hand itself, which every image shows, says so. Pure numpy.

Points of the hand's surface are looked up in the depth image, some of them in each, and how the hand would have to be
moved for all of them to fit is followed over the last seconds: least squares with forgetting. Points that the object or
another finger covers are far off and count nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.frames import quat_to_matrix, rotvec_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.perception.surface_points import surface_points

_SPACING_M = 0.006
_FACING = 0.4  # cosine between a point's normal and the way to the camera: less is seen edge-on


@dataclass(frozen=True, kw_only=True)
class WatchConfig:
    """points: looked up in one image. over_s: time over which the displacement is estimated.

    reach_m: depth further off than this belongs to something else. outlier_m: depth so far off counts a quarter.
    noise_m: of a depth. most_m, most_rad: displacement of the hand that is a fault. least: points that count, below
    which nothing is said. prior_m, prior_rad: standard deviation of a displacement, against directions that are open.

    Source of most_m and most_rad: well calibrated, docs/stereo_errors.md, it stays below half of them
    (test/perception/test_camera_watch.py); at 10 mm and 2 degrees 98 % of the images have no pose.
    """

    points: int = 160
    over_s: float = 2.0
    reach_m: float = 0.02
    outlier_m: float = 0.008
    noise_m: float = 0.002
    most_m: float = 0.006
    most_rad: float = 0.035
    least: float = 200.0
    prior_m: float = 0.02
    prior_rad: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """How the hand is seen away from where it should be. residual_m: root mean square distance of what counts."""

    shift_m: float
    turn_rad: float
    residual_m: float


def figures(away: Displacement | None) -> dict[str, float]:
    """Returns a displacement as numbers to report; none while nothing is known."""
    if away is None:
        return {}
    return {
        "hand_shift_mm": round(away.shift_m * 1e3, 1),
        "hand_turn_deg": round(float(np.rad2deg(away.turn_rad)), 2),
        "hand_residual_mm": round(away.residual_m * 1e3, 1),
    }


class CameraWatch:
    """A stage: image and joints in; a fault out while the hand is seen elsewhere than it should be."""

    def __init__(self, hand: HandSpec, camera: CameraSpec, body: HandBody, config: WatchConfig) -> None:
        self._camera, self._body, self._config = camera, body, config
        self._points = surface_points(body.shape, _SPACING_M)
        self._about = np.array(hand.grasp_centre_m)
        self._pos = np.array(camera.pos_m)
        self._prior = np.diag([config.prior_m**-2] * 3 + [config.prior_rad**-2] * 3)
        self.reset()

    def reset(self) -> None:
        """Forgets what was seen."""
        self._information, self._away = np.zeros((6, 6)), np.zeros(6)
        self._count = self._squares = 0.0
        self._last_ns = 0

    def step(self, image: DepthSample, joints_rad: Floats) -> Fault | None:
        """Returns the fault, or None while all is well or not enough was seen. joints_rad: (n,) at the image's time."""
        kept = self._forget(image.stamp_ns)
        distance, columns = self._seen(image, joints_rad)
        weight = 1.0 / (1.0 + (distance / self._config.outlier_m) ** 2) ** 2
        weighted = columns * (weight / self._config.noise_m**2)[:, None]
        self._information += weighted.T @ columns
        pull = weighted.T @ distance - (1.0 - kept) * self._prior @ self._away
        self._away += np.linalg.solve(self._information + self._prior, pull)
        self._count += float(weight.sum())
        self._squares += float((weight * distance**2).sum())
        return self._fault()

    @property
    def displacement(self) -> Displacement | None:
        """What the last seconds say, or None while they say too little."""
        if self._count < self._config.least:
            return None
        return Displacement(
            shift_m=float(np.linalg.norm(self._away[:3])),
            turn_rad=float(np.linalg.norm(self._away[3:])),
            residual_m=(self._squares / self._count) ** 0.5,
        )

    def _fault(self) -> Fault | None:
        away = self.displacement
        if away is None or (away.shift_m < self._config.most_m and away.turn_rad < self._config.most_rad):
            return None
        seen = f"the hand is seen {away.shift_m * 1e3:.0f} mm and {np.rad2deg(away.turn_rad):.1f} degrees"
        return Fault(
            code=FaultCode.CAMERA_MOVED,
            detail=f"{seen} from where it should be: the camera {self._camera.name} was moved, or zeros slipped",
        )

    def _forget(self, stamp_ns: int) -> float:
        """Lets the past fade. Returns what share of it is kept."""
        elapsed_s = (stamp_ns - self._last_ns) * 1e-9
        kept = float(np.exp(-elapsed_s / self._config.over_s)) if elapsed_s >= 0.0 else 0.0
        self._last_ns = stamp_ns
        self._information *= kept
        self._count *= kept
        self._squares *= kept
        return kept

    def _seen(self, image: DepthSample, joints_rad: Floats) -> tuple[Floats, Floats]:
        """Returns how far what is seen lies outside the hand as it was seen last, (k,), and its columns, (k, 6)."""
        rng = np.random.Generator(np.random.PCG64(image.stamp_ns))
        chosen = self._points.only(rng.integers(0, len(self._points.link), 2 * self._config.points))
        points, normals = chosen.placed(np.stack(self._body.links(joints_rad)))
        turn = quat_to_matrix(rotvec_to_quat(self._away[3:]))
        points = (points - self._about) @ turn.T + self._about + self._away[:3]
        normals = normals @ turn.T
        ray = points - self._pos
        facing = (normals * ray).sum(axis=1) < -_FACING * np.sqrt((ray**2).sum(axis=1))
        points, normals, ray = points[facing], normals[facing], ray[facing]
        local = ray @ self._camera.rotation
        depth_m, there = self._looked_up(image, local)
        deeper = depth_m - local[:, 2]
        there &= np.abs(deeper) < self._config.reach_m
        points, normals, ray, deeper = points[there], normals[there], ray[there], deeper[there]
        distance = deeper / local[there, 2] * (normals * ray).sum(axis=1)
        return distance, np.concatenate([normals, np.cross(points - self._about, normals)], axis=1)

    def _looked_up(self, image: DepthSample, local_m: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Returns the depth measured where points of the optical frame should be, and whether there is one."""
        camera, z = self._camera, np.maximum(local_m[:, 2], 1e-3)
        u = np.rint(local_m[:, 0] / z * camera.fx + camera.cx).astype(int)
        v = np.rint(local_m[:, 1] / z * camera.fy + camera.cy).astype(int)
        inside = (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
        depth_mm = image.depth_mm[np.where(inside, v, 0), np.where(inside, u, 0)]
        return depth_mm * 1e-3, inside & (depth_mm > 0)
