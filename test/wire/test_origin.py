"""Who sent a message: read back exactly, older bags too, and refused in one short line otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dexterity_ros import wire
from dexterity_ros.contracts.errors import WireError

SENDER = wire.Origin(system="7f3a9c21", instance="5b2e0011", count=1234, number=5)


def test_a_sender_comes_back_from_its_text():
    assert wire.origin(str(SENDER)) == SENDER


def test_targets_and_resets_of_older_bags_are_bare_numbers():
    assert wire.origin("7") == wire.Origin(system="", instance="", count=0, number=7)


@pytest.mark.parametrize("text", ["abc", "", "-1", "v2/a/b/c/1", "v2/a/b/1", "v3/a/b/1/1", "9" * 6000, "x" * 10**6])
def test_what_is_no_sender_is_refused_in_a_short_line(text):
    with pytest.raises(WireError, match="does not say who sent it") as caught:
        wire.origin(text)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=80))
def test_no_text_does_worse_than_a_wire_error(text):
    try:
        wire.origin(text)
        wire.heartbeat(text)
    except WireError:
        pass
    assert isinstance(wire.state_text(text), str)


@pytest.mark.parametrize("verdict", ["armed", "hold: pose_stale: object_pose is 200 ms old | limit 150 ms"])
def test_a_heartbeat_says_the_verdict_and_who_says_it(verdict):
    text = wire.heartbeat_text(verdict, SENDER)
    assert wire.heartbeat(text) == (verdict, SENDER)
    assert wire.state_text(text) == verdict


def test_a_heartbeat_of_an_older_bag_has_no_sender():
    assert wire.heartbeat("armed") == ("armed", None)
    assert wire.state_text("hold: a | b") == "hold: a | b"
