"""A trial begins when the object was seen for a second, in the hand, and still."""

import numpy as np
import pytest

from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.trials.at_rest import AtRest

CENTRE = (0.1, 0.0, 0.05)


def seen(rest, seconds, *, rate_hz=15.0, from_s=0.0, off_m=0.0, m_s=0.0, rad_s=0.0):
    """Shows an object for a while; returns the time of the last pose in ns."""
    for step in range(round(seconds * rate_hz) + 1):
        now_s = from_s + step / rate_hz
        pos_m = np.array(CENTRE) + np.array([off_m + m_s * now_s, 0.0, 0.0])
        quat = rotvec_to_quat(np.array([0.0, 0.0, rad_s * now_s]))
        rest.see(PoseSample(stamp_ns=0, pos_m=pos_m, quat_wxyz=quat), round(now_s * 1e9))
    return round(now_s * 1e9)


@pytest.fixture
def rest():
    return AtRest(CENTRE, 0.09)


def test_an_object_that_lies_still_for_a_second_is_at_rest(rest):
    assert "not seen for" not in rest.why_not(0) and rest.why_not(0) == "the object is not seen"
    assert "for a second" in rest.why_not(seen(rest, 0.9))
    assert rest.why_not(seen(rest, 1.2)) == ""


def test_the_noise_of_the_eyes_is_no_motion(rest):
    rng = np.random.default_rng(0)
    for step in range(31):
        quat = rotvec_to_quat(rng.normal(0.0, 0.01, 3))
        pos_m = np.array(CENTRE) + rng.normal(0.0, 0.001, 3)
        rest.see(PoseSample(stamp_ns=0, pos_m=pos_m, quat_wxyz=quat), round(step / 15.0 * 1e9))
    assert rest.why_not(2_000_000_000) == ""


@pytest.mark.parametrize("motion", [{"m_s": 0.01}, {"rad_s": 0.3}])
def test_an_object_that_moves_or_turns_is_not(rest, motion):
    now = seen(rest, 2.0, **motion)
    assert rest.why_not(now).startswith("the object moves: ")
    assert rest.why_not(seen(rest, 1.2, from_s=2.1)) == ""


def test_an_object_outside_the_hand_is_not_and_it_is_said_where(rest):
    assert rest.why_not(seen(rest, 2.0, off_m=0.2)) == (
        "the object lies 20 cm from the grasp centre, expected at most 9 cm"
    )
    assert not rest.inside


def test_an_object_out_of_sight_is_not(rest):
    now = seen(rest, 2.0)
    assert rest.age_s(now + 500_000_000) == pytest.approx(0.5)
    assert rest.why_not(now + 500_000_000) == "the object is not seen"
    assert "without a break" in rest.why_not(seen(rest, 0.2, from_s=2.5))
