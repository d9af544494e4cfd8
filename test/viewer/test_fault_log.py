"""A fault is told once, with how often and how long; what only follows from another, or does not matter yet, is not."""

from dexterity_ros.viewer.fault_log import FaultLog

STALE = "hold: pose_stale: object_pose is 164 ms old"


def log_of(*heard):
    """A log that has heard (who, what, when)."""
    log = FaultLog()
    for who, state, now_s in heard:
        log.hear(who, state, now_s)
    return log


def test_a_fault_that_comes_again_is_one_line_with_its_times():
    log = log_of(
        ("supervisor", "armed", 0.0), ("supervisor", STALE, 1.0), ("supervisor", "armed", 1.5),
        ("supervisor", STALE, 4.0), ("supervisor", STALE, 5.0), ("supervisor", "armed", 6.0),
    )  # fmt: skip
    (line,) = log.lines(9.0)
    assert line.startswith("pose stale 2 times, 2.5 s in all, last 3 s ago: look at the camera")


def test_a_fault_that_is_there_is_told_as_such_and_goes_on_counting():
    log = log_of(("supervisor", "armed", 0.0), ("supervisor", STALE, 1.0))
    assert log.lines(3.0)[0].startswith("pose stale 2.0 s in all, now: ")
    assert log.lines(5.0)[0].startswith("pose stale 4.0 s in all, now: ")


def test_what_two_notice_at_once_is_one_and_what_follows_is_none():
    log = log_of(
        ("supervisor", STALE, 1.0), ("policy_state", "pose_stale: it came 184 ms ago", 1.1),
        ("hand_state", "holding: not_armed: no permit", 1.2), ("hand_state", "holding: target_stale: none", 1.3),
    )  # fmt: skip
    assert [line.split(" 0.")[0] for line in log.lines(1.4)] == ["pose stale"]


def test_before_the_hand_is_armed_nothing_holds_it():
    assert log_of(("supervisor", "ready", 0.0), ("policy_state", "goal_stale: no goal yet", 1.0)).lines(2.0) == ()


def test_what_is_there_comes_first_then_the_newest_and_old_news_is_forgotten():
    log = log_of(
        ("supervisor", "armed", 0.0), ("policy_state", "goal_stale: no goal", 1.0), ("policy_state", "acting", 2.0),
        ("hand_state", "holding: motor_hot: 3", 3.0), ("hand_state", "following", 4.0), ("supervisor", STALE, 5.0),
    )  # fmt: skip
    assert [line.split(" ")[0] for line in log.lines(6.0)] == ["pose", "motor", "goal"]
    assert [line.split(" ")[0] for line in log.lines(700.0)] == ["pose"]
