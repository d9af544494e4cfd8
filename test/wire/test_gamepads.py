"""Joy messages."""

from types import SimpleNamespace

import numpy as np
import pytest

from dexterity_ros import wire
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import GamepadSample


def joy(axes, buttons=(0, 1)):
    stamp = SimpleNamespace(sec=2, nanosec=3)
    return SimpleNamespace(header=SimpleNamespace(stamp=stamp), axes=axes, buttons=buttons)


def test_sticks_and_buttons_are_read():
    sample = wire.gamepad_sample(joy([0.5, -1.0, 1.0], [0, 1, 7]))
    assert sample.stamp_ns == 2_000_000_003
    np.testing.assert_array_equal(sample.axes, [0.5, -1.0, 1.0])
    np.testing.assert_array_equal(sample.pressed, [False, True, True])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.1, 1e9])
def test_an_axis_that_no_stick_has_is_refused_and_named(bad):
    with pytest.raises(WireError, match="axis 1 is .*expected -1 to 1"):
        wire.gamepad_sample(joy([0.0, bad]))


def test_what_is_written_is_read():
    sample = GamepadSample(stamp_ns=2_000_000_003, axes=np.array([0.5, -1.0]), pressed=np.array([False, True]))
    read = wire.gamepad_sample(wire.fill_gamepad(joy([]), sample))
    assert read.stamp_ns == sample.stamp_ns
    np.testing.assert_array_equal(read.axes, sample.axes)
    np.testing.assert_array_equal(read.pressed, sample.pressed)
