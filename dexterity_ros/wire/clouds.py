"""Point clouds with colours."""

import array
from typing import Any

import numpy as np

from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.wire.header import HAND_FRAME, fill_stamp, stamp_ns


def fill_cloud(message: Any, field_class: Any, cloud: CloudSample) -> Any:
    """Returns `message` (PointCloud2) with points in the hand frame and colours packed as rviz and PCL expect them."""
    fill_stamp(message.header, cloud.stamp_ns)
    message.header.frame_id = HAND_FRAME
    points = np.zeros((len(cloud.points_m), 4), dtype=np.float32)
    points[:, :3] = cloud.points_m
    rgb = np.zeros((len(points), 3)) if cloud.rgb is None else cloud.rgb
    red, green, blue = (rgb[:, k].astype(np.uint32) for k in range(3))
    points[:, 3] = (red << 16 | green << 8 | blue).view(np.float32)
    message.fields = [
        field_class(name=n, offset=4 * k, datatype=7, count=1) for k, n in enumerate(("x", "y", "z", "rgb"))
    ]
    message.height, message.width = 1, len(points)
    message.is_bigendian, message.is_dense = False, True
    message.point_step, message.row_step = 16, 16 * len(points)
    message.data = array.array("B", points.tobytes())
    return message


def cloud_sample(message: Any) -> CloudSample:
    """Returns the points and colours in a PointCloud2 that `fill_cloud` made."""
    points = np.frombuffer(message.data, dtype=np.float32).reshape(-1, 4)
    packed = np.ascontiguousarray(points[:, 3]).view(np.uint32)
    rgb = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
    return CloudSample(stamp_ns=stamp_ns(message.header), points_m=points[:, :3].astype(np.float64), rgb=rgb)
