"""A training run that failed says so, with the likely cause; one that learns is not accused."""

import numpy as np
import pytest

from dexterity_ros.reporting.training_findings import student_findings, teacher_findings


def rows(count=60, **changes):
    """The log of a teacher that learns; changes: key to a number, or to one of every row."""
    sound = {
        "steps": lambda k: 1e6 * k, "goal_fraction": lambda k: min(0.02 * k, 0.9), "value_loss": 0.5, "kl": 0.01,
        "reward_success": 0.01, "reward_drop": 0.001, "reward_late": 0.002,
    }  # fmt: skip
    made = sound | changes
    return [{key: value(k) if callable(value) else value for key, value in made.items()} for k in range(1, count + 1)]


def test_a_run_that_learns_is_not_accused():
    assert teacher_findings(rows()) == () == teacher_findings(rows(count=3, goal_fraction=0.0))


def test_numbers_that_are_none_are_named_with_when_they_began():
    (said,) = teacher_findings(rows(value_loss=lambda k: np.nan if k >= 30 else 0.5))
    assert said.startswith("value_loss is not a number from 30.00 million on: learning diverged. Look at")
    assert teacher_findings(rows(kl=None)) == ()


def test_objects_that_fly_out_are_named_as_why_no_goal_is_reached():
    (said,) = teacher_findings(rows(goal_fraction=0.0, reward_success=0.0, reward_drop=0.02, reward_late=0.001))
    assert said.startswith(
        "No goal was reached lately, after 60.0 million steps: 95 % of goals end with the object out"
    )
    (some,) = teacher_findings(rows(reward_success=0.001, reward_drop=0.02))
    assert some.startswith("Objects fly out: ")


def test_objects_that_stay_and_do_not_turn_are_another_cause():
    (said,) = teacher_findings(rows(goal_fraction=0.0, reward_success=0.0, reward_drop=0.0, reward_late=0.02))
    assert "objects stay in the hand and do not turn" in said


def test_a_run_that_forgot_what_it_could_is_named():
    (said,) = teacher_findings(rows(count=100, goal_fraction=lambda k: 0.6 if 20 < k < 60 else 0.05))
    assert said.startswith("Learning fell back: 60 % of goals at 4")


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"rate": 0.5, "unexplained": 0.2}, ()),
        ({"rate": 0.0, "unexplained": 0.8}, ("No goal was reached in the last of 3 rounds; the student misses 80 %",)),
        ({"rate": 0.4, "unexplained": 0.95}, ("The student misses 95 % of the teacher's actions.",)),
        ({"rate": 0.5, "unexplained": None}, ()),
    ],
)
def test_a_student_that_learns_nothing_is_named(last, said):
    found = student_findings([{"labels": 1000, "rounds": 3, **last}])
    assert len(found) == len(said) and all(text.startswith(begin) for text, begin in zip(found, said, strict=True))
