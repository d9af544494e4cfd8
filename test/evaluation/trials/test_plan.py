"""Whose turn it is: balanced, from a seed, the same when trials go on; and a folder is about one thing."""

from collections import Counter

import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.evaluation.trials.plan import PLAN_FILE, kept_plan, kept_seed


def order(plan, episodes):
    return [plan.policy(episode).name for episode in range(1, episodes + 1)]


@pytest.mark.parametrize("policies", [1, 2, 3])
def test_in_every_block_each_policy_has_one_turn(make_plan, policies):
    plan = make_plan(policies)
    names = order(plan, 10 * policies)
    blocks = [names[k : k + policies] for k in range(0, len(names), policies)]
    assert all(sorted(block) == sorted(one.name for one in plan.policies) for block in blocks)
    assert [plan.block(k + 1) for k in range(2 * policies)] == [1] * policies + [2] * policies


def test_the_order_is_drawn_anew_for_every_block_and_by_the_seed(make_plan):
    one, other = (order(make_plan(2, seed=seed), 80) for seed in (7, 8))
    first_turns = Counter(one[::2])
    assert 10 <= first_turns["first"] <= 30  # of 40 blocks; a fair coin is outside once in 1000
    assert one != other and one == order(make_plan(2), 80)


def test_the_policies_of_a_block_meet_the_same_goals_and_blocks_do_not(make_plan):
    plan = make_plan(2)
    assert plan.goal_seed(1) == plan.goal_seed(2) != plan.goal_seed(3)
    assert 0 <= plan.goal_seed(3) < 2**32


def test_a_folder_goes_on_with_what_it_is_about_and_nothing_else(make_plan, tmp_path):
    folder = tmp_path / "made" / "by the plan"
    plan = make_plan(2)
    assert kept_plan(folder, plan) == plan == kept_plan(folder, plan)
    with pytest.raises(ConfigError, match=r"holds trials with goals 5, asked for is 9; name another folder"):
        kept_plan(folder, make_plan(2, goals=9))
    with pytest.raises(ConfigError, match="policies"):
        kept_plan(folder, make_plan(1))


def test_a_seed_that_nobody_gave_is_unknown_and_kept(make_plan, tmp_path):
    assert kept_seed(tmp_path, 5) == 5
    assert len({kept_seed(tmp_path, None) for _ in range(5)}) > 1
    kept_plan(tmp_path, make_plan(2))
    assert kept_seed(tmp_path, None) == 7


def test_a_plan_that_somebody_broke_is_refused_by_name(make_plan, tmp_path):
    kept_plan(tmp_path, make_plan())
    path = tmp_path / PLAN_FILE
    path.write_text(path.read_text().replace("goals: 5", "goals: many"))
    with pytest.raises(ConfigError, match=r"trials.yaml.goals is 'many'"):
        kept_plan(tmp_path, make_plan())
