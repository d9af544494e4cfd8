"""Films of a hand that turns an object: MP4 by OpenCV, GIF and WebP by Pillow, drawn by ray casting."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.sim.picture import GOAL_SHARE, Painter, Shot

Image = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How films of one kind of file are drawn: pictures per second, width and height in pixels."""

    rate_hz: float
    width: int
    height: int


# A GIF counts in hundredths of a second, and every picture of it costs more than one of an MP4.
FORMATS = {
    ".mp4": Format(rate_hz=20.0, width=640, height=480),
    ".gif": Format(rate_hz=10.0, width=480, height=360),
    ".webp": Format(rate_hz=10.0, width=480, height=360),
}
_COLOURS = 128  # of a GIF
_QUALITY = 75  # of a WebP, of 100
_INK = (60, 66, 74)


def check_film(path: Path) -> Format:
    """Returns how a film is drawn. Raises ConfigError when none can be written to `path`."""
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"a film is written as {', '.join(FORMATS)}; {path} is none of them")
    if path.suffix.lower() != ".mp4" and find_spec("PIL") is None:
        raise ConfigError(f"{path.suffix} needs Pillow: pip install '.[report]'; .mp4 does not")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path} cannot be written: there is no folder {path.parent}")
    return FORMATS[path.suffix.lower()]


def draw(shots: Iterable[Shot], hand: HandSpec, object_name: str, how: Format) -> Iterator[Image]:
    """Returns a picture of each shot, (height, width, 3), RGB, with its caption. Raises ConfigError."""
    painter = Painter(hand, object_name, how.width, how.height)
    for shot in shots:
        yield _captioned(painter.paint(shot), shot)


def write_film(path: Path, pictures: Iterable[Image], how: Format) -> None:
    """Writes a film; one that is interrupted leaves no file. Raises ConfigError, FileError."""
    write = _write_mp4 if path.suffix.lower() == ".mp4" else _write_animation
    with naming(path), drafted(path) as draft:
        write(draft, pictures, how)


def at_rate(shots: Sequence[Shot], how: Format, longest_s: float) -> list[Shot]:
    """Returns the shots that a film shows: the newest at each of its pictures, from the first on."""
    if not shots:
        return []
    times = np.array([shot.time_s for shot in shots]) - shots[0].time_s
    count = math.floor(min(float(times[-1]), longest_s) * how.rate_hz + 1e-6) + 1
    newest = np.searchsorted(times, np.arange(count) / how.rate_hz + 1e-6, side="right") - 1
    return [shots[k] for k in newest]


def _captioned(image: Image, shot: Shot) -> Image:
    height, width = image.shape[:2]
    text = f"{shot.time_s:5.1f} s    goal {shot.goal}    error {math.degrees(shot.error_rad):3.0f} deg"
    _write(image, text, (width // 40, height - height // 30))
    _write(image, "goal", (width - round(GOAL_SHARE * height) + width // 80, height // 22))
    return image


def _write(image: Image, text: str, at: tuple[int, int]) -> None:
    size = image.shape[0] / 360 * 0.48
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)


def _write_mp4(path: Path, pictures: Iterable[Image], how: Format) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), how.rate_hz, (how.width, how.height))
    try:
        if not writer.isOpened():
            raise ConfigError(f"this OpenCV ({cv2.__version__}) cannot write MP4: pip install opencv-python-headless")
        for picture in pictures:
            writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    finally:
        writer.release()


def _write_animation(path: Path, pictures: Iterable[Image], how: Format) -> None:
    from PIL import Image as Picture

    first, *others = [Picture.fromarray(picture) for picture in pictures]
    pause_ms = round(1000.0 / how.rate_hz)
    if path.suffix.lower() == ".webp":
        first.save(path, save_all=True, append_images=others, duration=pause_ms, loop=0, quality=_QUALITY, method=4)
        return
    palette = first.quantize(_COLOURS)
    same = [one.quantize(palette=palette, dither=Picture.Dither.NONE) for one in (first, *others)]
    same[0].save(path, save_all=True, append_images=same[1:], duration=pause_ms, loop=0, optimize=True)
