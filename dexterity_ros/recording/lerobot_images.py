"""The camera's images in a LeRobot dataset: PNG inside the parquet file, depth with all its 16 bits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from dexterity_ros import wire
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.images import channels, png

_NAMES = {"observation.images.colour": "colour", "observation.images.depth": "depth"}
_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])  # what Hugging Face's Image feature is stored as
_Image = tuple[int, bytes, tuple[int, int, int]]  # stamp in ns, PNG, shape


@dataclass(kw_only=True)
class Images:
    """Columns of a dataset and their features. left_out: {topic: why}."""

    columns: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def image_columns(bag: Bag, ticks: Sequence[wire.TickRecord]) -> Images:
    """Returns for every tick the newest image taken before it; nothing when none were recorded."""
    result = Images()
    for name, key in _NAMES.items():
        topic = bag.topic(TOPICS[key].name)
        if topic is None or not bag.counts[topic]:
            continue
        try:
            images = _encoded(bag, topic)
        except BagError as error:
            result.left_out[topic] = str(error)
            continue
        stamps = np.array([stamp for stamp, _, _ in images])
        newest = np.maximum(np.searchsorted(stamps, [tick.now_ns for tick in ticks], side="right") - 1, 0)
        result.columns[name] = pa.array([{"bytes": images[k][1], "path": None} for k in newest], _TYPE)
        result.columns[f"{key}_stamp_ns"] = pa.array(stamps[newest], pa.int64())
        result.features[name] = {
            "dtype": "image",
            "shape": list(images[0][2]),
            "names": ["height", "width", "channels"],
        }
        result.features[f"{key}_stamp_ns"] = {"dtype": "int64", "shape": [1], "names": None}
    return result


def _encoded(bag: Bag, topic: str) -> list[_Image]:
    """Returns every image of a topic. Raises BagError when one cannot be a PNG, or they are not all of one shape."""
    found: list[_Image] = []
    for message in bag.messages([topic]):
        image = message.value
        shape = (image.height, image.width, channels(image))
        found.append((wire.stamp_ns(image.header), png(image), shape))
        if shape != found[0][2]:
            raise BagError(f"images of {shape} among images of {found[0][2]}")
    return found
