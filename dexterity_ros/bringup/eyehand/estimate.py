"""What a fit to views of the hand estimates, and how well it is known."""

from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import matrix_to_quat, quat_to_matrix, quat_to_rotvec, rotvec_to_quat

_CHI_3 = 2.795  # radius of the ball that holds 95 % of a normal distribution in three dimensions
_CHI_1 = 1.96


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What is estimated. rotation (3, 3), pos_m (3,): T_hand_camera. zeros_rad (n,): to be added to joints as read.

    stretch (links,): shares by which links are longer. depth_per_m: error of the camera's depth over its square.
    """

    rotation: Floats
    pos_m: Floats
    zeros_rad: Floats
    stretch: Floats
    depth_per_m: float

    def moved(self, step: Floats, about_m: Floats) -> "Estimate":
        """Returns this estimate after a step: translation, rotation vector about a point, zeros, stretches, depth."""
        n = len(self.zeros_rad)
        turn = quat_to_matrix(rotvec_to_quat(step[3:6]))
        return replace(
            self,
            rotation=quat_to_matrix(matrix_to_quat(turn @ self.rotation)),
            pos_m=turn @ (self.pos_m - about_m) + about_m + step[:3],
            zeros_rad=self.zeros_rad + step[6 : 6 + n],
            stretch=self.stretch + step[6 + n : -1],
            depth_per_m=self.depth_per_m + float(step[-1]),
        )

    def placed(self, points_m: Floats) -> Floats:
        """Returns points of the optical frame, (n, 3), in the hand frame, their depth put right."""
        longer = 1.0 + self.depth_per_m * points_m[:, 2:]
        points: Floats = points_m * longer @ self.rotation.T + self.pos_m
        return points

    def away(self, other: "Estimate") -> Floats:
        """Returns how far the camera stands from another estimate's: place in m and rotation vector in rad, (6,)."""
        turn: Floats = quat_to_rotvec(matrix_to_quat(self.rotation @ other.rotation.T))
        return np.concatenate([self.pos_m - other.pos_m, turn])

    def place_columns(self, about_m: Floats) -> Floats:
        """Returns how the camera's place and rotation change with translation and rotation about a point, (6, 6)."""
        x, y, z = self.pos_m - about_m
        columns = np.eye(6)
        columns[:3, 3:] = [[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]]
        return columns


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """An estimate and how good it is.

    information: (p, p) of camera (6: translation, rotation about `about_m`), zeros, stretches, depth, from the points
    alone. prior: the same of what was known before. residual_m: root mean square distance of the points on the hand
    from its surface. share: of all points, those on the hand. stray: of the points near the hand, those not on it.
    """

    estimate: Estimate
    information: Floats
    prior: Floats
    about_m: Floats
    residual_m: float
    share: float
    stray: float

    @property
    def covariance(self) -> Floats:
        """Of camera, zeros, stretches and depth, (p, p)."""
        covariance: Floats = np.linalg.inv(self.information + self.prior).astype(np.float64)
        return covariance

    @property
    def camera_interval(self) -> tuple[float, float]:
        """Radii within which the camera's place, m, and rotation, rad, lie with 95 %."""
        columns = self.estimate.place_columns(self.about_m)
        camera = columns @ self.covariance[:6, :6] @ columns.T
        place, turn = (float(np.trace(block)) / 3.0 for block in (camera[:3, :3], camera[3:, 3:]))
        return _CHI_3 * place**0.5, _CHI_3 * turn**0.5

    @property
    def zero_interval_rad(self) -> Floats:
        """Half the 95 % interval of each joint's zero, (n,)."""
        n = len(self.estimate.zeros_rad)
        half: Floats = _CHI_1 * np.sqrt(np.diag(self.covariance)[6 : 6 + n])
        return half

    @property
    def zero_learned(self) -> Floats:
        """By what share the images make each zero better known than it was before, 0 to 1, (n,)."""
        n = len(self.estimate.zeros_rad)
        at = slice(6, 6 + n)
        learned: Floats = 1.0 - np.sqrt(np.diag(self.covariance)[at] * np.diag(self.prior)[at])
        return learned

    @property
    def open_directions(self) -> list[tuple[float, Floats]]:
        """Singular values below 1, and what they are of, (n,) in units of what is known of each zero before.

        Of the zeros' information, everything else estimated beside them: where it is below 1, the images say less about
        that combination of zeros than was known before.
        """
        n = len(self.estimate.zeros_rad)
        at, rest = np.arange(6, 6 + n), np.r_[0:6, 6 + n : len(self.prior)]
        others = (self.information + self.prior)[np.ix_(rest, rest)]
        cross = self.information[np.ix_(at, rest)]
        alone = self.information[np.ix_(at, at)] - cross @ np.linalg.solve(others, cross.T)
        known = 1.0 / np.sqrt(np.diag(self.prior)[at])
        values, vectors = np.linalg.eigh(alone * known[:, None] * known)
        roots = np.sqrt(np.maximum(values, 0.0))
        return [(float(root), vectors[:, k].astype(np.float64)) for k, root in enumerate(roots) if root < 1.0]
