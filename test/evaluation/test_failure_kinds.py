"""A late goal or a drop is sorted by what the hand and the object did."""

import numpy as np
import pytest

from dexterity_ros.evaluation.failure_kinds import DROP_KINDS, LATE_KINDS, History, drop_kind, late_kinds, period_s

STEPS = 1600  # 80 s at 20 Hz
SUCCESS_RAD = 0.4


def history(error, *, joints=None, off_centre_m=0.01):
    error = np.broadcast_to(np.asarray(error, dtype=float), (STEPS,))
    rng = np.random.default_rng(0)
    moving = rng.uniform(-0.3, 0.3, size=(STEPS, 16)) if joints is None else joints
    return History(period_s=0.05, error_rad=error, joint_pos_rad=moving, off_centre_m=np.full(STEPS, off_centre_m))


def still():
    return np.zeros((STEPS, 16))


def swinging(period, middle=1.5):
    return middle + 0.3 * np.sin(2.0 * np.pi * np.arange(STEPS) * 0.05 / period)


def wandering():
    return np.linspace(2.5, 0.7, STEPS)


def test_an_error_that_came_within_a_tenth_of_success_is_a_near_miss():
    error = np.full(STEPS, 1.5)
    error[300] = 0.45
    assert late_kinds(history(error), SUCCESS_RAD)[0] == "near_miss"
    error[300] = 0.55
    assert "near_miss" not in late_kinds(history(error), SUCCESS_RAD)


@pytest.mark.parametrize("period", [0.3, 2.0, 6.0])
def test_a_cycle_is_found_with_its_period(period):
    swing = history(swinging(period))
    assert late_kinds(swing, SUCCESS_RAD)[0] == "cycle"
    assert period_s(swing) == pytest.approx(period, abs=0.1)


def test_what_repeats_nothing_has_no_period():
    assert period_s(history(1.0 + 0.2 * np.random.default_rng(0).normal(size=STEPS))) is None
    assert period_s(history(1.0)) is None


def test_an_object_off_the_palm_is_wedged_whatever_the_error():
    assert late_kinds(history(0.45, off_centre_m=0.06), SUCCESS_RAD)[0] == "wedged"


def test_an_error_near_pi_is_a_flip():
    assert late_kinds(history(3.0), SUCCESS_RAD)[0] == "flip"


def test_a_hand_that_does_not_move_is_frozen_one_that_turns_nothing_stalled_and_the_rest_wander():
    assert late_kinds(history(1.5, joints=still()), SUCCESS_RAD)[0] == "frozen"
    assert late_kinds(history(1.5), SUCCESS_RAD) == ["stalled"]
    assert late_kinds(history(wandering()), SUCCESS_RAD) == ["wandering"]


def test_drops_are_sorted_by_the_last_second():
    slow = np.linspace(0.0, 20.0, STEPS)[:, None] * np.ones(16)  # 0.25 rad/s
    fast = slow.copy()
    fast[-5:, 3] += 0.4
    assert drop_kind(history(1.0, joints=still()), [4, 4, 4]) == "still"
    assert drop_kind(history(1.0, joints=slow), [4, 1, 0]) == "let_go"
    assert drop_kind(history(1.0, joints=fast), [4, 3, 2]) == "flicked"
    assert drop_kind(history(1.0, joints=slow), [4, 3, 2]) == "carried_away"


def test_every_kind_has_a_meaning_in_words():
    assert all(text for text in (*LATE_KINDS.values(), *DROP_KINDS.values()))
