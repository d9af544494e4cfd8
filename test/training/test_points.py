"""A student of points: sees joints and clouds and no pose, learns from a teacher that is told all, becomes a bundle."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.sources import GOAL_CLOUD, JOINTS, OBJECT_CLOUD
from dexterity_ros.evaluation.objects import judge_objects
from dexterity_ros.evaluation.simulate import Course, JudgeConfig
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.training.distillation import PORTS, PointStudent, PointStudentConfig, load_teacher, seen_now
from dexterity_ros.training.export import export_run
from dexterity_ros.training.point_network import PointActor
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import load_config

pytestmark = pytest.mark.training
FEW = 12


def few(whole, **changes):
    env = replace(whole.env, object="family:first", num_envs=FEW, reset_pool=FEW, threads=1, randomisation=None)
    return replace(whole, env=env, **changes)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory) -> Path:
    whole = load_config(data_root() / "config/train/leap_points_teacher.yaml")
    ppo = replace(whole.ppo, horizon=4, minibatch=48, actor_hidden=(32,), critic_hidden=(32,))
    run = tmp_path_factory.mktemp("teacher")
    made = Teacher(few(whole, ppo=ppo, total_steps=4 * FEW, widths=None), run, threads=1)
    made.train(quiet=True)
    made.env.close()
    return run


@pytest.fixture(scope="module")
def config(teacher):
    whole = configs.load(PointStudentConfig, data_root() / "config/train/leap_points_student.yaml")
    distillation = replace(whole.distillation, labels=3 * 6 * FEW, horizon=6, sequences=4)
    student = replace(whole.student, encoder=(16, 32), hidden=32, memory_width=16)
    return few(whole, teacher_run=str(teacher), student=student, distillation=distillation)


@pytest.fixture(scope="module")
def run(config, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("points")
    student = PointStudent(config, folder, threads=1)
    student.train(quiet=True)
    student.env.close()
    return folder


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "points"
    export_run(run, folder, current_limit_a=0.3)
    return folder


@pytest.fixture(scope="module")
def env(config):
    made = config.environment()
    yield made
    made.close()


def test_the_student_sees_clouds_and_no_pose_comes_to_its_network(bundle):
    manifest, _ = load_policy(bundle)
    assert manifest.observation.ports == {"observation": (48,), "object_points": (48, 3), "goal_points": (48, 3)}
    assert {term.source for term in manifest.observation.terms} == {
        "joint_states",
        "policy",
        "object_cloud",
        "goal_cloud",
    }
    assert load_pipeline(bundle, _hand()).guard.sources == (JOINTS, OBJECT_CLOUD, GOAL_CLOUD)
    assert manifest.output_names == ("action", "reached", "distance")


def _hand():
    return configs.load(PointStudentConfig, data_root() / "config/train/leap_points_student.yaml").hand_spec()


def test_training_goes_on_where_it_stood(run, config):
    again = PointStudent(config, run, threads=1)
    again.restore()
    assert again.progress.labels == config.distillation.labels and again.progress.rounds == 3
    assert again.progress.unexplained > 0.0 and again.progress.distance_rad > 0.0
    again.env.close()


def test_a_sequence_is_what_steps_one_by_one_are(config, env):
    env.reset()
    actor = PointActor(env.hand, config.observation(), config.student)
    rows, actions, state = [], [], torch.zeros((FEW, actor.state_width))
    with torch.no_grad():
        for _ in range(4):
            rows.append({name: torch.from_numpy(values) for name, values in seen_now(env).items()})
            action, _, state = actor(*(rows[-1][name] for name in PORTS), state)
            actions.append(action)
            env.step(action.numpy())
        seen = [torch.stack([row[name] for row in rows]) for name in PORTS]
        together, _ = actor.sequence(*seen, torch.zeros((FEW, actor.state_width)), torch.zeros((4, FEW)))
    torch.testing.assert_close(together, torch.stack(actions), atol=1e-5, rtol=1e-4)


def test_the_order_of_points_does_not_matter_and_their_label_does(config, env):
    env.reset()
    actor = PointActor(env.hand, config.observation(), config.student)
    seen = [torch.from_numpy(seen_now(env)[name]) for name in PORTS]
    state = torch.zeros((FEW, actor.state_width))
    with torch.no_grad():
        plain = actor(*seen, state)[1]
        torch.testing.assert_close(actor(seen[0], seen[1].flip(1), seen[2], state)[1], plain, atol=1e-7, rtol=0.0)
        swapped = actor(seen[0], seen[2], seen[1], state)[1]
    assert (swapped - plain).abs().max() > 1e-5


def test_the_guessed_distance_decides_whether_the_goal_is_called_reached(config):
    actor = PointActor(_hand(), config.observation(), config.student)
    near = config.student.reached_rad
    sure = actor.sure(torch.tensor([[near - 0.2], [near - 0.01], [near + 0.01], [near + 0.2]]))[:, 0]
    assert sure[0] == 1.0 and sure[3] == 0.0 and sure[1] > 0.5 > sure[2]


def test_the_bundle_does_on_the_robot_what_the_student_did_in_training(bundle, run, config, env):
    """The same samples through the robot's pipeline and through torch: the same actions, tick after tick."""
    student = PointStudent(config, run, threads=1)
    student.restore()
    pipeline, state = load_pipeline(bundle, env.hand), torch.zeros((FEW, 16))
    env.reset()
    with torch.no_grad():
        for _ in range(5):
            seen = [torch.from_numpy(seen_now(env)[name]) for name in PORTS]
            action, distance, state = student.actor(*seen, state)
            tick = pipeline.step(env.inputs, int(env.inputs[JOINTS].stamp_ns.max()))
            np.testing.assert_allclose(tick.outputs["action"], action.numpy(), atol=2e-5)
            np.testing.assert_allclose(tick.outputs["distance"], distance.numpy(), atol=2e-5)
            step = env.step(tick.outputs["action"])
            assert not step.restarted.any()
    assert student.progress.rounds == 3
    student.env.close()


