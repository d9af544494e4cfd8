"""`make train-smoke`: two minutes of training beat a still hand and the untrained policy, beyond their intervals."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import named_resource, resource
from dexterity_ros.evaluation.controllers import PolicyController, StillHand
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.training.export import export_run
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import load_config

pytestmark = [pytest.mark.training, pytest.mark.smoke]
GOALS = 240


@pytest.mark.timeout(900)
def test_two_minutes_of_training_are_worth_something(tmp_path):
    config = load_config(resource("config/train/smoke.yaml"))
    Teacher(replace(config, total_steps=1), tmp_path / "untrained").train(quiet=True)
    Teacher(config, tmp_path / "trained").train(quiet=True)
    hand = load_hand("leap")
    task = configs.load(TaskSpec, named_resource("config/tasks", "yaw"))
    course = Course(
        hand=hand,
        task=replace(task, goal_rad=(0.5, 1.0)),
        object="cube70",
        judge=configs.load(JudgeConfig, named_resource("config/eval", "demo")),
        episodes=GOALS,
        goals_per_episode=1,
        seed=0,
        control_rate_hz=20.0,
    )
    rows = {"still": summary(run_trials(StillHand(), course))}
    for name in ("untrained", "trained"):
        export_run(tmp_path / name, tmp_path / f"{name}_bundle", current_limit_a=0.35)
        rows[name] = summary(run_trials(PolicyController(load_pipeline(tmp_path / f"{name}_bundle", hand)), course))
    said = {name: (row["rate"], row["rate_ci95"]) for name, row in rows.items()}
    print(said)
    low = rows["trained"]["rate_ci95"][0]
    assert low > rows["still"]["rate_ci95"][1] and low > rows["untrained"]["rate_ci95"][1], said
