"""/diagnostics is everybody's: nothing that anybody puts there breaks who reads it."""

import json
import math

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from hypothesis import given
from hypothesis import strategies as st

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.ros.diagnostics import counts, number, numbers, readings, values
from dexterity_ros.systems.goal_events import goal_event

pytestmark = pytest.mark.ros


def status(name="hand_node: loop", **texts):
    return DiagnosticStatus(name=name, values=[KeyValue(key=key, value=text) for key, text in texts.items()])


def test_what_our_nodes_write_is_read_back():
    written = {"faults": {"pose_stale": 3}, "lateness_ms": {"p50": 0.1, "max": 2}, "overruns": 4, "realtime": True}
    read = values(status(**{key: json.dumps(value) for key, value in written.items()}))
    assert read == written
    assert counts(read, "faults") == {"pose_stale": 3} and numbers(read, "lateness_ms") == {"p50": 0.1, "max": 2}
    assert number(read, "overruns") == 4 and number(read, "realtime") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42.0 C", None),
        ("", None),
        ("{'single': 1}", None),
        ("[" * 15_000, None),
        ("9" * 10_000, None),
        ("1" * 30_000, None),
        ('"' + "x" * 30_000 + '"', None),
        ("NaN", None),
        ("-Infinity", None),
        ("1e999", None),
        ('{"p50": NaN}', {"p50": None}),
    ],
)
def test_foreign_values_are_left_out_or_none(text, expected):
    assert values(status(faults=text, overruns="3")).get("faults") == expected
    assert values(status(faults=text, overruns="3"))["overruns"] == 3


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_no_value_breaks_a_reader(text):
    read = values(status(faults=text, lateness_ms=text, overruns=text))
    assert all(isinstance(count, int) for count in counts(read, "faults").values())
    assert all(not math.isnan(value) for value in numbers(read, "lateness_ms").values())
    number(read, "overruns")


def test_only_statuses_that_were_asked_for_are_kept():
    array = DiagnosticArray(status=[status(f"somebody's {i}", a="1") for i in range(50)] + [status(a="2")])
    assert readings(array, ("hand_node: loop", "policy_node: loop")) == {"hand_node: loop": {"a": 2}}


ISSUED = {
    "event": "issued",
    "index": 0,
    "stamp_ns": 5,
    "time_s": 0.0,
    "angle_rad": 1.0,
    "goal_quat_wxyz": [1, 0, 0, 0],
    "trial": 0,
}


def test_a_goal_event_is_read_as_goal_node_wrote_it():
    assert goal_event(json.dumps(ISSUED))["goal_quat_wxyz"] == [1.0, 0.0, 0.0, 0.0]


def test_the_rotation_of_a_captured_goal_is_not_known():
    assert "goal_quat_wxyz" not in goal_event(json.dumps(ISSUED | {"goal_quat_wxyz": None}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "won"},
        {"index": None},
        {"stamp_ns": "now"},
        {"goal_quat_wxyz": [1, 0, 0]},
        {"goal_quat_wxyz": [float("nan"), 0, 0, 0]},
        {"goal_quat_wxyz": "up"},
        {"time_s": float("inf")},
        {"angle_rad": "far"},
    ],
)
def test_a_foreign_goal_event_is_refused(wrong):
    with pytest.raises(WireError, match="goal_event"):
        goal_event(json.dumps(ISSUED | wrong))


@given(st.text())
def test_no_text_on_goal_event_breaks_its_reader(text):
    with pytest.raises(WireError):
        goal_event(text)
