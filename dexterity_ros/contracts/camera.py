"""CameraSpec: a depth camera and where it stands; one YAML file each in config/cameras."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.ranges import NAME, UNIT_QUATERNION, Checked, Range

_PIXELS = Range(1, 16384, "an image that a computer can hold")
_FOCAL = Range(1.0, 1e5, "pixels; from the widest lens to a telescope")
_CENTRE = Range(-16384.0, 32768.0, "pixels; in or near the image")
_INTRINSICS_SHARE = 0.02  # a camera_info may differ from the camera's file by this


@dataclass(frozen=True, kw_only=True)
class CameraSpec(Checked):
    """A pinhole depth camera. Pixels (column u, row v) see the ray ((u - cx) / fx, (v - cy) / fy, 1).

    Optical frame: x to the right, y down, z forwards (REP-103). pos_m, quat_wxyz: T_hand_camera of that frame.
    depth_range_m: what it can measure. A measured depth is along z, not along the ray.
    """

    name: Annotated[str, NAME]
    width: Annotated[int, _PIXELS]
    height: Annotated[int, _PIXELS]
    fx: Annotated[float, _FOCAL]
    fy: Annotated[float, _FOCAL]
    cx: Annotated[float, _CENTRE]
    cy: Annotated[float, _CENTRE]
    rate_hz: Annotated[float, Range(0.1, 1000.0, "images per second of a camera")]
    depth_range_m: Annotated[tuple[float, float], Range(0.01, 65.535, "a depth is 16 bits of millimetres")]
    pos_m: Annotated[tuple[float, float, float], Range(-10.0, 10.0, "in the room of the hand")]
    quat_wxyz: Annotated[tuple[float, float, float, float], UNIT_QUATERNION]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.depth_range_m[0] < self.depth_range_m[1]:
            raise ConfigError(f"camera {self.name}: depth_range_m is {self.depth_range_m}, expected the nearest first")

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
    return config.load_named(CameraSpec, "config/cameras", name)
