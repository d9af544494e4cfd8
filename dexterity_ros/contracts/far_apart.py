"""Which of many points stand for all of them."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats


def far_apart(points_m: Floats, count: int) -> list[int]:
    """Returns which points to take so that each is the one farthest from those before.

    Source: Eldar et al. 1997, The farthest point strategy for progressive image sampling.
    """
    chosen = [int(np.argmax((points_m**2).sum(axis=1)))]
    square = np.full(len(points_m), np.inf)
    while len(chosen) < count:
        square = np.minimum(square, ((points_m - points_m[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(square)))
    return chosen
