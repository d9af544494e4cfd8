"""Joy messages."""

from typing import Any

import numpy as np

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import GamepadSample
from dexterity_ros.wire.header import fill_stamp, stamp_ns

_ROUNDED = 1e-3  # of an axis that is pushed as far as it goes


def gamepad_sample(message: Any) -> GamepadSample:
    """Returns sticks and buttons. Raises WireError for an axis that is not in -1 to 1."""
    axes = np.array(message.axes, dtype=np.float64)
    outside = ~(np.abs(axes) <= 1.0 + _ROUNDED)
    if outside.any():
        i = int(np.flatnonzero(outside)[0])
        raise WireError(f"axis {i} is {axes[i]}, expected -1 to 1")
    return GamepadSample(stamp_ns=stamp_ns(message.header), axes=axes, pressed=np.array(message.buttons, dtype=bool))


def fill_gamepad(message: Any, sample: GamepadSample) -> Any:
    """Returns the message, filled with sticks and buttons."""
    fill_stamp(message.header, sample.stamp_ns)
    message.axes, message.buttons = sample.axes.tolist(), [int(one) for one in sample.pressed]
    return message
