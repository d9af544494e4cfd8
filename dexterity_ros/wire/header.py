"""Stamps and frames of message headers."""

from typing import Any

HAND_FRAME, CAMERA_FRAME = "hand", "camera_color_optical_frame"


def stamp_ns(header: Any) -> int:
    """Returns the stamp of a message header in nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def fill_stamp(header: Any, stamp: int) -> None:
    """Writes a stamp in nanoseconds into a message header."""
    header.stamp.sec, header.stamp.nanosec = divmod(int(stamp), 1_000_000_000)
