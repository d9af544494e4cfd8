"""One choice of several, as an action: what a head with one joint and as many bins has."""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Singles


def to_action(choice: NDArray[np.int64], choices: int) -> Singles:
    """Returns choices as actions in [-1, 1], (N, 1)."""
    return (2.0 * choice / (choices - 1) - 1.0).astype(np.float32)[:, None]


def to_choice(action: Singles, choices: int) -> NDArray[np.int64]:
    """Returns actions as choices, (N,)."""
    return np.clip(np.rint((action[:, 0] + 1.0) * 0.5 * (choices - 1)), 0, choices - 1).astype(np.int64)
