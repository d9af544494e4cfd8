"""One teacher of many objects: each hand keeps its object, goals count modulo symmetry, rates are counted by object."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.training.checkpoint import TrainingError
from dexterity_ros.training.export import export_run
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import TeacherConfig, load_config

pytestmark = pytest.mark.training
FEW = 24


@pytest.fixture(scope="module")
def config():
    whole = load_config(data_root() / "config/train/leap_points_teacher.yaml")
    copies = replace(whole.env.randomisation, copies=60)
    env = replace(
        whole.env, object="family:first", num_envs=FEW, reset_pool=FEW, threads=1, randomisation=copies
    )  # fmt: skip
    ppo = replace(whole.ppo, horizon=4, minibatch=48, actor_hidden=(32,), critic_hidden=(32,))
    return replace(whole, env=env, ppo=ppo, total_steps=2 * 4 * FEW, critic_first=0)


@pytest.fixture(scope="module")
def run(config, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    teacher = Teacher(config, folder, threads=1)
    teacher.train(quiet=True)
    teacher.rates.write(folder / "objects.json")
    teacher.env.close()
    return folder


@pytest.fixture(scope="module")
def env(config):
    made = config.environment()
    yield made
    made.close()


def test_every_hand_keeps_its_object_when_models_are_drawn_anew(env):
    sizes = [np.sort(model.geom_type[model.geom_bodyid == env.scene.object_body]) for model in env.models]
    env.redraw_models()
    for before, model in zip(sizes, env.models, strict=True):
        np.testing.assert_array_equal(before, np.sort(model.geom_type[model.geom_bodyid == env.scene.object_body]))


def test_no_goal_begins_nearer_than_the_task_allows_modulo_symmetry(env):
    env.reset()
    quat = env.physics.object_quat(env.state)
    angle = env.objects.symmetries.angle_rad(env.objects.kind, quat, env.goal)
    assert angle.min() >= env.task.goal_rad[0] - 1e-6
    np.testing.assert_allclose(angle, env.episode.goals.error_rad, atol=1e-6)


def test_the_goal_that_is_shown_is_the_nearest_that_looks_alike(env):
    env.reset()
    for _ in range(5):
        env.step(np.random.default_rng(0).normal(size=(FEW, 16)).astype(np.float32))
    quat = env.physics.object_quat(env.state)
    nearest = env.objects.nearest_goals(env.goal, quat)
    np.testing.assert_allclose(np.abs((nearest * env.goal).sum(axis=-1)), 1.0, atol=1e-9)


def test_the_actor_is_told_what_only_a_simulator_knows(run, config):
    teacher = Teacher(config, run, threads=1)
    teacher.restore(run / "checkpoint.pt", keep_progress=True)
    assert teacher.progress.steps == config.total_steps
    observation, privileged = teacher.collector.restart()
    assert observation.shape == privileged.shape == (FEW, teacher.env.privileged_width)
    teacher.env.close()


def test_goals_are_counted_by_object_and_by_family(run, config):
    table = json.loads((run / "objects.json").read_text())
    names = [item.removeprefix("family ") for item in table]
    assert len(table) == 12 + 6 and "letter_00" in names and "letter" in names
    assert all(set(row) == {"goals_attempted", "goals_reached", "rate"} for row in table.values())


def test_a_teacher_that_is_told_all_is_not_exported(run, tmp_path):
    with pytest.raises(TrainingError, match="export a student"):
        export_run(run, tmp_path / "bundle", current_limit_a=0.3)


def test_a_shape_is_told_of_generated_objects_only(config):
    other = replace(config, env=replace(config.env, object="cube70"))
    with pytest.raises(ConfigError, match="object_shape"):
        other.environment()


def test_the_shipped_configuration_is_read_back_as_it_was_written():
    whole = load_config(data_root() / "config/train/leap_points_teacher.yaml")
    assert configs.from_mapping(TeacherConfig, configs.to_mapping(whole), where="x") == whole
