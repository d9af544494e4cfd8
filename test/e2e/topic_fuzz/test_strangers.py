"""Messages of others on every input of a running hand: no node dies, the gate keeps its limits, the fault is named."""

import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("mujoco")


from dexterity_ros import ros, wire

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.soak]


def _joints(hand, names=None, value=0.0):
    names = hand.joint_names if names is None else names
    message = ros.message_class("joint_targets")()
    now = time.time_ns()
    position = np.resize(np.array(hand.home_pos_rad) + value, len(names))
    message = wire.fill_joint_state(message, names, now, position, np.zeros(len(names)))
    message.header.frame_id = "v2/abc/def/1/1"
    return message


def _text(key, text):
    return lambda hand: ros.message_class(key)(data=text)


FOREIGN = {
    "joint_targets": _joints,
    "joint_states": _joints,
    "supervisor": _text("supervisor", "armed | v2/abc/def/1/0"),
    "policy_reset": _text("policy_reset", "v2/abc/def/1/77"),
    "hand_state": _text("hand_state", "stopped: by a stranger"),
    "policy_state": _text("policy_state", "acting"),
}


@pytest.mark.parametrize("key", FOREIGN)
def test_a_strangers_messages_change_nothing_and_are_named(system, key, bad_for_a_while, back, stranger):
    assert system.following(5.0) is not None, system.said()
    other = stranger("stranger")
    message = FOREIGN[key](system.hand)
    assert bad_for_a_while(lambda: other.publish(key, message), "foreign_owner"), system.said()
    back()


@pytest.mark.parametrize("key", ["joint_targets", "supervisor", "policy_reset"])
def test_a_second_process_of_the_same_system_is_refused_while_the_first_one_speaks(
    system, key, bad_for_a_while, back, stranger
):
    assert system.following(5.0) is not None, system.said()
    double = stranger("double")
    ros.publisher(double.node, "members")  # says that it belongs to the system
    message = FOREIGN[key](system.hand)
    assert bad_for_a_while(lambda: double.publish(key, message), "two_owners"), system.said()
    back()


def test_a_flood_of_foreign_resets_blocks_nothing_for_longer_than_it_lasts(system, bad_for_a_while, back, stranger):
    assert system.following(5.0) is not None, system.said()
    flood = stranger("flood")
    message = FOREIGN["policy_reset"](system.hand)

    def thousand_a_second():
        for _ in range(20):
            flood.publish("policy_reset", message)

    bad_for_a_while(thousand_a_second, "foreign_owner")
    back()


@pytest.mark.parametrize("key", ["joint_targets", "leader"])
def test_a_million_names_do_not_stop_the_gates_output(system, key, stranger):
    assert system.following(5.0) is not None, system.said()
    huge = stranger("huge")
    message = _joints(system.hand, names=[f"j{i}" for i in range(10**6)])
    huge.publish(key, _joints(system.hand))
    system.operator.spin(0.5)
    system.gaps_s.clear()
    huge.publish(key, message)
    system.operator.spin(2.0)
    assert max(system.gaps_s) < 0.3
    assert system.following(5.0) is not None, system.said()


@pytest.mark.parametrize("text", ["abc", "", "-1", "v2/a/b/c/d", "9" * 5000])
def test_words_on_the_reset_topic_end_no_node(system, text, stranger):
    words = stranger("words")
    words.publish("policy_reset", _text("policy_reset", text)(system.hand))
    system.operator.spin(0.3)
    assert system.following(5.0) is not None, system.said()


@pytest.mark.parametrize("spoil", ["swapped", "not a number", "a stranger's joints"])
def test_a_leader_who_sends_what_no_hand_can_do_is_named(system, spoil, bad_for_a_while, back, stranger):
    assert system.following(5.0) is not None, system.said()
    names = list(system.hand.joint_names)
    message = {
        "swapped": lambda: _joints(system.hand, names=[*names[:-1], "extra"]),
        "not a number": lambda: _joints(system.hand, value=float("nan")),
        "a stranger's joints": lambda: _joints(system.hand, names=[f"panda_{i}" for i in range(7)]),
    }[spoil]()
    leader = stranger("leader")
    assert bad_for_a_while(lambda: leader.publish("leader", message), "target_invalid"), system.said()
    back()


def test_foreign_diagnostics_keep_nobody_from_arming(system, stranger):
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

    other = stranger("diagnostics")
    values = [KeyValue(key="temperature", value="39 C"), KeyValue(key="lateness_ms", value="[1, {"), KeyValue()]
    status = [DiagnosticStatus(name=name, values=values) for name in ("imu: driver", "policy_node: loop", "")]
    other.publish("diagnostics", DiagnosticArray(status=status))
    system.operator.spin(0.3)
    system.operator.call("safety_node/disarm")
    system.operator.wait_for("limp", lambda: system.operator.hand_state == "limp", 5.0, system.alive)
    system.operator.arm(system.alive)
    assert system.following(20.0) is not None, system.said()
