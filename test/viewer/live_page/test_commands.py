"""The buttons of the page: who commands, what is heard of it, and that nobody receives the token."""

import numpy as np
import pytest

from dexterity_ros.viewer.panels import Snapshot

pytestmark = pytest.mark.realtime


def test_only_the_holder_commands_and_nobody_receives_the_token(page, browser, hand, secret):
    one, other = browser(), browser()
    one.take_control(secret)
    for label, request in (
        ("1. prepare: preflight", "prepare"),
        ("2. arm", "arm"),
        ("disarm: let go gently", "disarm"),
    ):
        other.press(label)
        assert "not in control" in other.answer(request)
    assert hand.asked == []
    for label, request in (
        ("1. prepare: preflight", "prepare"),
        ("2. arm", "arm"),
        ("disarm: let go gently", "disarm"),
    ):
        one.press(label)
        one.answer(request)
    assert hand.asked == ["prepare", "arm", "disarm"]
    late = browser()
    for number, seen in enumerate((one, other, late), 1):
        seen.press("E-STOP: torque off")  # its answer comes after everything else that was to come
        assert f"off {number}" in seen.answer("E-STOP")
        assert secret.encode() not in seen.frames and secret not in repr(seen.heard)


def test_what_one_browser_enters_is_not_sent_to_another(browser):
    one, other = browser(), browser()
    assert one.listen(lambda: "token" in one.parts)
    one.update(one.parts["token"], "what I type")
    one.press("E-STOP: torque off")
    other.press("E-STOP: torque off")
    one.answer("E-STOP"), other.answer("E-STOP")
    assert b"what I type" not in one.frames + other.frames


def test_a_field_of_another_browser_cannot_be_changed(browser, hand, secret):
    one, other = browser(), browser()
    one.take_control(secret)
    assert one.listen(lambda: "2. arm" in one.parts)
    for uuid in one.parts.values():
        other.update(uuid, True)
    other.press("E-STOP: torque off")
    other.answer("E-STOP")
    assert hand.asked == ["stop"]


def test_the_page_says_who_is_in_control(draw, browser, secret):
    one, other = browser(), browser()
    one.take_control(secret)
    assert other.listen(lambda: "token" in other.parts)
    draw(Snapshot())
    assert one.listen(lambda: b"<b>this browser</b>" in one.frames)
    assert other.listen(lambda: b"<b>another browser</b>" in other.frames)


def test_who_disconnects_is_no_longer_in_control(page, browser, secret, hand):
    one = browser()
    one.take_control(secret)
    one.link.close()
    again = browser()
    again.press("1. prepare: preflight")
    assert "not in control" in again.answer("prepare")
    assert hand.asked == []


def test_the_right_token_in_a_second_browser_takes_the_right_from_the_first(browser, secret, hand):
    one, other = browser(), browser()
    one.take_control(secret)
    other.take_control(secret)
    one.press("disarm: let go gently")
    assert "not in control" in one.answer("disarm")
    assert hand.asked == []


def test_arming_takes_two_steps_and_the_first_shows_the_preflight(draw, browser, hand, secret):
    one = browser()
    one.take_control(secret)
    one.press("2. arm")
    assert "prepare first" in one.answer("arm")
    hand.reasons = "preflight: no joint_states; joint ff_mcp is at 3.000 rad"
    one.press("1. prepare: preflight")
    assert one.answer("prepare") == "preflight: no joint_states<br>joint ff_mcp is at 3.000 rad"
    one.press("2. arm")
    assert "prepare first" in one.answer("arm", 2)
    assert hand.asked == ["prepare"]
    hand.reasons = ""
    one.press("1. prepare: preflight")
    assert "ready" in one.answer("prepare", 2)
    draw(Snapshot())
    assert one.listen(lambda: b"the hand will move" in one.frames)
    one.press("2. arm")
    assert one.answer("arm", 3) == "armed"
    one.press("2. arm")
    assert "prepare first" in one.answer("arm", 4)
    assert hand.asked == ["prepare", "prepare", "arm"]


def test_the_stop_needs_no_token_and_says_what_answered(browser, hand):
    anybody = browser()
    anybody.press("E-STOP: torque off")
    assert anybody.answer("E-STOP") == "safety_node/estop: no service<br>hand_node/estop: off 1"
    assert hand.asked == ["stop"]


def test_a_stop_that_nothing_answers_says_to_cut_the_power(browser, hand, monkeypatch):
    monkeypatch.setattr(hand, "stop_everything", lambda: {"hand_node/estop": (False, "no service hand_node/estop")})
    anybody = browser()
    anybody.press("E-STOP: torque off")
    assert anybody.answer("E-STOP") == "no service hand_node/estop<br>nothing has stopped: cut the power"


def test_after_a_stop_of_anybody_arming_takes_both_steps_again(browser, secret, hand):
    one, other = browser(), browser()
    one.take_control(secret)
    one.press("1. prepare: preflight")
    assert "ready" in one.answer("prepare")
    other.press("E-STOP: torque off")
    other.answer("E-STOP")
    one.press("2. arm")
    assert "prepare first" in one.answer("arm")
    assert hand.asked == ["prepare", "stop"]


def test_a_stop_is_sent_while_another_browser_waits_for_the_answer_to_its_own(browser, hand):
    one, other = browser(), browser()
    hand.released.clear()
    for _ in range(20):
        one.press("E-STOP: torque off")
    other.press("E-STOP: torque off")
    assert other.listen(lambda: len(hand.asked) >= 2)
    hand.released.set()
    other.answer("E-STOP")


def test_a_page_without_a_secret_has_the_stop_and_no_other_button(open_page, browser):
    seen = browser(open_page())
    seen.press("E-STOP: torque off")
    seen.answer("E-STOP")
    assert not {"token", "take control", "1. prepare: preflight", "2. arm"} & set(seen.parts)


def test_a_joint_that_there_is_none_of_draws_nothing_and_ends_nothing(leap, draw, browser):
    one = browser()
    assert one.listen(lambda: "joint" in one.parts)
    one.update(one.parts["joint"], "no such joint")
    one.press("E-STOP: torque off")
    one.answer("E-STOP")
    for _ in range(3):
        draw(Snapshot(joints_rad=np.zeros(len(leap.joints))))


def test_a_mistake_in_drawing_is_not_kept_silent(page, draw):
    with pytest.raises(IndexError):
        draw(Snapshot(joints_rad=np.zeros(3)))
    with pytest.raises(IndexError):
        page.show(Snapshot())
