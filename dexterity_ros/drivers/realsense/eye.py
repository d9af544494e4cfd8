"""An EyePort onto a RealSense camera: opened when the first image is asked for."""

import time

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.drivers.realsense.camera import CameraError, RealSenseCamera, RealSenseConfig

_IMAGE_S = 2.0  # so long a new image may take
_WAIT_S = 0.2


class RealSenseEye:
    """One camera. Close it when the walk is over."""

    def __init__(self, camera: CameraSpec, *, serial: str = "", playback: str = "") -> None:
        """camera: as its own file has it. serial: empty takes the only one. playback: a recording instead."""
        self.camera = camera
        self._config = RealSenseConfig(
            serial=serial,
            playback=playback,
            width=camera.width,
            height=camera.height,
            rate_hz=round(camera.rate_hz),
            filters="",
        )
        self._open: RealSenseCamera | None = None

    def see(self) -> DepthSample:
        """Returns an image that was taken after this was called. Raises CameraError."""
        if self._open is None:
            self._open = RealSenseCamera(self._config)
        asked_ns = time.time_ns()
        end = time.monotonic() + _IMAGE_S
        while time.monotonic() < end:
            image = self._open.read(_WAIT_S, time.time_ns)
            if image is not None and (self._config.playback or int(image.sample.stamp_ns) > asked_ns):
                self._check(image.matrix)
                return image.sample
        raise CameraError(f"{self._open.name}: no new image in {_IMAGE_S:.0f} s")

    def close(self) -> None:
        """Stops the stream."""
        if self._open is not None:
            self._open.close()

    def _check(self, matrix: NDArray[np.float64]) -> None:
        if said := self.camera.disagreement(matrix):
            raise CameraError(f"{said}; correct the camera's file first")
