"""A zero from two stops is where both lie nearest to the hand's file, and says when it cannot be so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dexterity_ros.bringup.stop_fit import STOP_PLAY_RAD, Touches, fit_zero
from dexterity_ros.contracts.hand import JointSpec

MCP = JointSpec(name="mcp", lower_rad=-0.314, upper_rad=2.23)
ROT = JointSpec(name="rot", lower_rad=-1.047, upper_rad=1.047)
angle = st.floats(-0.3, 0.3)
play = st.floats(-STOP_PLAY_RAD, STOP_PLAY_RAD)


def touched(joint, sign, zero_off_rad, lower_off=0.0, upper_off=0.0):
    """What is measured with the sign that is known: joint angle plus sign times the zero's distance from pi."""
    shift = sign * zero_off_rad
    low, high = joint.lower_rad + lower_off + shift, joint.upper_rad + upper_off + shift
    return Touches(lower=(low, low), upper=(high, high), from_below=0.0, from_above=0.01)


@given(zero=angle, sign=st.sampled_from([-1.0, 1.0]))
def test_exact_stops_give_the_exact_zero(zero, sign):
    fit = fit_zero(MCP, sign, touched(MCP, sign, zero))
    assert fit.zero.nominal == pytest.approx(np.pi + zero, abs=2e-5)


@given(zero=angle, lower=play, upper=play)
def test_the_zero_is_off_by_no_more_than_the_stops(zero, lower, upper):
    fit = fit_zero(MCP, 1.0, touched(MCP, 1.0, zero, lower, upper))
    assert abs(fit.zero.nominal - np.pi - zero) <= STOP_PLAY_RAD + 2e-5


def test_the_interval_holds_the_truth_in_95_percent_of_hands():
    rng, inside = np.random.default_rng(0), []
    for _ in range(4000):
        lower, upper = rng.uniform(-STOP_PLAY_RAD, STOP_PLAY_RAD, 2)
        fit = fit_zero(MCP, 1.0, touched(MCP, 1.0, 0.1, lower, upper))
        inside.append(fit.zero.low <= np.pi + 0.1 <= fit.zero.high)
    assert 0.94 < np.mean(inside) < 0.98


def test_a_joint_that_meets_something_before_its_stop_is_called_blocked():
    assert fit_zero(MCP, 1.0, touched(MCP, 1.0, 0.0, upper_off=-0.3)).blocked
    assert not fit_zero(MCP, 1.0, touched(MCP, 1.0, 0.0, upper_off=-STOP_PLAY_RAD, lower_off=STOP_PLAY_RAD)).blocked


def test_a_slipped_horn_is_found_and_said():
    fit = fit_zero(MCP, 1.0, touched(MCP, 1.0, np.deg2rad(22.5)))
    assert fit.slipped and fit.zero.nominal == pytest.approx(np.pi + np.deg2rad(22.5), abs=1e-4)


def test_stops_contradict_a_wrong_sign_where_the_range_is_one_sided():
    motor_low, motor_high = MCP.lower_rad + 0.05, MCP.upper_rad + 0.05
    seen_wrongly = Touches(
        lower=(-motor_high, -motor_high), upper=(-motor_low, -motor_low), from_below=0.0, from_above=0.0
    )
    assert fit_zero(MCP, -1.0, seen_wrongly).contrary
    assert not fit_zero(MCP, 1.0, touched(MCP, 1.0, 0.05)).contrary


def test_stops_cannot_see_the_sign_of_a_joint_with_equal_sides():
    seen_wrongly = Touches(lower=(-1.1, -1.1), upper=(0.994, 0.994), from_below=0.0, from_above=0.0)
    assert not fit_zero(ROT, -1.0, seen_wrongly).contrary


def test_touches_of_one_stop_in_two_places_are_called_blocked():
    assert fit_zero(MCP, 1.0, Touches(lower=(-0.314, 0.5), upper=(2.23, 2.23), from_below=0.0, from_above=0.0)).blocked
