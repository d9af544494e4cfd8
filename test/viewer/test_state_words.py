"""States are told in words that a person acts on; what matters most of the three comes first."""

import pytest

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.viewer.state_words import advice, said, tone


@pytest.mark.parametrize(
    ("states", "told", "how"),
    [
        (("", "", ""), "Nothing is heard: is the system started?", "idle"),
        (("disarmed", "limp", "acting"), "Torque is off. Prepare, then arm, to let the hand move.", "idle"),
        (("ready", "limp", "acting"), "Everything is in order. Arm it within 15 s", "idle"),
        (("armed", "following", "acting"), "All is well: the hand may move.", "good"),
        (("armed", "holding: waiting for the first target", ""), "No policy is heard", "wait"),
        (
            ("armed", "holding: target_stale: no target", "goal_stale: it came 2 s ago"),
            "No goal stands: disarm",
            "wait",
        ),
        (("armed", "following", "pose_lost: a finger hides it"), "The hand waits: a finger hides it. Look at", "wait"),
        (
            ("hold: pose_stale: 164 ms old", "holding: not_armed: no", ""),
            "Holds still: 164 ms old. Look at the",
            "wait",
        ),
        (
            ("stopped: hand_node letting_go: x", "stopped: motor_hot: motor 3: 70 C", "acting"),
            "Stopped: motor 3: 70 C. Look at the motor that is named: let it cool. Disarm, then arm, to go on.",
            "bad",
        ),
        (("stopped: emergency stop", "limp", "acting"), "Stopped: emergency stop. Disarm, then arm", "bad"),
        (("disarmed", "letting_go: disarmed", "acting"), "Torque is being switched off: disarmed.", "wait"),
        (
            ("stopped: hand_node letting_go: x", "letting_go: motor_hot: motor 3: 70 C", "acting"),
            "Torque is being switched off: motor 3: 70 C. Look at the motor that is named",
            "bad",
        ),
        (
            ("stopped: x", "letting_go: emergency stop; CUT THE POWER: motor 3 (if_dip) does not answer", "acting"),
            "CUT THE POWER: motor 3 (if_dip) does not answer. Its torque was to go off: emergency stop.",
            "bad",
        ),
    ],
)
def test_the_first_line_says_what_to_do(states, told, how):
    text, found = advice(*states)
    assert text.startswith(told) and found == how


@pytest.mark.parametrize("why", ["disarmed", "motor_hot: motor 3: 70 C", "x; CUT THE POWER: motor 3 does not answer"])
def test_nobody_is_told_to_go_on_while_torque_is_still_going_off(why):
    assert "arm" not in advice("stopped: x", f"letting_go: {why}", "acting")[0].replace("disarmed", "")


def test_a_state_is_a_few_words_with_its_fault_by_name():
    assert said("hold: pose_stale: object_pose is 164 ms old") == "waits: pose stale" and tone("hold: x") == "wait"
    assert said("stopped: motor_hot: motor 3: 70 C") == "stopped: motor hot" and tone("stopped: x") == "bad"
    assert said("stopped: emergency stop") == "stopped: emergency stop"
    assert said("letting_go: motor_hot: motor 3: 70 C") == "switching torque off"
    assert said("letting_go: x; CUT THE POWER: motor 3 does not answer") == "cut the power"
    assert said("") == "silent" and said("acting: recovering") == "acting: recovering"
    assert all(said(f"hold: {code}: x") == f"waits: {str(code).replace('_', ' ')}" for code in FaultCode)
