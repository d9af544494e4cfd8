"""What trials add up to, beside published ones; and how many more would tell two policies apart."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.evaluation.trials.figures import trial_figures
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome, SheetRow

# Dactyl, block from vision on the robot: 15.2 +- 14.3, median 11.5. Source: arXiv 1808.00177, table 3.
DACTYL = (46, 28, 26, 15, 13, 10, 8, 3, 2, 1)


def ended(reached, outcome=Outcome.DROPPED):
    return Ended(outcome=outcome, by="camera", goal_times_s=(2.0,) * reached, lasted_s=2.0 * reached + 1.0)


def rows(plan, results):
    """Returns counted rows: the results of each policy in the order of its turns."""
    left = {name: list(reached) for name, reached in results.items()}
    count = sum(map(len, results.values()))
    turns = [(k, plan.policy(k).name) for k in range(1, 3 * count + 1)]
    return [SheetRow(episode=k, policy=name, ended=ended(left[name].pop(0))) for k, name in turns if left[name]]


def test_published_trials_have_their_published_figures(make_plan):
    plan = make_plan(goals=50)
    (row,) = trial_figures(plan, rows(plan, {"first": DACTYL}))["policies"]
    run = row["consecutive"]
    assert run["mean"] == pytest.approx(15.2, abs=0.01) and run["median"] == 11.5 and run["ci95"][0] < 15.2
    assert (row["goals_reached"], row["goals_attempted"], row["drops"]) == (152, 162, 10)
    assert row["outcomes"] == {"dropped": 10} and row["time_per_goal_s"]["median"] == 2.0


def test_trials_without_any_result_say_that_nothing_is_known(make_plan):
    figures = trial_figures(make_plan(2), [])
    assert [row["more_for_5_points"] for row in figures["policies"]] == [None, None]
    (difference,) = figures["differences"]
    assert difference["pairs"] == 0 and not difference["told_apart"] and difference["rate"] is None


def test_policies_are_compared_block_by_block_and_half_a_block_is_left_out(make_plan):
    plan = make_plan(2)
    counted = rows(plan, {"first": [1] * 6, "second": [4] * 7})
    (difference,) = trial_figures(plan, counted)["differences"]
    assert (difference["policy"], difference["less"], difference["pairs"]) == ("second", "first", 6)
    assert difference["goals_in_a_row"] == 3.0 and difference["goals_in_a_row_ci95"] == [3.0, 3.0]
    assert difference["rate"] == pytest.approx(0.8 - 0.5) and difference["told_apart"]


def test_equal_policies_and_single_trials_are_not_told_apart(make_plan):
    plan = make_plan(2)
    (same,) = trial_figures(plan, rows(plan, {"first": DACTYL, "second": DACTYL[::-1]}))["differences"]
    (single,) = trial_figures(plan, rows(plan, {"first": [0], "second": [5]}))["differences"]
    assert not same["told_apart"] and same["rate_ci95"][0] < 0.0 < same["rate_ci95"][1]
    assert not single["told_apart"] and single["more_for_5_points"] is single["rate_ci95"] is None


def test_a_stop_of_the_robot_misses_its_goal(make_plan):
    counted = [SheetRow(episode=1, policy="first", ended=ended(3, Outcome.STOPPED))]
    (row,) = trial_figures(make_plan(), counted)["policies"]
    assert (row["goals_reached"], row["goals_attempted"]) == (3, 4)


def test_a_few_perfect_trials_do_not_prove_that_a_policy_never_fails(make_plan):
    plan = make_plan()
    counted = [SheetRow(episode=k, policy="first", ended=ended(2, Outcome.ALL_GOALS)) for k in range(1, 4)]
    (row,) = trial_figures(plan, counted)["policies"]
    assert row["rate"] == 1.0 and row["more_for_5_points"] > 50
    assert row["rate_ci95"] == pytest.approx([0.29, 1.0], abs=0.01)  # exact, 3 of 3 episodes


def test_trials_that_are_all_alike_have_the_interval_of_their_goals(make_plan):
    counted = [SheetRow(episode=k, policy="first", ended=ended(2)) for k in range(1, 4)]
    (row,) = trial_figures(make_plan(), counted)["policies"]
    assert row["rate"] == pytest.approx(2 / 3, abs=1e-4)
    assert row["rate_ci95"] == pytest.approx([0.35, 0.88], abs=0.01)  # Wilson, 6 of 9 goals


def drawn(rng, rate, shape):
    """Returns how many of five goals trials reach until the first is missed, and how many they attempt."""
    reached = np.cumprod(rng.random((*shape, 5)) < rate, axis=-1).sum(axis=-1)
    return reached, np.minimum(reached + 1, 5)


def test_with_so_many_more_trials_5_points_are_told_in_4_of_5_cases(make_plan):
    plan, rng, blocks = make_plan(2), np.random.default_rng(3), 200
    seen = {name: drawn(rng, rate, (blocks,))[0].tolist() for name, rate in (("first", 0.8), ("second", 0.85))}
    counted = [
        replace(row, ended=ended(reached, Outcome.ALL_GOALS if reached == 5 else Outcome.DROPPED))
        for row in rows(plan, seen)
        for reached in [len(row.ended.goal_times_s)]
    ]
    (difference,) = trial_figures(plan, counted)["differences"]
    needed = blocks + difference["more_for_5_points"]
    rates = [np.divide(*(part.sum(axis=1) for part in drawn(rng, rate, (2000, needed)))) for rate in (0.85, 0.8)]
    told = rates[0] - rates[1] > 1.96 * (rates[0] - rates[1]).std()
    assert 0.72 <= told.mean() <= 0.88
