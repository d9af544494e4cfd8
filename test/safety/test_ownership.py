"""One publisher per topic that moves or permits, and it is one of ours."""

import pytest

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.safety.faults import REACTIONS, Reaction
from dexterity_ros.safety.ownership import TAKEOVER_S, TOLD_S, Owners

S = 1_000_000_000
OURS, SECOND, THEIRS, UNKNOWN = b"our process.0001", b"our second..0001", b"their procs.0001", b"a stranger..0001"


@pytest.fixture
def owners():
    made = Owners("abc", ())
    made.introduce(OURS, "abc")
    made.introduce(SECOND, "abc")
    made.introduce(THEIRS, "xyz")
    return made


@pytest.mark.parametrize("key", sorted(key for key, topic in TOPICS.items() if topic.owner == "system"))
def test_what_moves_or_permits_comes_from_our_system_alone(owners, key):
    assert owners.check(key, OURS, 0) is None
    foreign, stranger = owners.check(key, THEIRS, 1), owners.check(key, UNKNOWN, 1)
    assert foreign.code is stranger.code is FaultCode.FOREIGN_OWNER
    assert "from system xyz, this one is abc" in foreign.detail and f"brings:={key}" in stranger.detail
    assert REACTIONS[foreign.code] is Reaction.HOLD
    assert owners.check(key, OURS, 2) is None


def test_all_publishers_of_one_process_belong_to_its_system(owners):
    assert owners.check("goal", OURS[:12] + b"9999", 0) is None


def test_a_second_publisher_is_refused_while_the_first_one_speaks(owners):
    assert owners.check("joint_targets", OURS, 0) is None
    second = owners.check("joint_targets", SECOND, 1)
    assert second.code is FaultCode.TWO_OWNERS and "joint_targets" in second.detail
    assert owners.check("joint_targets", OURS, 2) is None


def test_a_publisher_that_fell_silent_is_succeeded_within_a_second(owners):
    owners.check("joint_targets", OURS, 0)
    after = round(TAKEOVER_S * S)
    assert after < S
    assert owners.check("joint_targets", SECOND, after) is not None
    assert owners.check("joint_targets", SECOND, after + 1) is None
    assert owners.check("joint_targets", OURS, after + 2).code is FaultCode.TWO_OWNERS


def test_a_process_that_speaks_on_another_topic_keeps_those_on_which_it_is_seldom_heard(owners):
    owners.check("policy_reset", OURS, 0)
    owners.check("joint_states", OURS, 10 * S)
    assert owners.check("policy_reset", SECOND, 10 * S + 1).code is FaultCode.TWO_OWNERS


def test_what_people_bring_is_taken_from_anybody_but_one_at_a_time():
    owners = Owners("abc", ["object_pose"])
    assert owners.check("object_pose", UNKNOWN, 0) is None
    assert owners.check("object_pose", THEIRS, 1).code is FaultCode.TWO_OWNERS


def test_an_operator_leads_only_where_that_is_declared(owners):
    assert owners.check("leader", OURS, 0).code is FaultCode.FOREIGN_OWNER
    assert Owners("abc", ["leader"]).check("leader", UNKNOWN, 0) is None


def test_a_camera_may_be_anybodys_but_there_is_one(owners):
    assert owners.check("depth", UNKNOWN, 0) is None
    assert owners.check("depth", THEIRS, 1).code is FaultCode.TWO_OWNERS


def test_topics_that_only_tell_are_not_checked(owners):
    assert owners.check("diagnostics", UNKNOWN, 0) is None
    assert owners.check("diagnostics", THEIRS, 0) is None


def test_a_refused_message_is_a_fault_for_a_moment_and_then_over(owners):
    owners.check("goal", UNKNOWN, 0)
    owners.check("supervisor", THEIRS, 0)
    told = round(TOLD_S * S)
    assert {fault.code for fault in owners.faults(told)} == {FaultCode.FOREIGN_OWNER} and len(owners.faults(told)) == 2
    assert owners.faults(told + 1) == ()


def test_a_node_of_our_own_system_leads_where_that_is_declared_and_nobody_else():
    owners = Owners("abc", (), ["leader"])
    owners.introduce(OURS, "abc")
    owners.introduce(THEIRS, "xyz")
    assert owners.check("leader", OURS, 0) is None
    assert owners.check("leader", UNKNOWN, 1).code is FaultCode.FOREIGN_OWNER
    assert "from system xyz, this one is abc" in owners.check("leader", THEIRS, 1).detail
    assert owners.check("goal", UNKNOWN, 1).code is FaultCode.FOREIGN_OWNER


def test_a_leader_of_our_own_that_falls_silent_is_not_succeeded_by_a_stranger():
    owners = Owners("abc", (), ["leader"])
    owners.introduce(OURS, "abc")
    owners.check("leader", OURS, 0)
    assert owners.check("leader", UNKNOWN, 10 * S).code is FaultCode.FOREIGN_OWNER
