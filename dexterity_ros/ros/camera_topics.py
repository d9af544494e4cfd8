"""The topics of a depth camera, real or simulated: images, intrinsics, and where it stands."""

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.samples import DepthSample


class CameraTopics:
    """Publishes pairs of images, colour before depth, so that who gets the depth has the colour."""

    def __init__(self, node: Node, spec: CameraSpec) -> None:
        """Says once, for late joiners too, where the camera stands. A namespace is part of the frame's name."""
        self._frame = "_".join([*node.get_namespace().strip("/").split("/"), wire.CAMERA_FRAME]).lstrip("_")
        self._depth, self._colour = ros.publisher(node, "depth"), ros.publisher(node, "colour")
        self._info, self._stands = ros.publisher(node, "camera_info"), ros.publisher(node, "camera_pose")
        transform = wire.fill_transform(
            ros.message_class("camera_pose")(), ros.now_ns(node), np.array(spec.pos_m), np.array(spec.quat_wxyz)
        )
        transform.child_frame_id = self._frame
        self._stands.publish(transform)
        self._tf = _tell_tf(node, transform)

    def publish(self, image: DepthSample, matrix: NDArray[np.float64]) -> None:
        """Publishes one pair. matrix: intrinsics of both, (9,)."""
        height, width = image.depth_mm.shape
        info = ros.message_class("camera_info")(width=width, height=height)
        wire.fill_stamp(info.header, image.stamp_ns)
        info.header.frame_id, info.k = self._frame, matrix
        self._info.publish(info)
        self._colour.publish(self._image(image.stamp_ns, "rgb8", image.rgb))
        self._depth.publish(self._image(image.stamp_ns, "16UC1", image.depth_mm))

    def _image(self, stamp_ns: int, encoding: str, pixels: Any) -> Any:
        message = ros.message_class("depth")()
        wire.fill_image(message, stamp_ns, encoding, np.ascontiguousarray(pixels))
        message.header.frame_id = self._frame
        return message


def _tell_tf(node: Node, transform: Any) -> Any:
    """Publishes a transform on /tf_static for rviz and its like, where a ROS installation has that message."""
    with contextlib.suppress(ImportError):
        from tf2_msgs.msg import TFMessage

        publisher = node.create_publisher(TFMessage, "/tf_static", ros.qos_profile("camera_pose"))
        publisher.publish(TFMessage(transforms=[transform]))
        return publisher
    return None
