"""What nodes said is told once, by fault, with what only follows left out; causes come before consequences."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("mcap")

from dexterity_ros.contracts.errors import BagError, FaultCode
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.finding import KINDS, Finding, first_cause_first
from dexterity_ros.replay.goal_record import recorded_goals
from dexterity_ros.replay.held import spans
from dexterity_ros.replay.intervals import inside, merged, total_s
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.troubles import troubles
from dexterity_ros.safety.fault_words import LOOK_AT, fault_code, fault_detail

SHORT_RUN = Path(__file__).parents[1] / "data/short_run"
S = 1_000_000_000


@pytest.fixture
def run():
    return RunRecord(Bag(SHORT_RUN))


def told(run, who, *states):
    """Puts what one part said into a run: (seconds since it began, text)."""
    run.__dict__["states"] = run.states | {who: [(run.bag.start_ns + round(at * S), text) for at, text in states]}
    return troubles(run)


def with_events(run, change, most=None):
    """Lets a run have other goal events: change takes each one's text."""
    values = run.bag.values
    events = [(message, SimpleNamespace(data=change(value.data))) for message, value in values("goal_event")][:most]
    run.bag.values = lambda name: iter(events) if name == "goal_event" else values(name)


def stale_camera(at):
    return [(at, "hold: pose_stale: object_pose is 400 ms old"), (at + 0.5, "armed")]


def test_a_sound_run_has_no_trouble(run):
    assert troubles(run) == []


def test_a_fault_is_told_once_with_how_often_and_how_long(run):
    (finding,) = told(run, "supervisor", (1.0, "armed"), *stale_camera(2.0), *stale_camera(4.0), *stale_camera(6.0))
    assert finding.says == "pose stale 3 times, 1.5 s in all, last at 6.0 s: object_pose is 400 ms old"
    assert (finding.kind, finding.at_s) == ("fault", pytest.approx(2.0))
    assert finding.look_at == LOOK_AT[FaultCode.POSE_STALE]


def test_a_fault_that_two_notice_at_once_counts_once(run):
    told(run, "policy", (0.0, "acting"), (2.1, "pose_stale: object_pose is 160 ms old"), (2.4, "acting"))
    (finding,) = told(run, "supervisor", (1.0, "armed"), *stale_camera(2.0))
    assert finding.says.startswith("pose stale at 2.0 s, for 0.5 s")


def test_a_warning_of_a_policy_that_acts_on_has_held_nothing_and_a_hold_is_told(run):
    seen = "joint_pos of th_axl by 0.2 of its range, in 100 % of the last 2 s"
    assert told(run, "policy", (1.0, "acting"), (2.0, f"acting: outside_training: {seen}"), (6.0, "acting")) == []
    (finding,) = told(run, "policy", (1.0, "acting"), (2.0, f"held_outside_training: {seen}"), (6.0, "acting"))
    assert finding.says.endswith(seen) and finding.look_at.startswith("the joint or number that is named")


def test_what_held_an_unarmed_hand_is_no_trouble(run):
    states = (0.0, "ready"), (5.0, "armed")
    told(run, "policy", (0.0, "pose_stale: no object_pose yet"), (5.0, "acting"))
    assert told(run, "supervisor", *states) == []


def test_a_policy_without_a_goal_is_told_only_where_one_was_wanted(run):
    stale = (7.0, "goal_stale: the newest goal came 90 ms ago")
    (finding,) = told(run, "policy", (0.0, "acting"), stale)
    assert finding.says.startswith("goals stopped coming while one was wanted; goal stale at 7.0 s")
    with_events(run, lambda text: text.replace("reached", "dropped"), most=2)
    assert [found.kind for found in troubles(run)] == ["dropped"]


def test_a_hand_without_targets_is_told_only_where_its_policy_said_nothing(run):
    silent = (3.0, "holding: target_stale: no target"), (5.0, "following")
    (finding,) = told(run, "hand", (1.0, "following"), *silent)
    assert finding.says.startswith("target stale at 3.0 s, for 2.0 s")
    told(run, "policy", (0.0, "acting"), (2.9, "pose_lost: no object"), (5.1, "acting"))
    assert [found.says.partition(" at ")[0] for found in troubles(run)] == ["pose lost"]


def test_a_stop_is_told_in_the_words_of_who_knows_why(run):
    told(run, "supervisor", (1.0, "armed"), (4.0, "stopped: hand_node letting_go: motor_reset: motor 3 (if_dip) fell"))
    findings = told(run, "hand", (1.0, "following"), (3.99, "letting_go: motor_reset: motor 3 (if_dip) fell; x"))
    first = first_cause_first(findings)[0]
    assert first.kind == "stop" and first.says == (
        "the hand was stopped at 4.0 s: motor 3 (if_dip) fell; x (motor reset)"
    )


