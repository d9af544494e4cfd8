"""Depth and colour images."""

import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.wire.header import CAMERA_FRAME, fill_stamp, stamp_ns


def depth_sample(depth: Any, colour: Any | None) -> DepthSample:
    """Returns the images in two messages of the same view. Raises WireError for one that is not what it must be."""
    rgb = None if colour is None else _pixels(colour, "rgb8", 3, np.dtype(np.uint8))
    image = _pixels(depth, "16UC1", 1, np.dtype("<u2"))
    if rgb is not None and rgb.shape[:2] != image.shape[:2]:
        raise WireError(f"depth is {image.shape[1]}x{image.shape[0]}, colour {rgb.shape[1]}x{rgb.shape[0]}")
    return DepthSample(stamp_ns=stamp_ns(depth.header), depth_mm=image[:, :, 0], rgb=rgb)


def fill_image(message: Any, stamp: int, encoding: str, pixels: NDArray[Any]) -> Any:
    """Returns `message` (Image) with pixels (height, width) or (height, width, channels)."""
    fill_stamp(message.header, stamp)
    message.header.frame_id = CAMERA_FRAME
    message.height, message.width = pixels.shape[:2]
    message.encoding, message.is_bigendian = encoding, 0
    message.step = pixels.strides[0]
    # An array.array is taken over as it is; a numpy array would be copied number by number.
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(pixels).tobytes())
    message.data = data
    return message


def _pixels(message: Any, encoding: str, channels: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    if message.encoding != encoding:
        raise WireError(f"image is {message.encoding or 'without encoding'}, expected {encoding}")
    if message.is_bigendian and dtype.itemsize > 1:
        raise WireError("image is big-endian, expected little-endian")
    row = message.width * channels * dtype.itemsize
    if message.step != row or len(message.data) != row * message.height or not message.height:
        size = f"{message.width}x{message.height} {encoding}"
        raise WireError(f"image of {size} has {len(message.data)} bytes in rows of {message.step}")
    return np.frombuffer(message.data, dtype=dtype).reshape(message.height, message.width, channels)
