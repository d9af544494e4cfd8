"""CameraSpec: a depth camera and where it stands; one YAML file each in config/cameras."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.resources import named_resource

_INTRINSICS_SHARE = 0.02  # a camera_info may differ from the camera's file by this


@dataclass(frozen=True, kw_only=True)
class CameraSpec:
    """A pinhole depth camera. Pixels (column u, row v) see the ray ((u - cx) / fx, (v - cy) / fy, 1).

    Optical frame: x to the right, y down, z forwards (REP-103). pos_m, quat_wxyz: T_hand_camera of that frame.
    depth_range_m: what it can measure. A measured depth is along z, not along the ray.
    """

    name: str
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    rate_hz: float
    depth_range_m: tuple[float, float]
    pos_m: tuple[float, float, float]
    quat_wxyz: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        for key in ("width", "height", "fx", "fy", "rate_hz"):
            if not getattr(self, key) > 0:
                raise ConfigError(f"camera {self.name}: {key} is {getattr(self, key)}, expected a positive number")
        if abs(float(np.sum(np.square(self.quat_wxyz))) - 1.0) > 1e-3:
            raise ConfigError(f"camera {self.name}: quat_wxyz {self.quat_wxyz} is not a unit quaternion")
        if not 0.0 < self.depth_range_m[0] < self.depth_range_m[1]:
            raise ConfigError(f"camera {self.name}: depth_range_m is {self.depth_range_m}")

    @cached_property
    def rotation(self) -> NDArray[np.float64]:
        """Rotation from the optical frame to the hand frame, (3, 3)."""
        matrix: NDArray[np.float64] = quat_to_matrix(np.array(self.quat_wxyz))
        return matrix

    def scaled(self, width: int) -> "CameraSpec":
        """Returns the same camera with another resolution of the same view."""
        factor = width / self.width
        return replace(
            self,
            width=width,
            height=round(self.height * factor),
            fx=self.fx * factor,
            fy=self.fy * factor,
            cx=self.cx * factor,
            cy=self.cy * factor,
        )

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Intrinsics as CameraInfo has them in k, (9,)."""
        return np.array([self.fx, 0.0, self.cx, 0.0, self.fy, self.cy, 0.0, 0.0, 1.0])

    def disagreement(self, matrix: NDArray[np.float64]) -> str:
        """Returns how the intrinsics that a camera_info carries, (9,), differ from these, or nothing."""
        if np.allclose(matrix, self.matrix, rtol=_INTRINSICS_SHARE, atol=1e-6):
            return ""
        found, wanted = (np.asarray(k)[[0, 4, 2, 5]].round(1).tolist() for k in (matrix, self.matrix))
        return f"camera_info says fx fy cx cy {found}, {self.name} has {wanted}"

    def rays(self, stride: int = 1) -> NDArray[np.float64]:
        """Returns the ray of every stride-th pixel in the hand frame with unit depth, (rows, columns, 3)."""
        u = (np.arange(0, self.width, stride) - self.cx) / self.fx
        v = (np.arange(0, self.height, stride) - self.cy) / self.fy
        grid = np.stack([*np.meshgrid(u, v), np.ones((len(v), len(u)))], axis=-1)
        rays: NDArray[np.float64] = grid @ self.rotation.T
        return rays


def load_camera(name: str) -> CameraSpec:
    """Returns the camera called `name` in config/cameras, or the one in the YAML file that `name` points to."""
    return config.load(CameraSpec, named_resource("config/cameras", name))
