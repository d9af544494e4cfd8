"""Depth cameras of the RealSense family, live or from a recording, through the vendor's own pipeline.

Import this after rclpy: pyrealsense2 brings a middleware of its own along.
"""

import contextlib
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.samples import DepthSample

_DRIFT = 2e-5  # how much a camera's clock may run fast or slow against ours
FILTERS = ("decimation", "threshold", "spatial", "temporal", "hole_filling")


class CameraError(DexterityError):
    """The camera is not there, or has stopped; the message says which one was asked for and which there are."""


@dataclass(frozen=True, kw_only=True)
class RealSenseConfig:
    """What to open. serial: empty takes the only camera. playback: a .db3 or .bag recording instead of a camera.

    width, height, rate_hz: of depth and colour alike. filters: names of FILTERS, applied in this order, with commas.
    """

    serial: str
    playback: str
    width: int
    height: int
    rate_hz: int
    filters: str


@dataclass(frozen=True, kw_only=True)
class CameraImage:
    """One pair of aligned images. matrix: intrinsics of both, row by row, (9,). number: of the frame."""

    sample: DepthSample
    matrix: NDArray[np.float64]
    number: int


class CameraClock:
    """Turns the camera's own time into ours.

    An image arrives after it was taken, so arrival minus the camera's time is at least the true offset of the clocks;
    the smallest seen is kept, and allowed to grow as slowly as clocks drift.
    """

    def __init__(self) -> None:
        self._offset_ns: float | None = None
        self._last_ns = 0.0

    def stamp_ns(self, camera_ns: float, arrived_ns: int) -> int:
        """Returns when, by our clock, an image was taken; camera time that jumps back starts afresh."""
        least = arrived_ns - camera_ns
        if self._offset_ns is None or camera_ns < self._last_ns:
            self._offset_ns = least
        else:
            self._offset_ns = min(self._offset_ns + _DRIFT * (camera_ns - self._last_ns), least)
        self._last_ns = camera_ns
        return round(camera_ns + self._offset_ns)


