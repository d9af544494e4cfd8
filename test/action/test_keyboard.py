"""Keys lead a hand as a gamepad does; silence, and a person who has gone, let go."""

import numpy as np
import pytest

from dexterity_ros.action.gamepad import Gamepad, GamepadLayout, Synergies
from dexterity_ros.action.keyboard import LEAD_S, KeyboardPad
from dexterity_ros.contracts import config
from dexterity_ros.contracts.resources import data_root

STEP_S = 0.05


class Led:
    """A hand that stands at home, led from a keyboard."""

    def __init__(self, leap):
        settings = config.read_mapping(data_root() / "config/nodes/leader_node.yaml")
        layout = config.from_mapping(GamepadLayout, settings["leader_node"]["ros__parameters"], where="leader_node")
        synergies = config.load_named(Synergies, "config/synergies", "leap")
        self.pad, self.gamepad = KeyboardPad(layout), Gamepad(leap, layout, synergies)
        self.home, self.names = np.array(leap.home_pos_rad), leap.joint_names
        self.now_ns, self.wanted = 10**9, None

    def press(self, keys="", seconds=0.0):
        """Presses keys one after the other, then none for a while. Returns by how much joints are moved, or None."""
        for key in [*keys, *[""] * round(seconds / STEP_S)]:
            self.now_ns += round(STEP_S * 1e9)
            self.wanted = self.gamepad.step(self.pad.step(key, self.now_ns), self.home, self.now_ns)
        return None if self.wanted is None else self.wanted - self.home


@pytest.fixture
def led(leap):
    one = Led(leap)
    one.press(seconds=0.1)
    return one


def test_nothing_is_led_before_a_key(led):
    assert led.press(seconds=1.0) is None and led.press("x7\x1b", seconds=0.2) is None


def test_a_key_moves_the_joint_for_a_moment_and_the_hand_is_held_there(led):
    moved = led.press("w", seconds=1.0)
    assert 0.05 < moved[0] < 0.2 and np.abs(moved[1:]).max() == 0.0
    np.testing.assert_array_equal(led.press(seconds=1.0), moved)


def test_a_key_that_is_held_moves_it_on(led):
    once, held = led.press("w", seconds=0.5)[0], led.press("w" * 10, seconds=0.5)[0]
    assert held > once + 0.3


def test_another_joint_is_chosen_by_each_press(led):
    led.press("dda", seconds=0.5)
    assert led.gamepad.joint == led.names[1]
    led.press("dd")
    led.press(seconds=0.5)
    assert led.gamepad.joint == led.names[3]


def test_the_hand_closes_opens_and_spreads(led, leap):
    closed, opened = led.press("cccc", seconds=0.5).copy(), led.press("oooooo", seconds=0.5)
    finger = leap.joint_names.index("if_mcp")
    assert closed[finger] > 0.05 > opened[finger]
    before = led.press(seconds=0.1).copy()
    assert np.abs(led.press(",,,", seconds=0.5) - before).max() > 0.02


@pytest.mark.parametrize("keys, seconds", [(" ", 0.0), ("", LEAD_S)])
def test_the_space_bar_and_a_long_silence_let_go(led, keys, seconds):
    assert led.press("w", seconds=0.5) is not None
    assert led.press(keys, seconds) is None
