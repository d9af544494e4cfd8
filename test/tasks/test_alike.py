"""Goals of symmetric objects: the nearest rotation that looks like the goal counts, and none begins reached."""

import numpy as np
import pytest

from dexterity_ros.contracts.config import load_named
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.frames import quat_multiply, rotation_angle, rotation_between
from dexterity_ros.contracts.symmetry import Symmetry
from dexterity_ros.tasks.alike import Symmetries
from dexterity_ros.tasks.spec import TaskSpec

GROUPS = [item.spec.symmetry for item in load_catalogue().objects]
N = 400


def rotations(count, seed=0):
    quat = np.random.default_rng(seed).normal(size=(count, 4))
    return quat / np.linalg.norm(quat, axis=1, keepdims=True)


@pytest.fixture
def kind():
    return np.arange(N) % len(GROUPS)


def test_the_nearest_goal_of_many_is_that_of_each(kind):
    quat, goal = rotations(N), rotations(N, 1)
    nearest = Symmetries(GROUPS).alike(kind, goal, quat)
    expected = np.stack([GROUPS[k].alike(g, q) for k, g, q in zip(kind, goal, quat, strict=True)])
    assert rotation_angle(rotation_between(nearest, expected)).max() < 1e-6


def test_the_angle_is_the_same_for_rotations_that_look_alike(kind):
    symmetries, quat, goal = Symmetries(GROUPS), rotations(N), rotations(N, 1)
    turns = np.stack([np.array(GROUPS[k].turns[-1]) for k in kind])
    angle = symmetries.angle_rad(kind, quat, goal)
    np.testing.assert_allclose(symmetries.angle_rad(kind, quat, quat_multiply(goal, turns)), angle, atol=1e-6)
    each = [GROUPS[k].angle_rad(q, g) for k, q, g in zip(kind, quat, goal, strict=True)]
    np.testing.assert_allclose(angle, each, atol=1e-6)


@pytest.mark.parametrize("longest", [1.0, np.pi])
def test_goals_begin_at_least_as_far_away_as_the_task_says(kind, longest):
    task = load_named(TaskSpec, "config/tasks", "so3")
    task = TaskSpec(**{**vars(task), "goal_rad": (0.8, longest), "angle_density": "haar"})
    quat, symmetries = rotations(N), Symmetries(GROUPS)
    goals = symmetries.sample_goals(task, kind, quat, np.random.default_rng(2))
    angle = rotation_angle(rotation_between(quat, goals))
    np.testing.assert_allclose(angle, symmetries.angle_rad(kind, quat, goals), atol=1e-6)
    assert angle.min() >= 0.8 - 1e-6 and angle.max() <= longest + 1e-6


def test_a_ball_is_refused():
    with pytest.raises(ValueError, match="no goal"):
        Symmetries([Symmetry(every=True)])
