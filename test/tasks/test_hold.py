"""Holding counts when the time is over, and is lost at once when the object turns or leaves."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.tasks.goal_keeper import GoalKeeper
from dexterity_ros.tasks.goals import sample_goals
from dexterity_ros.tasks.spec import TaskSpec

STEP_NS = 50_000_000


@pytest.fixture(scope="module")
def task():
    return replace(config.load(TaskSpec, named_resource("config/tasks", "hold")), goal_timeout_s=0.2)


def pose(turned_rad=0.0, height_m=0.0):
    quat = rotvec_to_quat(np.array([0.0, 0.0, turned_rad]))
    return PoseSample(stamp_ns=0, pos_m=np.array([0.0, 0.0, height_m]), quat_wxyz=quat)


def events(task, poses):
    keeper = GoalKeeper(task, (0.0, 0.0, 0.0), seed=0)
    keeper.start_trial(pose(), 0)
    return [[e.event for e in keeper.step(seen, k * STEP_NS)] for k, seen in enumerate(poses, start=1)]


def test_the_goal_is_the_rotation_that_the_object_has(task):
    quat = rotvec_to_quat(np.random.default_rng(0).normal(size=(20, 3)))
    np.testing.assert_allclose(sample_goals(task, quat, np.random.default_rng(1)), quat, atol=1e-12)


def test_a_goal_is_reached_when_the_object_was_kept_until_the_time_was_over_and_the_next_follows(task):
    assert events(task, [pose(0.3)] * 4) == [[], [], [], ["reached", "issued"]]


def test_an_object_that_turns_or_leaves_is_lost_at_once(task):
    assert events(task, [pose(), pose(0.5)]) == [[], ["dropped"]]
    assert events(task, [pose(), pose(height_m=-0.1)]) == [[], ["dropped"]]


def test_an_object_that_is_not_seen_is_not_lost_but_not_kept_either(task):
    assert events(task, [pose(), None, pose(), pose()]) == [[], [], [], ["reached", "issued"]]
    assert events(task, [pose(), pose(), pose(), None]) == [[], [], [], ["timeout"]]
