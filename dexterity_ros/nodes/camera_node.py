"""A RealSense camera: aligned depth and colour with the sensor's stamps, intrinsics, and where the camera stands."""

import threading
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.robot import NO_ROBOT, load_placed_camera
from dexterity_ros.drivers.realsense.camera import CameraError, CameraImage, RealSenseCamera, RealSenseConfig
from dexterity_ros.ros.camera_topics import CameraTopics
from dexterity_ros.ros.diagnostics import Reporter
from dexterity_ros.runtime.deadline_loop import Histogram

_READ_S = 0.5
_RETRY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class CameraParameters(RealSenseConfig):
    """Parameters of camera_node: what to open, and the files that say where it stands: the robot's before its own."""

    camera: str
    robot: str = NO_ROBOT


class CameraNode(Node):
    """Publishes images while there is a camera; one that was unplugged is opened again when it is back."""

    def __init__(self) -> None:
        super().__init__("camera_node", automatically_declare_parameters_from_overrides=True)
        self._settings = ros.parameters(self, CameraParameters)
        spec = load_placed_camera(load_camera(self._settings.camera), self._settings.robot)
        self._camera: RealSenseCamera | None = RealSenseCamera(self._settings)  # or the node ends here, and says why
        self._topics = CameraTopics(self, spec)
        self._state, self._reconnects = f"streaming from {self._camera.name}", 0
        self._last, self._images, self._dropped, self._seen = -1, 0, 0, 0
        self._ages = Histogram()
        self._reporter = Reporter(self, self._camera.name, "images", self._report)
        self.get_logger().info(self._state)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="camera")
        self._thread.start()

    def stop(self) -> None:
        """Ends the stream."""
        self._done.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            self._read_until_done()
        except BaseException as error:  # noqa: BLE001 - a thread: whatever ends it ends the process
            ros.end_process(error)
        if self._camera is not None:
            self._camera.close()

    def _read_until_done(self) -> None:
        while not self._done.is_set():
            try:
                self._camera = self._camera or RealSenseCamera(self._settings)
                self._state = f"streaming from {self._camera.name}"
                image = self._camera.read(_READ_S, lambda: ros.now_ns(self))
            except CameraError as error:
                self._lost(error)
                continue
            if image is not None:
                self._publish(image)

    def _lost(self, error: CameraError) -> None:
        if self._camera is not None:
            self._camera.close()
            self._camera, self._last = None, -1
            self._reconnects += 1
        self._state = str(error)
        self.get_logger().warning(self._state, throttle_duration_sec=10.0)
        self._done.wait(_RETRY_S if not self._settings.playback else None)

    def _publish(self, image: CameraImage) -> None:
        self._topics.publish(image.sample, image.matrix)
        self._dropped += max(image.number - self._last - 1, 0) if self._last >= 0 else 0
        self._last, self._images = image.number, self._images + 1
        self._ages.add((ros.now_ns(self) - image.sample.stamp_ns) * 1e-9)

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        rate, self._seen = self._images - self._seen, self._images
        values = {"rate_hz": rate, "images": self._images, "dropped": self._dropped, "reconnects": self._reconnects}
        return ("ok" if rate else "warn"), self._state, values | {"age_ms": self._ages.milliseconds()}


def main() -> None:
    """Entry point."""
    ros.run(CameraNode, lambda node: node.stop(), priority="perception", exclusive=False)


if __name__ == "__main__":
    main()
