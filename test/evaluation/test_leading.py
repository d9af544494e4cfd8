"""Delay and tracking of a hand that follows another."""

import numpy as np
import pytest

from dexterity_ros.evaluation.leading import Leading

NAMES = ("a", "b", "still")


def wave(t):
    return np.array([0.3 * np.sin(1.5 * t), 0.2 * np.cos(2.0 * t), 0.4])


def led(*pieces, delay_s=0.06, off_rad=0.0):
    """What is collected of pieces (begin_s, end_s) in which the follower does what the leader did delay_s before."""
    leading = Leading(NAMES)
    for begin_s, end_s in pieces:
        for k in range(round((end_s - begin_s) * 100)):
            t = begin_s + k * 0.01
            stamp = round(t * 1e9)
            if k % 2 == 0:
                leading.lead(stamp, wave(t))
            leading.follow(stamp, wave(t - delay_s) + off_rad)
        leading.pause()
    return leading.figures()


@pytest.mark.parametrize("delay_s", [0.02, 0.06, 0.15])
def test_the_delay_of_a_follower_is_found(delay_s):
    figures = led((0.0, 12.0), delay_s=delay_s)
    assert figures["delay_ms"]["p50"] == pytest.approx(delay_s * 1e3, abs=4.0)
    assert figures["delay_ms"]["p99"] == pytest.approx(delay_s * 1e3, abs=8.0)
    assert figures["joints"]["a"]["delay_ms"] == pytest.approx(delay_s * 1e3, abs=4.0)


def test_a_joint_that_does_not_move_says_nothing_about_the_delay():
    joint = led((0.0, 7.0))["joints"]["still"]
    assert joint == {"moved_rad": 0.0, "rms_rad": 0.0, "delay_ms": None}


def test_an_offset_is_in_the_rms_and_not_in_the_delay():
    figures = led((0.0, 12.0), off_rad=0.1)
    assert figures["delay_ms"]["p50"] == pytest.approx(60.0, abs=4.0)
    assert figures["joints"]["still"]["rms_rad"] == pytest.approx(0.1, abs=1e-4)


def test_catching_up_is_not_counted_after_any_pause():
    assert led((0.0, 11.5), (20.0, 26.5), (30.0, 35.5))["seconds"] == 10.0 + 5.0


def test_what_happens_in_a_pause_is_not_counted():
    assert led((0.0, 7.0), (100.0, 107.0))["rms_rad"] < 0.05


def test_nobody_who_led_gives_no_figures():
    empty = {"seconds": 0.0, "delay_ms": {}, "held_back": None, "rms_rad": None, "joints": {}}
    assert Leading(NAMES).figures() == led((0.0, 0.5)) == empty


def test_a_leader_of_whom_little_was_heard_gives_no_figures():
    leading = Leading(NAMES)
    for k in range(500):
        leading.follow(k * 10**7, wave(k * 0.01))
    for stamp in (0, 4 * 10**9):
        leading.lead(stamp, wave(0.0))
    assert leading.figures()["seconds"] == 0.0


def test_a_joint_that_something_holds_counts_as_held_back_and_in_the_rms_but_not_as_late():
    leading, held = Leading(NAMES), np.array([1.0, 0.0, 1.0])
    for k in range(1200):
        leading.lead(k * 10**7, wave(k * 0.01))
        leading.follow(k * 10**7, held * wave(k * 0.01 - 0.06))
    figures = leading.figures()
    assert figures["held_back"] == 0.5
    assert figures["joints"]["b"]["delay_ms"] is None and figures["joints"]["b"]["rms_rad"] > 0.1
    assert figures["delay_ms"]["p99"] == pytest.approx(60.0, abs=4.0)
