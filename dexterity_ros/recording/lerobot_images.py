"""The camera's images in a LeRobot dataset: PNG inside the parquet file, depth with all its 16 bits."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from dexterity_ros import wire
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_reader import Bag

_NAMES = {"observation.images.colour": "colour", "observation.images.depth": "depth"}
_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])  # what Hugging Face's Image feature is stored as


def image_columns(bag: Bag, ticks: Sequence[wire.TickRecord]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns (columns, features): for every tick the newest image taken before it; nothing when none were recorded."""
    columns: dict[str, Any] = {}
    features: dict[str, Any] = {}
    for name, key in _NAMES.items():
        images = _encoded(bag, key)
        if not images:
            continue
        stamps = np.array([stamp for stamp, _, _ in images])
        newest = np.maximum(np.searchsorted(stamps, [tick.now_ns for tick in ticks], side="right") - 1, 0)
        columns[name] = pa.array([{"bytes": images[k][1], "path": None} for k in newest], _TYPE)
        columns[f"{key}_stamp_ns"] = pa.array(stamps[newest], pa.int64())
        features[name] = {"dtype": "image", "shape": list(images[0][2]), "names": ["height", "width", "channels"]}
        features[f"{key}_stamp_ns"] = {"dtype": "int64", "shape": [1], "names": None}
    return columns, features


def _encoded(bag: Bag, key: str) -> list[tuple[int, bytes, tuple[int, int, int]]]:
    """Returns (stamp, PNG, shape) of every image of a topic."""
    topic = bag.topic(TOPICS[key].name)
    if topic is None:
        return []
    found = []
    for message in bag.messages([topic]):
        image = message.value
        if key == "depth":
            pixels = wire.depth_sample(image, None).depth_mm
        else:
            rgb = np.frombuffer(image.data, dtype=np.uint8).reshape(image.height, image.width, 3)
            pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        png = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1].tobytes()
        shape = (image.height, image.width, 1 if key == "depth" else 3)
        found.append((wire.stamp_ns(image.header), png, shape))
    return found
