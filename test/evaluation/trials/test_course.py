"""A trial ends where its protocol says, asks about an object out of sight, and knows who ended it."""

import pytest

from dexterity_ros.evaluation.trials.course import TrialCourse
from dexterity_ros.evaluation.trials.sheet import Outcome


class Trial:
    """A course with a clock."""

    def __init__(self, plan):
        self.now_s = 0.0
        self.course = TrialCourse(plan, 0)

    def wait(self, seconds, *, seen_s=0.0, supervisor="armed"):
        """Lets time pass; returns whether the person was asked."""
        self.now_s += seconds
        return self.course.step(supervisor, seen_s, round(self.now_s * 1e9))

    def event(self, event, time_s=0.0):
        self.course.event({"event": event, "time_s": time_s, "index": 0}, round(self.now_s * 1e9))

    @property
    def outcome(self):
        return None if self.course.ended is None else self.course.ended.outcome


@pytest.fixture
def trial(make_plan):
    trial = Trial(make_plan(goals=2))
    trial.wait(3.0)
    trial.event("issued")
    return trial


def test_all_goals_end_a_trial(trial):
    trial.event("reached", 4.0)
    trial.event("issued")
    assert trial.outcome is None and trial.course.reached == 1
    trial.event("reached", 5.0)
    ended = trial.course.ended
    assert (ended.outcome, ended.goal_times_s, ended.lasted_s) == (Outcome.ALL_GOALS, (4.0, 5.0), 9.0)
    trial.event("dropped", 1.0)
    assert trial.course.ended is ended


@pytest.mark.parametrize(("event", "outcome"), [("timeout", Outcome.TIME_OUT), ("dropped", Outcome.DROPPED)])
def test_a_missed_goal_ends_a_trial(trial, event, outcome):
    trial.event("reached", 4.0)
    trial.event(event, 7.0)
    ended = trial.course.ended
    assert (ended.outcome, ended.by, ended.attempted, ended.lasted_s) == (outcome, "camera", 2, 11.0)


def test_a_stop_ends_a_trial_with_its_reason(trial):
    trial.wait(1.0, supervisor="stopped: motor_hot: 71 C (hand: stopped: x)")
    ended = trial.course.ended
    assert (ended.outcome, ended.by, ended.detail) == (
        Outcome.STOPPED,
        "robot",
        "motor_hot: 71 C (hand: stopped: x)",
    )
    assert ended.counts and ended.attempted == 1


@pytest.mark.parametrize("state", ["disarmed", "ready"])
def test_a_hand_that_somebody_disarmed_ends_a_trial_that_is_done_again(trial, state):
    trial.wait(1.0, supervisor=state)
    assert trial.outcome is Outcome.DISARMED and not trial.course.ended.counts


def test_a_hold_ends_nothing(trial):
    trial.wait(60.0, supervisor="hold: pose_lost")
    assert trial.outcome is None


def test_the_person_is_asked_once_for_every_time_that_the_object_is_lost(trial):
    assert not trial.wait(1.0, seen_s=2.9)
    assert [trial.wait(0.1, seen_s=3.1), trial.wait(0.1, seen_s=3.2)] == [True, False]
    trial.course.told(dropped=False)
    assert trial.outcome is None and not trial.wait(5.0, seen_s=8.0)
    assert not trial.wait(1.0, seen_s=0.1) and trial.wait(5.0, seen_s=3.1)
    trial.course.told(dropped=True)
    assert (trial.outcome, trial.course.ended.by) == (Outcome.DROPPED, "person")


def test_an_object_that_fell_is_dropped_also_when_its_time_ran_out_while_the_person_looked(trial):
    assert trial.wait(4.0, seen_s=3.1)
    trial.event("timeout", 80.0)
    trial.course.told(dropped=True)
    assert trial.outcome is Outcome.DROPPED


def test_an_object_that_is_only_hidden_may_still_run_out_of_time(trial):
    assert trial.wait(4.0, seen_s=3.1)
    trial.event("timeout", 80.0)
    trial.course.told(dropped=False)
    assert (trial.outcome, trial.course.ended.by) == (Outcome.TIME_OUT, "camera")


def test_the_time_in_which_the_person_was_asked_counts_nowhere(make_plan):
    trial = Trial(make_plan(episode_s=30.0))
    trial.event("issued")
    assert trial.wait(10.0, seen_s=3.1)
    trial.course.stood_still(round(10.0 * 1e9), round(1000.0 * 1e9))
    trial.now_s = 1000.0
    trial.wait(19.9)
    assert trial.outcome is None
    trial.wait(0.1)
    assert trial.outcome is Outcome.TIME_UP and trial.course.ended.lasted_s == pytest.approx(30.0)


def test_nobody_is_asked_before_the_first_goal_or_after_the_end(make_plan):
    trial = Trial(make_plan())
    assert not trial.wait(5.0, seen_s=5.0)
    trial.event("issued")
    trial.event("timeout", 80.0)
    assert not trial.wait(5.0, seen_s=5.0)


def test_a_hand_that_never_begins_is_a_fault(make_plan):
    trial = Trial(make_plan())
    trial.wait(29.0)
    assert trial.outcome is None
    trial.wait(2.0, supervisor="hold: goal_stale")
    assert trial.outcome is Outcome.FAULT and "hold: goal_stale" in trial.course.ended.detail


def test_a_silent_goal_node_is_a_fault(trial):
    trial.wait(89.0)
    assert trial.outcome is None
    trial.wait(2.0)
    assert trial.outcome is Outcome.FAULT and "goal_node" in trial.course.ended.detail


def test_a_protocol_with_a_time_of_its_own_ends_without_a_missed_goal(make_plan):
    trial = Trial(make_plan(episode_s=30.0))
    trial.event("issued")
    trial.event("reached", 10.0)
    trial.wait(30.0)
    ended = trial.course.ended
    assert (ended.outcome, ended.attempted, ended.lasted_s) == (Outcome.TIME_UP, 1, pytest.approx(30.0))