def test_a_teacher_that_sees_an_observation_or_other_terms_is_refused(teacher, env, tmp_path):
    settings = (teacher / "run.yaml").read_text()
    (tmp_path / "run.yaml").write_text(settings.replace("actor_sees: privileged", "actor_sees: observation"))
    with pytest.raises(ConfigError, match="sees an observation"):
        load_teacher(tmp_path, env)
    (tmp_path / "run.yaml").write_text(re.sub(r" *- object_mass\n", "", settings))
    with pytest.raises(ConfigError, match="env.privileged differs"):
        load_teacher(tmp_path, env)


def test_points_need_clouds_in_the_environment(config):
    with pytest.raises(ConfigError, match="sees points"):
        replace(config, env=replace(config.env, clouds=None)).environment()


def test_a_student_of_points_has_to_see_both_clouds(config):
    with pytest.raises(ConfigError, match="goal_cloud"):
        replace(config, policy=replace(config.policy, terms=("joint_pos", "object_points_48")))


def test_objects_are_judged_one_by_one_beside_controllers_that_know_less(bundle):
    judge = configs.load_named(JudgeConfig, "config/eval", "points")
    judge = replace(judge, reset_pool=4, threads=1)
    pipeline = load_pipeline(bundle, _hand())
    task = configs.load_named(TaskSpec, "config/tasks", "so3")
    task = replace(task, goal_rad=(0.8, np.pi), goal_timeout_s=0.5)

    def course(item):
        return Course(
            hand=pipeline.hand, task=task, object=item.name, item=item.spec, judge=judge, episodes=2,
            goals_per_episode=1, seed=0, control_rate_hz=20.0,
        )  # fmt: skip

    chosen = [item for item in load_catalogue().chosen("held-out") if item.name in ("hull_08", "cross_00")]
    figures = judge_objects(pipeline, {item.name: lambda item=item: course(item) for item in chosen}, lambda _: None)
    assert set(figures["objects"]) == {"hull_08", "cross_00"} and set(figures["families"]) == {"hull", "cross"}
    assert set(figures["objects"]["cross_00"]) == {"goals_attempted", "goals_reached", "rate", "rate_ci95"}
    assert set(figures["baselines"]) == {"still_hand", "open_loop", "blind"}
    assert figures["goals_attempted"] == 4 and figures["baselines"]["still_hand"]["goals_reached"] == 0
