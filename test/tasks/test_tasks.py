"""Goals are what the task says, success needs time below the threshold, trials end when they should."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_to_rotvec, rotation_between
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.goal_keeper import GoalKeeper
from dexterity_ros.tasks.goals import next_goal, sample_goals
from dexterity_ros.tasks.sight import Moment, goal_error_rad
from dexterity_ros.tasks.spec import TaskSpec

PERIOD_NS = 50_000_000


@pytest.fixture(params=["yaw", "so3"])
def task(request) -> TaskSpec:
    return replace(config.load(TaskSpec, named_resource("config/tasks", request.param)), goal_rad=(0.8, 1.2))


def identity(n):
    return np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))


def test_goals_are_as_far_away_as_asked(task):
    objects = identity(2000)
    error = goal_error_rad(objects, sample_goals(task, objects, np.random.default_rng(0)))
    assert error.min() >= 0.8 - 1e-9 and error.max() <= 1.2 + 1e-9


def test_yaw_turns_about_the_vertical_either_way(task):
    objects = identity(500)
    turn = quat_to_rotvec(rotation_between(objects, sample_goals(task, objects, np.random.default_rng(0))))
    vertical = np.abs(turn[:, 2]) / np.linalg.norm(turn, axis=1)
    if task.kind == "yaw":
        assert np.allclose(vertical, 1.0) and 0.4 < (turn[:, 2] > 0).mean() < 0.6
    else:
        assert 0.4 < vertical.mean() < 0.6


def test_haar_draws_all_rotations_alike():
    task = config.load(TaskSpec, named_resource("config/tasks", "so3"))
    objects = identity(20000)
    angle = goal_error_rad(objects, sample_goals(task, objects, np.random.default_rng(0)))
    # E[angle] of a uniform rotation is pi/2 + 2/pi.
    assert abs(angle.mean() - (np.pi / 2 + 2 / np.pi)) < 0.02


def test_the_same_seed_trial_and_index_give_the_same_goal(task):
    first = next_goal(task, identity(1)[0], seed=1, trial=2, index=3)
    np.testing.assert_array_equal(first, next_goal(task, identity(1)[0], seed=1, trial=2, index=3))
    assert not np.allclose(first, next_goal(task, identity(1)[0], seed=1, trial=2, index=4))


def test_a_goal_outside_limits_is_refused(task):
    with pytest.raises(ConfigError, match=r"goal_rad(\[1\])? is"):
        replace(task, goal_rad=(0.5, 4.0))
    with pytest.raises(ConfigError, match=r"goal_rad(\[1\])? is"):
        replace(task, goal_rad=(1.0, 0.5))


def test_a_position_that_is_no_number_counts_as_dropped(task):
    positions = np.array([[0.0, 0.0, 0.0], [np.nan, 0.0, 0.0], [0.2, 0.0, 0.0]])
    _, verdict = new_episode(task, (0.0, 0.0, 0.0), 3, period_s=0.05).step(
        Moment(now_ns=np.zeros(3, np.int64), pos_m=positions, quat_wxyz=identity(3), goal_quat_wxyz=identity(3))
    )
    np.testing.assert_array_equal(verdict.dropped, [False, True, True])


def pose(quat, pos=(0.0, 0.0, 0.0), *, period=0):
    return PoseSample(stamp_ns=period * PERIOD_NS, pos_m=np.array(pos), quat_wxyz=np.array(quat))


def keeper(task):
    return GoalKeeper(task, (0.0, 0.0, 0.0), seed=0)


def test_a_goal_needs_three_steps_in_a_row_and_the_next_follows_at_once(task):
    goals = keeper(task)
    start = pose([1.0, 0.0, 0.0, 0.0])
    assert goals.start_trial(start, 0).event == "issued"
    there = [pose(goals.goal, period=k) for k in range(7)]
    assert goals.step(there[1], PERIOD_NS) == [] and goals.step(there[2], 2 * PERIOD_NS) == []
    assert goals.step(start, 3 * PERIOD_NS) == []
    assert goals.step(there[4], 4 * PERIOD_NS) == [] and goals.step(there[5], 5 * PERIOD_NS) == []
    done, issued = goals.step(there[6], 6 * PERIOD_NS)
    assert (done.event, issued.event, issued.index) == ("reached", "issued", 1)
    assert abs(done.time_s - 0.3) < 1e-9 and goals.consecutive == 1


def test_an_object_that_is_seen_there_once_has_not_been_held_however_long_nobody_looks_again(task):
    goals = keeper(task)
    goals.start_trial(pose([1.0, 0.0, 0.0, 0.0]), 0)
    once = pose(goals.goal, period=1)
    assert [goals.step(once, k * PERIOD_NS) for k in range(1, 9)] == [[]] * 8


def test_too_late_is_a_failure_and_ends_the_trial(task):
    goals = keeper(task)
    goals.start_trial(pose([1.0, 0.0, 0.0, 0.0]), 0)
    (event,) = goals.step(pose([1.0, 0.0, 0.0, 0.0]), round(task.goal_timeout_s * 1e9))
    assert event.event == "timeout" and goals.goal is None and goals.failed == 1
    assert goals.step(pose([1.0, 0.0, 0.0, 0.0]), round(9e9)) == []


def test_an_object_that_is_not_seen_runs_out_of_time_and_is_not_held(task):
    goals = keeper(task)
    goals.start_trial(pose([1.0, 0.0, 0.0, 0.0]), 0)
    for k, seen in enumerate([True, True, False, True, True], start=1):
        assert goals.step(pose(goals.goal, period=k) if seen else None, k * PERIOD_NS) == []
    (event,) = goals.step(None, round(task.goal_timeout_s * 1e9))
    assert event.event == "timeout" and goals.goal is None and goals.failed == 1


def test_a_goal_that_waits_for_a_person_grows_no_older_and_what_was_near_must_be_so_anew(task):
    goals = keeper(task)
    goals.start_trial(pose([1.0, 0.0, 0.0, 0.0]), 0)
    assert goals.step(pose(goals.goal, period=1), PERIOD_NS) == []
    waited = 1000 * PERIOD_NS
    for k in range(2, 1002):
        goals.wait(k * PERIOD_NS)
    assert goals.step(pose(goals.goal, period=1002), 1002 * PERIOD_NS) == []
    limit_ns = round(task.goal_timeout_s * 1e9)
    assert goals.step(None, limit_ns + waited - PERIOD_NS) == []
    (event,) = goals.step(None, limit_ns + waited)
    assert event.event == "timeout" and event.time_s == pytest.approx(task.goal_timeout_s)


def test_a_drop_is_a_failure(task):
    goals = keeper(task)
    goals.start_trial(pose([1.0, 0.0, 0.0, 0.0]), 0)
    (event,) = goals.step(pose([1.0, 0.0, 0.0, 0.0], (0.0, 0.0, -0.2)), PERIOD_NS)
    assert event.event == "dropped"


def test_a_policy_calls_its_goal_reached_but_not_one_that_it_has_not_seen_yet(task):
    goals = GoalKeeper(task, (0.0, 0.0, 0.0), seed=0, by_policy=True)
    far = pose([1.0, 0.0, 0.0, 0.0])
    goals.start_trial(far, 0)
    assert goals.step(pose(goals.goal), 10 * PERIOD_NS, sure=0.4) == []  # the pose does not count, and 0.4 is no call
    assert goals.step(far, 1 * PERIOD_NS, sure=0.9) == []
    events = [event for k in range(3, 9) for event in goals.step(far, k * PERIOD_NS, sure=0.9)]
    assert [event.event for event in events] == ["reached", "issued"]
