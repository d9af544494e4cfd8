"""Training shows, stops, resumes and exports as promised; on an environment small enough for seconds."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.cli.export import export
from dexterity_ros.cli.options.export import ExportOptions
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.resources import named_resource, resource
from dexterity_ros.contracts.training_run import CHECKPOINT, read_run
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.training.checkpoint import TrainingError
from dexterity_ros.training.export import export_run
from dexterity_ros.training.networks import RunningNorm
from dexterity_ros.training.ppo import Rollout, advantages
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import TeacherConfig, load_config

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def small():
    config = load_config(resource("config/train/leap_yaw.yaml"))
    env = replace(config.env, num_envs=16, reset_pool=16, threads=1)
    ppo = replace(config.ppo, minibatch=64, horizon=8, actor_hidden=(16,), critic_hidden=(16,))
    return replace(config, env=env, ppo=ppo, total_steps=3 * 16 * 8)


@pytest.fixture(scope="module")
def trained(small, tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    Teacher(small, run).train(quiet=True)
    return run


def log_rows(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_a_log_a_checkpoint_and_its_configuration(small, trained):
    rows = log_rows(trained)
    assert [row["steps"] for row in rows] == [128, 256, 384]
    assert {"reward", "goal_fraction", "goal_max_rad", "kl", "learning_rate", "reward_progress"} <= set(rows[0])
    assert configs.from_mapping(TeacherConfig, read_run(trained).config, where="run") == small


def test_resume_goes_on_where_it_stopped(small, trained, tmp_path):
    more = Teacher(replace(small, total_steps=4 * 128), tmp_path)
    more.restore(trained / CHECKPOINT, keep_progress=True)
    more.train(quiet=True)
    assert [row["steps"] for row in log_rows(tmp_path)] == [512]


def test_a_warm_start_takes_the_networks_and_nothing_else(small, trained, tmp_path):
    teacher = Teacher(small, tmp_path)
    teacher.restore(trained / CHECKPOINT, keep_progress=False)
    stored = torch.load(trained / CHECKPOINT, weights_only=True)
    assert teacher.progress.steps == 0
    assert torch.equal(teacher.ppo.actor.state_dict()["body.0.weight"], stored["actor"]["body.0.weight"])


def test_a_missing_checkpoint_is_named(small, tmp_path):
    with pytest.raises(TrainingError, match="no checkpoint"):
        Teacher(small, tmp_path).restore(tmp_path / CHECKPOINT, keep_progress=True)


def test_ctrl_c_finishes_the_update_and_saves(small, tmp_path):
    teacher = Teacher(replace(small, total_steps=10**9), tmp_path)
    original = teacher.ppo.update

    def interrupted(*arguments, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return original(*arguments, **options)

    teacher.ppo.update = interrupted
    teacher.train(quiet=True)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["progress"]["updates"] == 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda s: s.terms["progress"].__setitem__(0, np.nan), "reward term progress"),
        (lambda s: s.observation.__setitem__((0, 50), np.nan), "observation term object_pos"),
    ],
)
def test_nan_stops_training_with_the_term_named(small, tmp_path, broken, said):
    teacher = Teacher(small, tmp_path)
    step = teacher.env.step

    def poisoned(action) -> EnvStep:
        result = step(action)
        broken(result)
        return result

    teacher.env.step = poisoned
    with pytest.raises(TrainingError, match=said):
        teacher.train(quiet=True)


def test_an_exported_bundle_acts_like_the_trained_actor(trained, tmp_path, leap):
    manifest = export_run(trained, tmp_path / "tiny", current_limit_a=0.35)
    loaded, network = load_policy(tmp_path / "tiny")
    assert loaded == manifest and manifest.control_rate_hz == 20.0
    loaded.check_hand(leap)
    assert loaded.training_range["joint_pos"].low[0] < loaded.training_range["joint_pos"].high[0]
    batch = np.random.default_rng(0).normal(size=(5, manifest.observation.width)).astype(np.float32)
    assert network({"observation": batch}, np.zeros((5, 0), np.float32))[0]["action"].shape == (5, 16)
    assert network.metadata()["joint_names"].split(",") == list(leap.joint_names)
    with pytest.raises(BundleError):
        replace(manifest, joint_names=manifest.joint_names[::-1]).check_hand(leap)


def test_an_export_that_is_interrupted_leaves_the_bundle_that_was_there_and_nothing_else(
    trained, tmp_path, monkeypatch
):
    def press(*_):
        raise KeyboardInterrupt

    options = ExportOptions(run=trained, bundle=tmp_path / "out/policy", current_limit_a=0.3)
    with monkeypatch.context() as interrupted, pytest.raises(KeyboardInterrupt):
        interrupted.setitem(export_run.__globals__, "seal", press)
        export(options)
    assert list((tmp_path / "out").iterdir()) == []
    assert export(options) == 0
    before = {path: path.read_bytes() for path in options.bundle.iterdir()}
    monkeypatch.setitem(export_run.__globals__, "seal", press)
    with pytest.raises(KeyboardInterrupt):
        export(options)
    assert before == {path: path.read_bytes() for path in options.bundle.iterdir()}
    assert load_policy(options.bundle)[0].name == "policy"


def test_a_bundle_declares_the_latency_it_is_known_to_bear(trained, tmp_path):
    export_run(trained, tmp_path / "bears", current_limit_a=0.35, latency_s=(0.0, 0.15))
    assert load_policy(tmp_path / "bears")[0].latency_s == (0.0, 0.15)


def test_what_a_policy_does_without_progress_is_declared_when_it_is_exported(trained, tmp_path):
    decoy = configs.load(RecoverySpec, named_resource("config/recovery", "decoy"))
    export(ExportOptions(run=trained, bundle=tmp_path / "recovers", recovery="decoy"))
    assert load_policy(tmp_path / "recovers")[0].recovery == decoy


def test_running_statistics_are_those_of_all_data():
    data = torch.randn(1000, 3) * 5 + 2
    norm = RunningNorm(3)
    for part in data.split(100):
        norm.update(part)
    torch.testing.assert_close(norm.mean, data.mean(dim=0), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(norm.variance, data.var(dim=0, unbiased=False), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(norm.undo(norm(data)).clamp(-10, 10), data.clamp(-10, 10), rtol=1e-3, atol=1e-2)


def test_advantages_of_a_constant_reward_are_the_geometric_sum(small):
    config = replace(small.ppo, gamma=0.5, gae_lambda=1.0)
    zero, one = torch.zeros(4, 1), torch.ones(4, 1)
    rollout = Rollout(
        state=zero[0, :, None][:, :0], observation=zero, privileged=zero, action=zero, log_prob=zero, packed=zero,
        reward=one, done=torch.tensor([[0.0], [1.0], [0.0], [0.0]]), restarted=zero, used=one, value=zero,
    )  # fmt: skip
    _, returns = advantages(rollout, torch.tensor([2.0]), config)
    torch.testing.assert_close(returns[:, 0], torch.tensor([1.5, 1.0, 2.0, 2.0]))
