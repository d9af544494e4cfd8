"""What the page reads from /diagnostics, where anybody may publish anything."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.viewer.figures import figures
from dexterity_ros.viewer.panels import Snapshot, joints_html, state_html

SHOWN = ("hand_node: motors", "hand_node: loop", "policy_node: loop", "goal_node: goals")


def pairs(**values):
    return [(key, json.dumps(value)) for key, value in values.items()]


def test_figures_of_the_systems_own_nodes_are_read():
    motor = {"motor": 3, "current_a": 0.25, "temperature_c": 40, "supply_v": None}
    assert figures("hand_node: motors", pairs(th_mcp=motor)) == {
        "motors": {"th_mcp": {"current_a": 0.25, "temperature_c": 40.0}}
    }
    assert figures("policy_node: loop", pairs(lateness_ms={"p99": 0.3}, cycles=4)) == {"late_p99_ms": 0.3}
    assert figures("hand_node: loop", pairs(observation_age_ms={})) == {"age_p99_ms": None}
    assert figures("goal_node: goals", pairs(reached=3, failed=1, consecutive=2)) == {
        "goals": {"reached": 3, "failed": 1, "consecutive": 2}
    }


def test_what_is_not_known_yet_is_left_out():
    assert figures("hand_node: motors", [("th_mcp", '{"current_a": NaN, "temperature_c": null}')]) == {
        "motors": {"th_mcp": {}}
    }


def test_a_status_of_another_node_changes_nothing_and_is_not_read():
    assert figures("other_robot: motors", [("x", "not JSON")]) == {}


@pytest.mark.parametrize(
    "text", ["abc", "", "[" * 4000, "1" * 4097, '"x"', "[1]", "1e999", "1" * 400, '{"p99": "late"}', '{"p99": []}']
)
def test_a_value_of_another_kind_is_named_and_not_shown(text):
    with pytest.raises(WireError) as caught:
        figures("policy_node: loop", [("lateness_ms", text)])
    assert "lateness_ms" in str(caught.value) and len(str(caught.value)) < 200


@given(st.sampled_from(SHOWN), st.lists(st.tuples(st.text(), st.text() | st.from_type(type(None)).map(json.dumps))))
@settings(deadline=None)
def test_nothing_but_a_wire_error_comes_of_any_text(status, foreign):
    try:
        figures(status, foreign)
    except WireError:
        pass


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["p99", "current_a"]), inner),
)
_keys = st.sampled_from(["lateness_ms", "observation_age_ms", "reached", "failed", "th_mcp", "\ud800"])


@given(st.sampled_from(SHOWN), st.dictionaries(_keys, _json))
@settings(deadline=None)
def test_what_is_read_can_be_drawn(leap, status, foreign):
    try:
        drawn = Snapshot(**figures(status, pairs(**foreign)))
    except WireError as error:
        assert str(error).encode() and len(str(error)) < 200
        return
    assert state_html(drawn) and joints_html(leap, drawn)
