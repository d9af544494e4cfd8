"""Capture: what was seen of an object in an orientation that is wanted of it, a goal that needs no model."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np

from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.ranges import NAME, PATH, UNIT_QUATERNION, Checked, Length, Pattern, Range
from dexterity_ros.contracts.resources import named_resource

FOLDER = "models/goals"
_MOST_POINTS = 4096
_FILE_NAME = Pattern(r"\w[\w.+-]{0,63}", "1 to 64 letters, digits and _ . + -, without blanks")
Point = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Capture(Checked):
    """One view; YAML in models/goals. images: how many it is made of.

    points_mm: in the hand frame, as if the middle of the object lay at the grasp centre; the first k of them are well
    apart for any k. quat_wxyz: how the object lay, as only a simulator knows.
    """

    name: Annotated[str, NAME]
    hand: Annotated[str, PATH]
    images: Annotated[int, Range(1, 10_000, "at least one look")]
    points_mm: Annotated[
        tuple[Point, ...], Length(8, _MOST_POINTS, "a cloud of a network"), Range(-2000.0, 2000.0, "near the hand")
    ]
    quat_wxyz: Annotated[tuple[float, float, float, float] | None, UNIT_QUATERNION] = None

    @cached_property
    def points_m(self) -> Floats:
        """The points, (n, 3)."""
        return 1e-3 * np.array(self.points_mm)


def load_capture(name: str) -> Capture:
    """Returns the capture called `name`: ./models/goals/NAME.yaml, or the YAML file `name`. Raises ConfigError."""
    bare = not name.endswith(".yaml") and "/" not in name
    return config.load(Capture, named_resource(FOLDER, f"{FOLDER}/{name}.yaml" if bare else name))


def capture_path(name: str) -> Path:
    """Returns where a capture of that name is kept, below the working directory. Raises ConfigError: it is no name."""
    _FILE_NAME.check(name, "NAME")
    return Path(FOLDER) / f"{name}.yaml"
