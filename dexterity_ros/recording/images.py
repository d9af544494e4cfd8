"""Images of a bag as files that other programs open: PNG, or as they are where the camera has compressed them."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.types import IMAGE

# Of sensor_msgs/image_encodings.hpp, those that PNG holds without loss: (bytes per value, values, to OpenCV's order).
_ENCODINGS: dict[str, tuple[int, int, int | None]] = {
    "16UC1": (2, 1, None),
    "mono16": (2, 1, None),
    "8UC1": (1, 1, None),
    "mono8": (1, 1, None),
    "8UC3": (1, 3, None),
    "8UC4": (1, 4, None),
    "bgr8": (1, 3, None),
    "bgra8": (1, 4, None),
    "rgb8": (1, 3, cv2.COLOR_RGB2BGR),
    "rgba8": (1, 4, cv2.COLOR_RGBA2BGRA),
}
_BEGINNINGS = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}


def png(image: Any) -> bytes:
    """Returns a sensor_msgs/msg/Image as PNG, with all its bits. Raises BagError when PNG cannot hold it."""
    done, data = cv2.imencode(".png", _pixels(image), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise BagError(f"an image of {image.width} x {image.height} pixels cannot be written as PNG")
    return bytes(data.tobytes())


def channels(image: Any) -> int:
    """Returns how many values a pixel has. Raises BagError for an encoding that PNG cannot hold."""
    return _encoding(image)[1]


def image_file(message: Any, kind: str) -> tuple[str, bytes]:
    """Returns (ending of the file, content) of an image message of the type `kind`. Raises BagError."""
    if kind == IMAGE:
        return "png", png(message)
    data = message.data.tobytes()
    for begin, ending in _BEGINNINGS.items():
        if data.startswith(begin):
            return ending, data
    raise BagError(f"format {message.format!r} is neither JPEG nor PNG")


def _pixels(image: Any) -> NDArray[Any]:
    """Returns the pixels in OpenCV's order, rows without padding."""
    size, values, order = _encoding(image)
    used, rows = image.width * values * size, image.height
    if not (0 < used <= image.step and rows and image.step * rows == len(image.data)):
        said = f"{image.width} x {rows} pixels in {len(image.data)} bytes, {image.step} per row"
        raise BagError(f"an image of {said} does not add up")
    flat = np.ascontiguousarray(image.data.reshape(rows, image.step)[:, :used])
    kind = np.dtype(np.uint8 if size == 1 else np.uint16).newbyteorder(">" if image.is_bigendian else "<")
    pixels = flat.view(kind).reshape(rows, image.width, values).astype(kind.newbyteorder("="))
    return pixels if order is None else cv2.cvtColor(pixels, order)


def _encoding(image: Any) -> tuple[int, int, int | None]:
    if image.encoding not in _ENCODINGS:
        raise BagError(f"encoding {image.encoding!r}, PNG can hold {sorted(_ENCODINGS)}")
    return _ENCODINGS[image.encoding]
