"""What the camera saw in a recorded run: a few images large, many small for the playback."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros import wire
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_reader import BagMessage
from dexterity_ros.replay.run_record import RunRecord

_KEY_FRAMES, _KEY_PX, _KEY_QUALITY = 6, (320, 240), 82
_MOST, _PX, _QUALITY = 180, (240, 180), 66  # of the playback: one in a second of three minutes


@dataclass(frozen=True, kw_only=True)
class EyePicture:
    """An image at a moment, s since the run began; jpeg: base64."""

    at_s: float
    jpeg: str


def key_frames(run: RunRecord) -> str:
    """Returns a few images, colour beside depth, as HTML; "" without a camera."""
    shown = []
    for depth, colour in _images(run, _KEY_FRAMES):
        image = wire.depth_sample(depth.value, None if colour is None else colour.value)
        pair = [_grey(image)] if image.rgb is None else [_bgr(image), _grey(image)]
        coded = _jpeg(np.hstack(pair), (_KEY_PX[0] * len(pair), _KEY_PX[1]), _KEY_QUALITY)
        at_s = (wire.stamp_ns(depth.value.header) - run.bag.start_ns) * 1e-9
        shown.append(f'<div><img alt="at {at_s:.1f} s" src="data:image/jpeg;base64,{coded}">{at_s:.1f} s</div>')
    return f'<div class="strip">{"".join(shown)}</div>' if shown else ""


def eye_pictures(run: RunRecord) -> Iterator[EyePicture]:
    """Yields small images through the run: colour where there is any, else depth."""
    for depth, colour in _images(run, _MOST):
        image = wire.depth_sample(depth.value, None if colour is None else colour.value)
        pixels = _grey(image) if image.rgb is None else _bgr(image)
        at_s = (wire.stamp_ns(depth.value.header) - run.bag.start_ns) * 1e-9
        yield EyePicture(at_s=at_s, jpeg=_jpeg(pixels, _PX, _QUALITY))


def _images(run: RunRecord, most: int) -> Iterator[tuple[BagMessage, BagMessage | None]]:
    """Yields depth images, evenly through the run, each with the newest colour image."""
    topic, colour = (run.bag.topic(TOPICS[key].name) for key in ("depth", "colour"))
    if topic is None or not run.bag.counts[topic]:
        return
    count = run.bag.counts[topic]
    wanted = set(np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist())
    last, number = None, -1
    for message in run.bag.messages([name for name in (topic, colour) if name]):
        if message.topic == colour:
            last = message
            continue
        number += 1
        if number in wanted:
            yield message, last


def _bgr(image: DepthSample) -> NDArray[Any]:
    return np.asarray(cv2.cvtColor(image.rgb, cv2.COLOR_RGB2BGR))


def _grey(image: DepthSample) -> NDArray[Any]:
    """Returns a depth image in which what is nearer is lighter."""
    seen = image.depth_mm[image.depth_mm > 0]
    low, high = np.percentile(seen, [2, 98]) if len(seen) else (0.0, 1.0)
    share = np.clip((high - image.depth_mm) / max(high - low, 1.0), 0.0, 1.0)
    grey = np.where(image.depth_mm > 0, 40 + 215 * share, 0).astype(np.uint8)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))


def _jpeg(pixels: NDArray[Any], size: tuple[int, int], quality: int) -> str:
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return base64.b64encode(coded.tobytes()).decode()
