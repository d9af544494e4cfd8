"""Sticks move joints while the dead-man button is held, and nothing moves otherwise."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dexterity_ros.action.gamepad import Gamepad, GamepadLayout, Synergies
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError, FaultCode
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.samples import GamepadSample
from dexterity_ros.observation.fingertips import Fingertips

MS = 1_000_000
STEP_S = 0.02
SHIPPED = config.read_mapping(data_root() / "config/nodes/leader_node.yaml")["leader_node"]["ros__parameters"]
LAYOUT = config.from_mapping(GamepadLayout, SHIPPED, where="leader_node")
HELD, BACK, ON = LAYOUT.buttons
JOINT, CLOSING, SIDEWAYS = LAYOUT.axes


def pad(*pressed, **axes):
    """A gamepad with these buttons down; axes by name: joint, closing, sideways."""
    values = np.zeros(6)
    for name, value in axes.items():
        values[getattr(LAYOUT, f"{name}_axis")] = value
    return GamepadSample(stamp_ns=0, axes=values, pressed=np.isin(np.arange(21), pressed))


class Driver:
    """Steps a gamepad every 20 ms; the hand stands at home whatever is wanted."""

    def __init__(self, hand, synergies=None):
        self.gamepad, self.home, self.now_ns = Gamepad(hand, LAYOUT, synergies), np.array(hand.home_pos_rad), 0

    def step(self, sample, measured=None):
        self.now_ns += round(STEP_S * 1e9)
        return self.gamepad.step(sample, self.home if measured is None else measured, self.now_ns)

    def hold(self, sample, seconds):
        for _ in range(round(seconds / STEP_S)):
            wanted = self.step(sample)
        return wanted


@pytest.fixture
def driver(leap):
    driver = Driver(leap, config.load_named(Synergies, "config/synergies", "leap"))
    driver.step(pad())
    return driver


def test_nothing_is_wanted_while_the_deadman_button_is_not_held(driver):
    assert driver.step(pad(joint=1.0, closing=-1.0)) is None
    assert driver.step(pad(HELD, joint=1.0)) is not None
    assert driver.step(pad(joint=1.0)) is None


def test_the_hand_stays_where_it_stands_when_the_button_goes_down(driver, leap):
    stands = driver.home + 0.2
    np.testing.assert_allclose(driver.step(pad(HELD, joint=1.0), stands), stands)
    driver.step(pad())
    np.testing.assert_allclose(driver.step(pad(HELD), driver.home), driver.home)


def test_a_stick_moves_the_chosen_joint_alone_as_fast_as_the_layout_says(driver):
    driver.step(pad(HELD))
    moved = driver.hold(pad(HELD, joint=0.5), 1.0) - driver.home
    assert moved[0] == pytest.approx(0.5 * LAYOUT.speed_rad_s, abs=1e-9)
    assert not moved[1:].any()


def test_buttons_choose_the_joint_once_a_press_and_go_round(driver, leap):
    names = leap.joint_names
    assert driver.gamepad.joint == names[0]
    driver.hold(pad(ON), 0.5)
    assert driver.gamepad.joint == names[1]
    for _ in range(2):
        driver.step(pad())
        driver.step(pad(BACK))
    assert driver.gamepad.joint == names[-1]


def test_a_button_that_was_down_at_first_chooses_nothing(leap):
    driver = Driver(leap)
    driver.step(pad(ON))
    assert driver.gamepad.joint == leap.joint_names[0]


def test_limits_are_never_passed_and_left_at_once(driver, leap):
    driver.step(pad(HELD))
    np.testing.assert_array_equal(driver.hold(pad(HELD, joint=1.0), 10.0)[0], leap.upper_rad[0])
    assert driver.step(pad(HELD, joint=-1.0))[0] < leap.upper_rad[0]


@given(st.lists(st.tuples(st.booleans(), *[st.floats(-1.0, 1.0)] * 3, st.integers(0, 10**10)), max_size=30))
def test_no_stick_and_no_pause_makes_it_want_what_the_hand_cannot_do(steps):
    hand = load_hand("leap")
    gamepad, now_ns = Gamepad(hand, LAYOUT, config.load_named(Synergies, "config/synergies", "leap")), 0
    before = None
    for held, joint, closing, sideways, passed_ns in steps:
        now_ns += passed_ns
        sample = pad(*([HELD] if held else []), joint=joint, closing=closing, sideways=sideways)
        wanted = gamepad.step(sample, np.array(hand.home_pos_rad), now_ns)
        assert (wanted is not None) == held
        if wanted is not None and before is not None:
            assert np.abs(wanted - before).max() <= LAYOUT.speed_rad_s * 0.1 + 1e-9
            assert (wanted >= hand.lower_rad).all() and (wanted <= hand.upper_rad).all()
        before = wanted


@pytest.mark.parametrize("name", sorted(path.stem for path in (data_root() / "config/synergies").glob("*.yaml")))
def test_closing_brings_every_fingertip_nearer_to_the_grasp_and_opening_takes_it_away(name):
    hand = load_hand(name)
    driver = Driver(hand, config.load_named(Synergies, "config/synergies", name))
    tips = Fingertips(hand, load_shape(hand))

    def distances(closing):
        driver.step(pad(HELD))
        wanted = driver.hold(pad(HELD, closing=closing), 0.3)
        driver.step(pad())
        return {site: np.linalg.norm(at - np.array(hand.grasp_centre_m)) for site, at in tips.at(wanted).items()}

    opened, still, closed = (distances(closing) for closing in (1.0, 0.0, -1.0))
    assert all(opened[site] > still[site] + 0.003 and closed[site] < still[site] - 0.003 for site in still)


def test_sideways_takes_the_outer_fingers_apart(driver, leap):
    tips = Fingertips(leap, load_shape(leap))
    driver.step(pad(HELD))
    apart = tips.at(driver.hold(pad(HELD, sideways=1.0), 0.3))
    home = tips.at(driver.home)
    assert np.linalg.norm(apart["if_tip"] - apart["rf_tip"]) > np.linalg.norm(home["if_tip"] - home["rf_tip"]) + 0.01


def test_a_hand_without_synergies_moves_single_joints_alone(leap):
    driver = Driver(leap)
    driver.step(pad())
    driver.step(pad(HELD))
    np.testing.assert_array_equal(driver.hold(pad(HELD, closing=-1.0, sideways=1.0), 0.5), driver.home)


@pytest.mark.parametrize(
    ("axes", "buttons", "said"), [(6, 5, "no button 14, it has 5"), (2, 21, "no axis 3, it has 2")]
)
def test_a_gamepad_with_too_little_on_it_is_named_and_counts_as_released(driver, axes, buttons, said):
    driver.step(pad(HELD))
    fault = driver.step(GamepadSample(stamp_ns=0, axes=np.zeros(axes), pressed=np.ones(buttons, dtype=bool)))
    assert fault.code is FaultCode.MESSAGE_REFUSED and said in fault.detail
    elsewhere = driver.home + 0.1
    np.testing.assert_array_equal(driver.step(pad(HELD), elsewhere), elsewhere)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"next_button": HELD}, "one button is for two things"),
        ({"closing_axis": JOINT}, "one axis is for two things"),
        ({"speed_rad_s": 30.0}, "speed_rad_s is 30.0, expected 0.01 to 3"),
        ({"joint_axis": -1}, "joint_axis is -1, expected 0 to 63"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(change, said):
    with pytest.raises(ConfigError, match=said):
        dataclasses.replace(LAYOUT, **change)


def test_synergies_of_another_hand_are_refused(leap):
    with pytest.raises(ConfigError, match=r"name the joints \['FFJ11'\]; leap has \['if_mcp'"):
        Gamepad(leap, LAYOUT, Synergies(closing={"FFJ11": 1.0}, sideways={}))
