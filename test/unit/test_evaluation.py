"""Figures are what was counted; intervals are what statistics says."""

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial, summary
from dexterity_ros.evaluation.simulate import JudgeConfig
from dexterity_ros.evaluation.statistics import bootstrap_difference, bootstrap_mean, bootstrap_ratio, wilson_interval
from dexterity_ros.evaluation.truth_judge import TruthJudge
from dexterity_ros.tasks.reorient import TaskSpec

# Consecutive successes on the real robot, block from state (OpenAI Dactyl, arXiv 1808.00177, table 3).
DACTYL_REAL = [50, 41, 29, 27, 14, 12, 6, 4, 4, 1]


def trial(*reached, dropped=False):
    goals = [GoalOutcome(reached=r, time_s=1.0 + i, angle_rad=1.0) for i, r in enumerate(reached)]
    return Trial(goals=goals, dropped=dropped)


def test_dactyls_published_mean_and_deviation_come_out():
    row = summary([trial(*[True] * n, False) for n in DACTYL_REAL])
    assert round(row["consecutive"]["mean"], 1) == 18.8
    assert row["consecutive"]["median"] == 13.0
    assert row["consecutive"]["max"] == 50
    low, high = row["consecutive"]["ci95"]
    assert low < 18.8 < high


def test_goals_times_and_drops_are_counted():
    row = summary([trial(True, True, False), trial(False, dropped=True), Trial()])
    assert (row["goals_attempted"], row["goals_reached"], row["drops"]) == (4, 2, 1)
    assert row["rate"] == 0.5
    assert row["time_per_goal_s"]["median"] == 1.5


def test_no_trials_is_no_crash():
    row = summary([])
    assert row["goals_attempted"] == 0 and row["rate_ci95"] == [0.0, 1.0]


def test_wilson_interval_of_published_example():
    # Newcombe 1998, table I: 81 of 263.
    low, high = wilson_interval(81, 263)
    assert round(low, 4) == 0.2553 and round(high, 4) == 0.3662
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_bootstrap_covers_the_mean_and_narrows_with_more_episodes():
    few, many = [0, 1] * 10, [0, 1] * 1000
    assert np.diff(bootstrap_mean(many))[0] < np.diff(bootstrap_mean(few))[0]
    assert bootstrap_ratio([0], [0]) != (0.0, 0.0)


def test_a_difference_of_equals_covers_zero():
    same = ([1, 0] * 50, [1, 1] * 50)
    low, high = bootstrap_difference(same, same)
    assert low < 0.0 < high


def test_a_coarse_judge_is_refused():
    content = config.read_mapping(named_resource("config/eval", "demo"))
    content["physics"] = {"timestep_s": 0.0125, "substeps": 4}
    with pytest.raises(ConfigError, match="at most 0.005"):
        config.from_mapping(JudgeConfig, content, where="judge")


@pytest.fixture
def judge():
    return TruthJudge(config.load(TaskSpec, named_resource("config/tasks", "yaw")), 0.05)


GOAL = [1.0, 0.0, 0.0, 0.0]


def issued(index=0):
    return {"event": "issued", "trial": 0, "index": index, "angle_rad": 1.0, "time_s": 0.0, "goal_quat_wxyz": GOAL}


def ended(event, index=0):
    return {"event": event, "trial": 0, "index": index, "angle_rad": 1.0, "time_s": 2.0, "goal_quat_wxyz": None}


def see(judge, angle, from_ms, to_ms):
    quat = np.array([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)])
    for ms in range(from_ms, to_ms, 10):
        judge.see(PoseSample(stamp_ns=ms * 1_000_000, pos_m=np.zeros(3), quat_wxyz=quat))


def test_truth_must_stay_below_the_threshold_for_three_control_periods(judge):
    judge.event(issued())
    see(judge, 0.1, 1000, 1090)
    see(judge, 0.5, 1090, 1200)
    judge.event(ended("reached"))
    assert (judge.attempted, judge.reached, judge.estimated_reached) == (1, 0, 1)
    judge.event(issued(1))
    see(judge, 0.1, 2000, 2110)
    judge.event(ended("reached", 1))
    assert (judge.attempted, judge.reached) == (2, 1)


def test_a_drop_is_never_a_success_and_ends_the_trial(judge):
    judge.event(issued())
    see(judge, 0.1, 1000, 1500)
    judge.event(ended("dropped"))
    assert judge.reached == 0 and judge.trial_over and judge.trials[0].dropped
