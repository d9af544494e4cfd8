"""Looks at the object that the eyes of a running system see, without moving anything."""

import contextlib
from typing import Any

import numpy as np

from dexterity_ros import ros, wire
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.contracts.sources import OBJECT_CLOUD
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.presence import absence

_PATIENCE_S = 5.0  # for each image


class ViewWatch:
    """clouds: of the object, as they came. eye_m: where the camera stands. quat_wxyz: how a simulated object lies."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self.clouds: list[CloudSample] = []
        self.eye_m: Floats | None = None
        self.quat_wxyz: Floats | None = None
        ros.observe(operator.node, "object_cloud", self._on_cloud)
        ros.observe(operator.node, "camera_pose", self._on_camera)
        ros.observe(operator.node, "sim_object_pose", self._on_truth)

    def look(self, images: int) -> None:
        """Takes so many clouds. Raises OperatorError when they do not come."""
        if why := absence("pose_node", lambda: bool(self.clouds), self._operator.spin):
            raise OperatorError(f"{why}; it publishes object_cloud where there is a camera and an object before it")
        self._operator.wait_for("camera/pose", lambda: self.eye_m is not None, _PATIENCE_S)
        self.clouds.clear()
        self._operator.wait_for(
            f"{images} images of the object", lambda: len(self.clouds) >= images, images * _PATIENCE_S
        )

    def _on_cloud(self, message: Any) -> None:
        with contextlib.suppress(WireError):
            cloud = wire.cloud_sample(message)
            if OBJECT_CLOUD.problem(cloud) is None:
                self.clouds.append(cloud)

    def _on_camera(self, message: Any) -> None:
        shift = message.transform.translation
        self.eye_m = np.array([shift.x, shift.y, shift.z])

    def _on_truth(self, message: Any) -> None:
        with contextlib.suppress(WireError):
            self.quat_wxyz = wire.pose_sample(message).quat_wxyz
