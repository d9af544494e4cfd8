"""Point clouds with colours."""

import array
from typing import Any

import numpy as np

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.wire.header import HAND_FRAME, fill_stamp, stamp_ns

_POINT_BYTES = 16  # x, y, z, and colours packed into the bits of a fourth number


def fill_cloud(message: Any, field_class: Any, cloud: CloudSample) -> Any:
    """Returns `message` (PointCloud2) with points in the hand frame and colours packed as rviz and PCL expect them."""
    message.fields = [
        field_class(name=n, offset=4 * k, datatype=7, count=1) for k, n in enumerate(("x", "y", "z", "rgb"))
    ]
    return fill_points(message, cloud)


def fill_points(message: Any, cloud: CloudSample) -> Any:
    """Returns `message` (PointCloud2) with the numbers of a cloud; what they are called is said in its fields."""
    fill_stamp(message.header, cloud.stamp_ns)
    message.header.frame_id = HAND_FRAME
    points = np.zeros((len(cloud.points_m), 4), dtype=np.float32)
    points[:, :3] = cloud.points_m
    rgb = np.zeros((len(points), 3)) if cloud.rgb is None else cloud.rgb
    red, green, blue = (rgb[:, k].astype(np.uint32) for k in range(3))
    points[:, 3] = (red << 16 | green << 8 | blue).view(np.float32)
    message.height, message.width = 1, len(points)
    message.is_bigendian, message.is_dense = False, True
    message.point_step, message.row_step = _POINT_BYTES, _POINT_BYTES * len(points)
    message.data = array.array("B", points.tobytes())
    return message


def cloud_sample(message: Any) -> CloudSample:
    """Returns the points and colours in a PointCloud2 that `fill_cloud` made.

    Raises:
        WireError: it holds something else.
    """
    data = bytes(message.data)
    if message.point_step != _POINT_BYTES or message.is_bigendian or len(data) != message.width * _POINT_BYTES:
        raise WireError(
            f"a cloud of {message.width} points has {len(data)} bytes in steps of {message.point_step}, "
            f"expected x, y, z and rgb as float32 in {_POINT_BYTES}"
        )
    points = np.frombuffer(data, dtype=np.float32).reshape(-1, 4)
    packed = np.ascontiguousarray(points[:, 3]).view(np.uint32)
    rgb = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
    return CloudSample(stamp_ns=stamp_ns(message.header), points_m=points[:, :3].astype(np.float64), rgb=rgb)