class RealSenseCamera:
    """An open camera. Close it, or use it in a with statement."""

    def __init__(self, config: RealSenseConfig) -> None:
        """Starts the stream. Raises CameraError within a second when there is no such camera or recording."""
        self._rs = load_library()
        self._config, self._clock = config, CameraClock()
        self._filters = [self._filter(name.strip()) for name in config.filters.split(",") if name.strip()]
        self._pipeline = self._rs.pipeline()
        wanted = self._wanted()
        if not wanted.can_resolve(self._pipeline):
            raise CameraError(self._missing())
        self.profile = self._pipeline.start(wanted)
        self._align = self._rs.align(self._rs.stream.color)
        self._last_number = -1
        self.name = self._about(self.profile.get_device())

    def __enter__(self) -> "RealSenseCamera":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, timeout_s: float, now_ns: Callable[[], int]) -> CameraImage | None:
        """Returns the next pair of images, or None when none comes in time.

        now_ns: a function that returns our time. Raises CameraError when the camera is gone.
        """
        try:
            came, frames = self._pipeline.try_wait_for_frames(max(round(timeout_s * 1e3), 1))
        except RuntimeError as error:
            raise CameraError(f"{self.name}: {error}") from error
        arrived_ns = now_ns()
        if not came:
            self._check_device()
            return None
        depth, colour = frames.get_depth_frame(), frames.get_color_frame()
        if not depth or not colour or depth.get_frame_number() == self._last_number:
            return None
        if abs(depth.get_timestamp() - colour.get_timestamp()) > 500.0 / self._config.rate_hz:
            return None  # a new image paired with an old one; its partner is still to come
        self._last_number = depth.get_frame_number()
        return self._image(frames, arrived_ns)

    def close(self) -> None:
        """Stops the stream."""
        with contextlib.suppress(RuntimeError):
            self._pipeline.stop()

    def _image(self, frames: Any, arrived_ns: int) -> CameraImage:
        depth = frames.get_depth_frame()
        stamp = self._stamp_ns(depth, arrived_ns)
        for each in self._filters:
            frames = each.process(frames).as_frameset()
        frames = self._align.process(frames)
        depth, colour = frames.get_depth_frame(), frames.get_color_frame()
        unit_mm = depth.get_units() * 1e3
        pixels = np.asanyarray(depth.get_data())
        # Copied at once: the camera needs its buffers back.
        depth_mm = pixels.copy() if abs(unit_mm - 1.0) < 1e-6 else np.rint(pixels * unit_mm).astype(np.uint16)
        lens = colour.profile.as_video_stream_profile().get_intrinsics()
        return CameraImage(
            sample=DepthSample(stamp_ns=stamp, depth_mm=depth_mm, rgb=np.asanyarray(colour.get_data()).copy()),
            matrix=np.array([lens.fx, 0.0, lens.ppx, 0.0, lens.fy, lens.ppy, 0.0, 0.0, 1.0]),
            number=self._last_number,
        )

    def _stamp_ns(self, frame: Any, arrived_ns: int) -> int:
        """Returns the time of exposure by our clock; a live camera's driver may already have worked it out."""
        domain = frame.get_frame_timestamp_domain()
        camera_ns = frame.get_timestamp() * 1e6
        if domain == self._rs.timestamp_domain.hardware_clock or self._config.playback:
            return self._clock.stamp_ns(camera_ns, arrived_ns)
        return round(camera_ns)

    def _wanted(self) -> Any:
        rs, config = self._rs, self._config
        wanted = rs.config()
        if config.playback:
            path = Path(config.playback).expanduser()
            if not path.is_file():
                raise CameraError(f"there is no recording {path}")
            wanted.enable_device_from_file(str(path), repeat_playback=False)
            return wanted
        if config.serial:
            wanted.enable_device(config.serial)
        wanted.enable_stream(rs.stream.depth, config.width, config.height, rs.format.z16, config.rate_hz)
        wanted.enable_stream(rs.stream.color, config.width, config.height, rs.format.rgb8, config.rate_hz)
        return wanted

    def _filter(self, name: str) -> Any:
        if name not in FILTERS:
            raise CameraError(f"there is no filter {name!r}; there are {list(FILTERS)}")
        names = {"threshold": "threshold_filter", "spatial": "spatial_filter", "temporal": "temporal_filter"}
        names |= {"decimation": "decimation_filter", "hole_filling": "hole_filling_filter"}
        return getattr(self._rs, names[name])()

    def _missing(self) -> str:
        config, found = self._config, [self._about(device) for device in self._rs.context().query_devices()]
        if config.playback:
            return f"{config.playback} has no depth and colour that can be played back"
        wanted = f"camera {config.serial}" if config.serial else "camera"
        what = f"{wanted} with depth and colour of {config.width}x{config.height} at {config.rate_hz} Hz"
        return f"there is no {what}; connected: {found or 'none'} (another program may hold it; a USB 3 port is needed)"

    def _about(self, device: Any) -> str:
        info = self._rs.camera_info
        said = [device.get_info(key) for key in (info.name, info.serial_number) if device.supports(key)]
        return " ".join(said) or "camera without a name"

    def _check_device(self) -> None:
        """Raises CameraError when the recording is over or the camera was unplugged."""
        device = self.profile.get_device()
        if self._config.playback:
            if device.as_playback().current_status() == self._rs.playback_status.stopped:
                raise CameraError(f"the recording {self._config.playback} is over")
            return
        serial = device.get_info(self._rs.camera_info.serial_number)
        present = [d.get_info(self._rs.camera_info.serial_number) for d in self._rs.context().query_devices()]
        if serial not in present:
            raise CameraError(f"{self.name} is no longer connected")


def load_library() -> Any:
    """Returns pyrealsense2, with libusb from PyPI where the system has none. Raises CameraError."""
    try:
        with contextlib.suppress(ImportError):
            import libusb_package

            ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
        import pyrealsense2
    except (ImportError, OSError) as error:
        raise CameraError(f"RealSense cameras need pyrealsense2: pip install '.[hardware]' ({error})") from error
    return pyrealsense2
