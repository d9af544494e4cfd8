"""Which face of the object a coloured pixel shows; says nothing where it is not sure."""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.faces import Labelled

UNKNOWN = -1
_NEAR = 0.25  # of chromaticity and brightness; further from every face's colour is no face
_CLEARER = 0.6  # the nearest colour must be this much nearer than the second
_DARK = 40.0  # sum of the three channels below which nothing can be told


def face_labels(rgb: NDArray[np.uint8], item: Labelled) -> NDArray[np.int64]:
    """Returns the face each colour, (n, 3), belongs to, or UNKNOWN, (n,).

    Compares how the light is shared among the channels, and a little how much of it there is: a face in the shade
    keeps its shares, and white differs from the others by them.
    """
    colours = rgb.astype(float)
    distance = np.sqrt(((_shares(colours)[:, None] - _shares(item.colours)[None]) ** 2).sum(axis=-1))
    order = np.sort(distance, axis=1)
    label = np.argmin(distance, axis=1)
    sure = (order[:, 0] < _NEAR) & (order[:, 0] < _CLEARER * order[:, 1]) & (colours.sum(axis=1) > _DARK)
    return np.where(sure, label, UNKNOWN)


def _shares(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    total = colours.sum(axis=-1, keepdims=True)
    shares: NDArray[np.float64] = colours / np.maximum(total, 1.0)
    return shares
