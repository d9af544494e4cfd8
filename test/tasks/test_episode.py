"""One bookkeeping of goals: the same whoever calls it, however many goals, in steps or on samples at any time."""

from dataclasses import replace
from typing import get_args, get_type_hints

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.sight import Moment
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.tasks.table import TASKS

PERIOD_NS = 50_000_000
NEAR, FAR = 0.1, 1.0  # rad from the goal; success is 0.4


@pytest.fixture(scope="module")
def task():
    return config.load(TaskSpec, named_resource("config/tasks", "so3"))


def test_every_kind_that_a_task_file_may_name_has_its_parts():
    assert set(get_args(get_type_hints(TaskSpec)["kind"])) == set(TASKS)


def moment(step, error_rad, pos_m=(0.0, 0.0, 0.0), **more):
    """Objects that are so far from goals without a turn, `step` control steps after the first (a number or each)."""
    error = np.atleast_1d(np.asarray(error_rad, dtype=float))
    quat = rotvec_to_quat(error[:, None] * np.array([[0.0, 0.0, 1.0]]))
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (len(error), 1))
    return Moment(
        now_ns=np.broadcast_to(np.asarray(step) * PERIOD_NS, error.shape).astype(np.int64),
        pos_m=np.broadcast_to(np.asarray(pos_m, dtype=float), (len(error), 3)), quat_wxyz=quat,
        goal_quat_wxyz=upright, **more,
    )  # fmt: skip


def begun(task, count=1, **more):
    episode = new_episode(task, (0.0, 0.0, 0.0), count, period_s=0.05, **more)
    return episode.given(np.ones(count, dtype=bool), moment(0, [FAR] * count))


def verdicts(episode, errors, **more):
    """Verdicts of one goal, step after step."""
    said = []
    for step, error in enumerate(errors, start=1):
        episode, verdict = episode.step(moment(step, error, **more))
        said.append(verdict)
    return said


def test_a_goal_is_reached_after_hold_steps_in_a_row_and_not_by_as_many_with_a_break(task):
    assert [v.reached[0] for v in verdicts(begun(task), [NEAR, NEAR, NEAR])] == [False, False, True]
    assert not any(v.reached[0] for v in verdicts(begun(task), [NEAR, NEAR, FAR, NEAR, NEAR]))
    at_once = replace(task, hold_steps=1)
    assert verdicts(begun(at_once), [NEAR])[0].reached[0]


def test_a_goal_is_late_in_the_step_in_which_its_time_is_over_and_not_before(task):
    short = replace(task, goal_timeout_s=0.2)
    assert [v.late[0] for v in verdicts(begun(short), [FAR] * 5)] == [False, False, False, True, True]


def test_reached_in_the_last_step_is_reached_and_dropped_beats_both(task):
    short = replace(task, goal_timeout_s=0.15)
    last = verdicts(begun(short), [NEAR] * 3)[-1]
    assert last.reached[0] and not last.late[0] and last.timed_out[0] and last.over[0]
    fell = verdicts(begun(short), [NEAR] * 3, pos_m=(0.0, 0.0, -0.2))[-1]
    assert fell.dropped[0] and not fell.reached[0] and not fell.late[0]


@pytest.mark.parametrize(("distance_m", "dropped"), [(0.0899, False), (0.0901, True), (np.nan, True)])
def test_an_object_is_dropped_beyond_the_tasks_distance_or_nowhere(task, distance_m, dropped):
    (verdict,) = verdicts(begun(task), [FAR], pos_m=(distance_m, 0.0, 0.0))
    assert verdict.dropped[0] == dropped


def test_where_the_pose_is_not_known_nothing_is_held_nothing_is_dropped_and_time_goes_on(task):
    episode = begun(replace(task, goal_timeout_s=0.3))
    unseen = {"known": np.array([False]), "pos_m": (9.0, 9.0, 9.0)}
    for step in (1, 2):
        episode, _ = episode.step(moment(step, NEAR))
    episode, verdict = episode.step(moment(3, NEAR, **unseen))
    assert not verdict.dropped[0] and not verdict.reached[0]
    for step in (4, 5):
        episode, verdict = episode.step(moment(step, NEAR))
    assert not verdict.reached[0]
    _, verdict = episode.step(moment(6, NEAR, **unseen))
    assert verdict.late[0]