def test_an_ordinary_end_is_no_stop(run):
    assert told(run, "hand", (1.0, "following"), (8.0, "letting_go: disarmed"), (8.1, "limp")) == []


def test_a_person_who_stops_is_told_as_such(run):
    findings = told(run, "supervisor", (1.0, "armed"), (4.0, "stopped: emergency stop"))
    assert [(f.kind, f.says) for f in findings] == [("stop", "the hand was stopped at 4.0 s: emergency stop")]


def test_a_limit_that_holds_targets_back_names_the_joint_and_the_parameter(run):
    values = run.gated.values.copy()
    values[:, 2] = values[0, 2]
    run.__dict__["gated"] = replace(run.gated, values=values)
    run.__dict__["started"] = {"hand_node": {"max_velocity_rad_s": 0.4}}
    (finding,) = troubles(run)
    assert finding.kind == "limit" and finding.joints == (run.hand.joint_names[2],)
    assert "max_velocity_rad_s is 0.4" in finding.says and run.hand.joint_names[2] in finding.says


def test_causes_come_before_what_follows_and_the_earliest_first():
    told = [finding.kind for finding in first_cause_first(Finding(kind=kind, says="") for kind in reversed(KINDS))]
    assert sorted(told) == sorted(KINDS)
    first = ("damage", "frame", "stop", "fault", "swap", "limit", "dropped", "drops")
    assert [kind for kind in told if kind in first] == list(first)
    two = [Finding(kind="fault", says="b", at_s=2.0), Finding(kind="fault", says="a", at_s=1.0)]
    assert [finding.says for finding in first_cause_first(two)] == ["a", "b"]


def test_goals_are_read_with_how_they_ended_and_what_is_none_is_refused(run):
    goals = recorded_goals(run)
    assert [goal.ended for goal in goals] == ["reached", "reached", "reached", ""]
    assert goals[0].angle_rad == pytest.approx(0.905, abs=1e-3) and goals[0].time_s == pytest.approx(4.85, abs=1e-3)
    with_events(run, lambda _: json.dumps({"event": "issued", "goal_quat_wxyz": [1.0, "x"]}))
    with pytest.raises(BagError, match="goal_event holds what is none: ValueError"):
        recorded_goals(run)


def test_states_that_differ_in_numbers_only_are_one_span():
    states = [(0, "ready"), (S, "hold: pose_stale: 150 ms"), (2 * S, "hold: pose_stale: 170 ms"), (3 * S, "armed")]
    assert spans(states, 5 * S) == [
        (0, S, "ready"),
        (S, 3 * S, "hold: pose_stale: 150 ms"),
        (3 * S, 5 * S, "armed"),
    ]
    assert spans([], S) == []


def test_intervals_are_joined_and_cut():
    assert merged([(5, 6), (0, 2), (1, 3), (3, 3)]) == [(0, 3), (5, 6)]
    assert merged([(0, 2), (4, 5)], gap_ns=2) == [(0, 5)]
    assert inside([(0, 10)], [(2, 3), (5, 20)]) == [(2, 3), (5, 10)]
    assert total_s([(0, S), (2 * S, 3 * S)]) == 2.0


def test_every_fault_has_words_and_is_found_in_what_is_said():
    assert LOOK_AT.keys() == set(FaultCode) and all(LOOK_AT.values())
    text = "stopped: hand_node letting_go: motor_hot: motor 3: 70 C"
    assert fault_code(text) is FaultCode.MOTOR_HOT and fault_detail(text) == "motor 3: 70 C"
    assert fault_code("acting: recovering") is None and fault_detail("emergency stop") == "emergency stop"


def test_an_object_that_never_turns_is_a_policy_that_got_stuck(run):
    first = recorded_goals(run)[0]
    values = run.pose.values.copy()
    values[:, 3:] = values[0, 3:]
    run.__dict__["pose"] = replace(run.pose, values=values)
    with_events(run, lambda text: text.replace("reached", "timeout"), most=2)
    (finding,) = troubles(run)
    assert finding.kind == "stuck" and "hardly turned" in finding.says and "joints moved" in finding.says
    assert finding.at_s == pytest.approx((first.end_ns - run.bag.start_ns) * 1e-9)
    assert np.isfinite(finding.at_s)
