"""Figures are what was counted; intervals are what statistics says."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import dexterity_ros
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.controllers import StillHand
from dexterity_ros.evaluation.heat import Heat
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial, summary
from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
from dexterity_ros.evaluation.statistics import (
    bootstrap_mean,
    bootstrap_paired,
    bootstrap_ratio,
    rate_interval,
    wilson_interval,
)
from dexterity_ros.evaluation.sweep import SWEEPS, kept_range
from dexterity_ros.evaluation.truth_judge import TruthJudge
from dexterity_ros.evaluation.witness import Witness
from dexterity_ros.sim.scene import PhysicsConfig, build_scene
from dexterity_ros.tasks.spec import TaskSpec

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


def test_none_or_all_of_a_few_episodes_leave_the_rate_as_open_as_the_exact_interval_does():
    # Clopper and Pearson 1934 as tabulated: 0 of 8 is 0 to 36.9 %, 8 of 8 is 63.1 to 100 %.
    assert rate_interval([0] * 8, [3] * 8) == (0.0, pytest.approx(0.3694, abs=1e-4))
    assert rate_interval([3] * 8, [3] * 8) == (pytest.approx(0.6306, abs=1e-4), 1.0)
    some = ([0, 1, 3, 2], [1, 2, 3, 3])
    assert rate_interval(*some) == bootstrap_ratio(*some)
    assert rate_interval([0], [0]) == bootstrap_ratio([0], [0])


def test_a_difference_of_equals_is_zero():
    same = ([1, 0] * 50, [1, 1] * 50)
    assert bootstrap_paired(same, same) == (0.0, 0.0)


def test_a_coarse_judge_is_refused():
    content = config.read_mapping(named_resource("config/eval", "demo"))
    content["physics"] = {"timestep_s": 0.0125, "substeps": 4}
    with pytest.raises(ConfigError, match="at most 0.005"):
        config.from_mapping(JudgeConfig, content, where="judge")


@pytest.fixture
def judge():
    return TruthJudge(config.load(TaskSpec, named_resource("config/tasks", "yaw")), 0.05, (0.0, 0.0, 0.0))


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


def test_a_drop_that_nobody_saw_is_a_drop(judge):
    judge.event(issued())
    see(judge, 0.1, 1000, 1500)
    judge.see(PoseSample(stamp_ns=1_600_000_000, pos_m=np.array([0.0, 0.0, -0.2]), quat_wxyz=np.array(GOAL)))
    judge.event(ended("timeout"))
    assert judge.reached == 0 and judge.trials[0].dropped
    judge.event(issued())
    see(judge, 0.1, 3000, 3500)
    judge.event(ended("reached"))
    assert judge.reached == 1 and not judge.trials[1].dropped


def test_the_published_trial_lists_give_the_published_means_and_medians():
    """OpenAI, arXiv 1808.00177, table 3: real trials from state, with a locked wrist, from vision; DeXtreme's best."""
    lists = {
        (18.8, 17.1, 13.0): [50, 41, 29, 27, 14, 12, 6, 4, 4, 1],
        (26.4, 13.4, 28.5): [50, 43, 32, 29, 29, 28, 19, 13, 12, 9],
        (15.2, 14.3, 11.5): [46, 28, 26, 15, 13, 10, 8, 3, 2, 1],
        (27.8, None, 14.0): [1, 6, 6, 10, 10, 18, 18, 36, 61, 112],
    }
    for (mean, deviation, median), reached in lists.items():
        trials = [Trial(goals=[GoalOutcome(reached=True, time_s=1.0, angle_rad=1.0)] * n) for n in reached]
        found = summary(trials)["consecutive"]
        assert abs(found["mean"] - mean) < 0.06 and found["median"] == median
        assert deviation is None or abs(np.std(reached, ddof=0) - deviation) < 1.0
        assert found["ci95"][0] < mean < found["ci95"][1]


def test_pairs_see_a_difference_that_unpaired_intervals_drown():
    rng = np.random.default_rng(0)
    hard = rng.integers(0, 20, size=100)
    one, two = (hard + 1).tolist(), hard.tolist()
    each = [1] * 100
    low, high = bootstrap_paired((one, each), (two, each))
    assert low == pytest.approx(1.0) and high == pytest.approx(1.0)
    assert bootstrap_ratio(one, each)[0] < bootstrap_ratio(two, each)[1]


def test_the_range_that_keeps_most_of_the_best_is_around_the_best():
    rows = [{"value": v, "rate": r} for v, r in ((0, 0.5), (1, 0.75), (2, 0.8), (3, 0.73), (4, 0.2), (5, 0.79))]
    assert kept_range(rows) == (1, 3)


def test_every_sweep_changes_what_it_says_and_nothing_else(leap):
    judge = config.load(JudgeConfig, named_resource("config/eval", "reality"))
    for name, (change, values, _) in SWEEPS.items():
        changed = change(judge, values[-1])
        assert changed != judge and changed.heat_s == judge.heat_s, name
    assert SWEEPS["latency"][0](judge, 0.1).noise.latency_substeps == 50
    assert SWEEPS["rate"][0](judge, 10.0).physics.control_period_s == pytest.approx(0.1)
    assert SWEEPS["noise"][0](judge, 0.0).noise.action_delay_substeps == judge.noise.action_delay_substeps
    assert SWEEPS["noise"][0](judge, 2.0).noise.object_rot_rad == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["dactyl", "dextreme", "hora", "visual-dexterity"])