def test_who_calls_a_goal_reached_is_believed_whatever_the_pose_says(task):
    assert verdicts(begun(task), [FAR] * 3, called=np.array([True]))[-1].reached[0]
    assert not verdicts(begun(task), [NEAR] * 3, called=np.array([False]))[-1].reached[0]


def test_many_goals_together_go_as_each_alone(task):
    rng = np.random.default_rng(0)
    errors = rng.choice([NEAR, FAR], p=[0.7, 0.3], size=(40, 6))
    places = rng.choice([0.0, 0.2], p=[0.97, 0.03], size=(40, 6))
    together, alone = begun(task, 6), [begun(task) for _ in range(6)]
    reached = 0
    for step, (error, place) in enumerate(zip(errors, places, strict=True), start=1):
        pos = np.stack([place, 0 * place, 0 * place], axis=-1)
        together, all_said = together.step(moment(step, error, pos))
        for k in range(6):
            alone[k], said = alone[k].step(moment(step, error[k], pos[k]))
            for name in ("there", "dropped", "timed_out", "error_rad", "progress_rad", "off_centre"):
                np.testing.assert_array_equal(getattr(all_said, name)[k], getattr(said, name)[0])
        reached += int(all_said.reached.sum())
    assert reached > 20


def test_a_step_changes_nothing_that_was_there_before(task):
    episode = begun(task, 2)
    goals = {name: value.copy() for name, value in vars(episode.goals).items()}
    after, _ = episode.step(moment(1, [NEAR, FAR]))
    after.given(np.array([True, False]), moment(1, [NEAR, FAR]), np.array([7]))
    for name, value in goals.items():
        np.testing.assert_array_equal(getattr(episode.goals, name), value)


def test_a_new_goal_begins_anew_and_leaves_the_others_alone(task):
    episode = begun(task, 2)
    for step in (1, 2):
        episode, _ = episode.step(moment(step, [NEAR, NEAR]))
    limit_ns = np.array([3 * PERIOD_NS])
    episode = episode.given(np.array([True, False]), moment(2, [FAR, NEAR]), limit_ns)
    assert episode.goals.first_rad.tolist() == pytest.approx([FAR, FAR])
    assert episode.goals.least_rad.tolist() == pytest.approx([FAR, NEAR])
    episode, verdict = episode.step(moment(3, [NEAR, NEAR]))
    assert verdict.reached.tolist() == [False, True]
    assert verdict.progress_rad.tolist() == pytest.approx([FAR - NEAR, 0.0])
    sight = episode.look(moment(3, [NEAR, NEAR]))
    assert sight.age_steps.tolist() == [1, 3] and sight.held_steps.tolist() == [1, 3]
    for step in (4, 5):
        episode, verdict = episode.step(moment(step, [FAR, NEAR]))
    assert verdict.late.tolist() == [True, False]


def test_samples_may_come_a_little_early_where_the_clock_is_real(task):
    early = [0.0, 0.97, 1.96]  # in control periods
    for slack_s, expected in ((0.0, False), (0.025, True)):
        episode = begun(task, slack_s=slack_s)
        for step in early:
            episode, verdict = episode.step(moment(1 + step, NEAR))
        assert verdict.reached[0] == expected
    episode = begun(task, slack_s=0.025)
    for step in (1.0, 1.4, 1.8):  # three samples, but no three control steps
        episode, verdict = episode.step(moment(step, NEAR))
    assert not verdict.reached[0]


def test_changed_rules_count_from_the_next_step_on(task):
    episode, verdict = begun(task).step(moment(1, 0.3))
    episode = replace(episode, task=replace(task, success_rad=0.2, hold_steps=1))
    episode, verdict = episode.step(moment(2, 0.3))
    assert not verdict.reached[0]
    _, verdict = episode.step(moment(3, NEAR))
    assert verdict.reached[0]