def test_protocols_load_and_name_their_source(name):
    protocol = load_protocol(name)
    assert "arXiv" in protocol.about and protocol.task.name == name


def test_the_judges_ranges_are_no_narrower_than_dactyls():
    judge = config.load(JudgeConfig, named_resource("config/eval", "reality"))
    hidden, noise = judge.randomisation, judge.noise
    published = {
        "friction": (0.7, 1.3), "object_mass": (0.5, 1.5), "link_mass": (0.5, 1.5), "object_size": (0.95, 1.05),
        "damping": (0.3, 3.0), "stiffness": (0.75, 1.5),
    }  # fmt: skip
    for term, (low, high) in published.items():
        found = getattr(hidden, term)
        assert found[0] <= low and found[1] >= high, term
    assert hidden.gravity_m_s2 >= 0.4 and noise.object_pos_bias_m >= 0.005 and noise.object_rot_bias_rad >= 0.1
    assert noise.object_pos_m >= 0.001 and noise.object_rot_rad >= 0.1 and noise.backlash_rad > 0.0
    assert judge.physics.timestep_s <= 0.002


def test_warm_motors_are_weak_and_cool_down_again(leap):
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.005, substeps=10))
    model = copy.copy(scene.model)
    heat = Heat(scene, [model], torque_loss=0.5, time_s=10.0)
    joint = scene.model.actuator_trnid[scene.actuators[3], 0]
    pushing, still, live = np.zeros((1, 16)), np.zeros((1, 16)), np.array([True])
    pushing[0, 3] = 1.0
    for _ in range(2000):
        heat.step(pushing, still, 0.05, live)
    assert model.jnt_actfrcrange[joint, 1] == pytest.approx(0.11, rel=0.01)
    assert model.jnt_actfrcrange[joint, 0] == pytest.approx(-0.11, rel=0.01)
    for _ in range(2000):
        heat.step(still, still, 0.05, live)
    np.testing.assert_allclose(model.jnt_actfrcrange[:16], scene.model.jnt_actfrcrange[:16], rtol=1e-3)


def test_hidden_hands_are_the_same_for_every_controller_and_differ_between_episodes(leap):
    judge = replace(config.load(JudgeConfig, named_resource("config/eval", "reality")), reset_pool=16)
    task = load_protocol("dactyl").task
    settings = {"hand": leap, "task": task, "object": "cube70", "judge": judge, "goals_per_episode": 1, "seed": 3}
    course = Course(**settings, episodes=4, control_rate_hz=20.0)
    first, second = course.models(), course.models()
    masses = [model.body_mass.sum() for model in first]
    assert masses == [model.body_mass.sum() for model in second] and len(set(masses)) == 4
    assert Course(**(settings | {"seed": 4}), episodes=4, control_rate_hz=20.0).models()[0].body_mass.sum() != masses[0]


def test_a_watch_sees_every_step_of_the_trial_that_it_watches(leap):
    judge = replace(config.load(JudgeConfig, named_resource("config/eval", "reality")), reset_pool=16)
    task = replace(load_protocol("dactyl").task, goal_timeout_s=0.2)
    course = Course(
        hand=leap,
        task=task,
        object="cube70",
        judge=judge,
        episodes=2,
        goals_per_episode=1,
        seed=3,
        control_rate_hz=20.0,
    )
    witness = Witness(judge.physics.control_period_s)
    trials = run_trials(StillHand(), course, witness)
    shots = witness.shots()
    assert len(shots) == 8 and [trial.lasted_s for trial in trials] == pytest.approx([0.2, 0.2])
    assert {shot.goal for shot in shots} == {1, 2}
    assert np.linalg.norm(shots[0].object_pos_m - leap.grasp_centre_m) < 0.05
    assert shots[0].error_rad == pytest.approx(trials[0].goals[0].angle_rad, abs=0.2)


def test_training_knows_nothing_of_the_judge():
    folder = Path(dexterity_ros.__file__).parent / "training"
    configs = Path(dexterity_ros.__file__).parents[1] / "config/train"
    for path in [*folder.rglob("*.py"), *configs.glob("*.yaml")]:
        text = path.read_text()
        assert "dexterity_ros.evaluation" not in text and "reality" not in text and "config/eval" not in text, path


def test_what_goal_node_says_was_held_is_judged_by_what_was_lost_in_between():
    holding = TruthJudge(config.load(TaskSpec, named_resource("config/tasks", "hold")), 0.05, (0.0, 0.0, 0.0))
    for last_angle, expected in ((0.1, 1), (0.5, 0)):
        before = holding.reached
        holding.event(issued())
        see(holding, 0.1, 1000, 3000)
        see(holding, last_angle, 3000, 3020)
        see(holding, 0.1, 3020, 4960)
        holding.event(ended("reached"))
        assert holding.reached - before == expected
    assert (holding.estimated_reached, holding.believed) == (2, 1)
