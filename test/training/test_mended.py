"""The mended recipe: training goes on from a shipped bundle, and exactly where it stopped."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.manifest import bundle_id
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.sim.privileged import hidden_parameters
from dexterity_ros.training.checkpoint import read_checkpoint
from dexterity_ros.training.export import export_run
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.student import Student
from dexterity_ros.training.student_config import StudentConfig
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import load_config
from dexterity_ros.training.warm_start import load_actor

pytestmark = pytest.mark.training
BUNDLE = "models/policies/leap_so3_reinforced"


def mended():
    return configs.load(StudentConfig, resource("config/train/leap_so3_mended.yaml"))


def tiny(config, *, hands=8, rounds=4):
    """Returns the configuration with everything in it, so short that goals end, hands change and stages pass."""
    env = replace(
        config.env, num_envs=hands, reset_pool=8, threads=1, episode_s=2.0,
        slow_goals=replace(config.env.slow_goals, timeout_s=(0.8, 1.2)),
        randomisation=replace(config.env.randomisation, copies=hands),
    )  # fmt: skip
    ppo = replace(
        config.tuning.ppo, horizon=8, minibatch=32, critic_hidden=(8,), anneal_updates=4, actor_hidden=(8,)
    )  # fmt: skip
    tuning = replace(
        config.tuning, ppo=ppo, critic_first=1, mean_first=replace(config.tuning.mean_first, most_steps=4)
    )  # fmt: skip
    success = (config.success[0], replace(config.success[1], from_steps=2 * 8 * hands))
    return replace(
        config, env=env, tuning=tuning, success=success, redraw_updates=1, goal_timeout_s=0.5,
        rounds=replace(config.rounds, rounds=rounds),
        student=replace(config.student, hidden=(8,), memory_width=8),
    )  # fmt: skip


def learned(run):
    """Returns all of a checkpoint that a later update depends on."""
    content = read_checkpoint(run / CHECKPOINT, "student")
    content["progress"].pop("seconds")
    return content


def assert_same(one, other, where=""):
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for name in one:
            assert_same(one[name], other[name], f"{where}.{name}")
    elif isinstance(one, list):
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{where}[{k}]")
    elif isinstance(one, torch.Tensor):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=where)
    else:
        assert one == other, where


def test_the_actor_of_a_bundle_acts_like_its_network_file():
    config = mended()
    actor = Actor(config.observation().width, 16, config.student)
    manifest = load_actor(resource(BUNDLE), actor, config)
    golden = np.load(resource(BUNDLE) / "golden_io.npz")
    said, after = load_policy(resource(BUNDLE))[1]({"observation": golden["observation"]}, golden["state"])
    with torch.no_grad():
        action, state = actor(torch.from_numpy(golden["observation"]), torch.from_numpy(golden["state"]))
    np.testing.assert_allclose(action.numpy(), said["action"], atol=1e-6)
    np.testing.assert_allclose(state.numpy(), after, atol=2e-6)
    assert float(actor.norm.count) == manifest.provenance.steps


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"student": {"memory_width": 64}}, r"cell.bias_hh \(384,\), expected \(192,\)"),
        ({"policy": {"action": {"scale_rad": 0.1}}}, "action of leap_so3_reinforced"),
        ({"policy": {"terms": ["joint_pos", "goal_rot6d"]}}, "observation of leap_so3_reinforced"),
        ({"env": {"physics": {"substeps": 4}}}, "control_rate_hz of leap_so3_reinforced is 20.0"),
    ],
)
def test_a_bundle_that_does_not_fit_is_no_start(change, said):
    def merged(values, changes):
        return values | {k: merged(values[k], v) if isinstance(v, dict) else v for k, v in changes.items()}

    config = configs.from_mapping(StudentConfig, merged(configs.to_mapping(mended()), change), where="test")
    with pytest.raises(BundleError, match=said):
        load_actor(resource(BUNDLE), Actor(config.observation().width, 16, config.student), config)


def test_a_resumed_run_is_bit_for_bit_the_run_that_was_never_interrupted(tmp_path):
    config = tiny(mended())
    Student(config, tmp_path / "whole").train()
    Student(replace(config, rounds=replace(config.rounds, rounds=2)), tmp_path / "parts").train()
    more = Student(config, tmp_path / "parts")
    more.restore()
    more.train()
    assert_same(learned(tmp_path / "whole"), learned(tmp_path / "parts"))


def test_a_student_told_by_its_teacher_resumes_bit_for_bit_too(tmp_path):
    config = configs.load(StudentConfig, resource("config/train/leap_so3_reinforced.yaml"))
    env = replace(config.env, num_envs=8, reset_pool=8, threads=1, episode_s=0.5)
    ppo = replace(config.tuning.ppo, horizon=8, minibatch=32, critic_hidden=(8,))
    config = replace(
        config, env=env, tuning=replace(config.tuning, ppo=ppo, critic_first=1, imitation=0.01),
        rounds=replace(config.rounds, rounds=3, steps=4, validation_attempts=1, validate_every=2),
        student=replace(config.student, hidden=(8,), memory_width=8), goal_timeout_s=0.3,
    )  # fmt: skip
    Student(config, tmp_path / "whole").train()
    Student(replace(config, rounds=replace(config.rounds, rounds=1)), tmp_path / "parts").train()
    more = Student(config, tmp_path / "parts")
    more.restore()
    more.train()
    assert_same(learned(tmp_path / "whole"), learned(tmp_path / "parts"))


def test_a_resumed_teacher_is_bit_for_bit_the_one_that_was_never_interrupted(tmp_path):
    config = load_config(resource("config/train/leap_so3.yaml"))
    config = replace(
        config, goal_timeout_s=0.5, total_steps=4 * 64 * 8, widths=replace(config.widths, redraw_updates=2),
        env=replace(config.env, num_envs=64, reset_pool=8, threads=1, episode_s=1.0),
        ppo=replace(config.ppo, horizon=8, minibatch=128, actor_hidden=(8,), critic_hidden=(8,)),
    )  # fmt: skip
    whole = Teacher(config, tmp_path / "whole")
    whole.train(quiet=True)
    Teacher(replace(config, total_steps=3 * 64 * 8), tmp_path / "parts").train(quiet=True)
    more = Teacher(config, tmp_path / "parts")
    more.restore(tmp_path / "parts" / CHECKPOINT, keep_progress=True)
    more.train(quiet=True)
    one, other = (read_checkpoint(tmp_path / run / CHECKPOINT, "teacher") for run in ("whole", "parts"))
    for content in (one, other):
        content["progress"].pop("seconds")
    assert_same(one, other)


def test_a_student_meets_other_hands_in_every_update_and_no_two_alike(tmp_path):
    student, met = Student(tiny(mended(), rounds=4), tmp_path / "run"), []
    update = student.reinforcement.tuner.update

    def watched(number):
        met.append(hidden_parameters(student.env.models, student.env.objects.nominal))
        return update(number)

    student.reinforcement.tuner.update = watched
    student.train()
    hands = np.concatenate(met)
    assert len(hands) == 4 * 8 and len(np.unique(hands.round(6), axis=0)) == 4 * 8


@pytest.mark.parametrize("name", ["leap_so3_student", "leap_so3_reinforced", "leap_yaw_student"])
def test_hands_of_a_student_differ_in_everything_that_is_drawn(name):
    config = configs.load(StudentConfig, resource(f"config/train/{name}.yaml"))
    env = replace(config, env=replace(config.env, num_envs=128, reset_pool=8, threads=1)).environment()
    hidden = hidden_parameters(env.models, env.objects.nominal)
    assert len(np.unique(hidden.round(6), axis=0)) == config.env.randomisation.copies == 64
    assert (np.ptp(hidden, axis=0) > 0.0).all()
    env.close()


def test_a_reinforced_run_says_how_near_goals_came_and_where_its_time_goes(tmp_path):
    Student(tiny(mended()), tmp_path / "run").train()
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [row["labels"] for row in rows] == [64, 128, 192, 256]
    shares = [rows[-1][f"share_{name}"] for name in ("simulation", "network", "learning")]
    assert sum(shares) == pytest.approx(1.0, abs=1e-4) and all(share > 0.0 for share in shares)
    assert 0.0 <= rows[-1]["within_0.2"] <= rows[-1]["within_0.4"] <= 1.0 and rows[-1]["steps_per_s"] > 0
    assert any(row["used"] < 1.0 for row in rows)  # some acted by the mean


def test_sigterm_leaves_a_checkpoint_of_a_reinforced_run(tmp_path):
    student = Student(tiny(mended(), rounds=1000), tmp_path / "run")
    update = student.reinforcement.update

    def interrupted(number):
        os.kill(os.getpid(), signal.SIGTERM)
        return update(number)

    student.reinforcement.update = interrupted
    student.train()
    assert learned(tmp_path / "run")["progress"]["rounds"] == 1


def test_exploration_goes_from_one_spread_to_another_and_the_task_gets_tighter(tmp_path):
    student = Student(tiny(mended(), rounds=6), tmp_path / "run")
    ppo, spread, stage = student.reinforcement.tuner.ppo, [], []
    update = ppo.update

    def watched(*arguments, **named):
        spread.append(float(ppo.actor.log_std[0].exp()))
        stage.append(student.env.task.success_rad)
        return update(*arguments, **named)

    ppo.update = watched
    student.train()
    assert spread[0] == pytest.approx(0.25) and spread[2] == pytest.approx((0.25 * 0.1) ** 0.5)
    assert spread[4] == pytest.approx(0.1) and spread[5] == pytest.approx(0.1)
    assert stage == [0.3, 0.3, 0.2, 0.2, 0.2, 0.2]


def test_an_exported_run_can_be_gone_on_with_and_its_id_does_not_depend_on_that(tmp_path):
    config = tiny(mended())
    student = Student(config, tmp_path / "run")
    student.train()
    manifest = export_run(tmp_path / "run", tmp_path / "bundle", current_limit_a=0.35)
    assert manifest.action.max_lead_rad == 0.5 and load_policy(tmp_path / "bundle")[0] == manifest
    more = Student(config, tmp_path / "more")
    assert more.warm_start(tmp_path / "bundle")
    own, theirs = (one.reinforcement.tuner.ppo for one in (student, more))
    for name, value in own.critic.state_dict().items():
        torch.testing.assert_close(theirs.critic.state_dict()[name], value, atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(theirs.actor.norm.count, own.actor.norm.count)
    ours, got = own.optimiser.state_dict()["state"], theirs.optimiser.state_dict()["state"]
    assert ours.keys() == got.keys()
    for number, state in ours.items():
        torch.testing.assert_close(got[number]["exp_avg_sq"].sqrt(), state["exp_avg_sq"].sqrt(), atol=1e-6, rtol=2e-3)
    before = bundle_id(tmp_path / "bundle")
    (tmp_path / "bundle/resume.npz").write_bytes(b"damaged")
    assert bundle_id(tmp_path / "bundle") == before
    with pytest.raises(BundleError, match=r"resume.npz is damaged"):
        Student(config, tmp_path / "other").warm_start(tmp_path / "bundle")


def changed_deep(config, **changes):
    """Returns a configuration with values replaced, as deep as the tables given."""
    values = {
        name: changed_deep(getattr(config, name), **value) if isinstance(value, dict) else value
        for name, value in changes.items()
    }
    return replace(config, **values)


@pytest.mark.parametrize(
    "group",
    [
        {"success": (), "angle_density": "flat", "goal_rad": (0.4, 3.14), "env": {"reward": {"late": -5.0}}},
        {
            "critic_sees": "teacher",
            "env": {"slow_goals": None},
            "tuning": {"ppo": {"gamma": 0.99, "gae_lambda": 0.95, "horizon": 4}},
        },
        {
            "redraw_updates": 0,
            "tuning": {"mean_first": None},
            "env": {"late_goes_on": 0.0, "noise": {"share": (1.0, 1.0)}},
        },
        {"policy": {"action": {"max_lead_rad": None}}, "tuning": {"ppo": {"final_std": 0.0, "beyond_clip": 0.0}}},
    ],
    ids=["success", "critic", "hands", "exploration"],
)
def test_each_group_of_changes_can_be_left_out(group, tmp_path):
    student = Student(changed_deep(tiny(mended(), rounds=2), **group), tmp_path / "run")
    before = student.actor.last[-1].weight.detach().clone()
    student.train()
    assert student.progress.rounds == 2 and not bool((student.actor.last[-1].weight == before).all())


def test_options_that_contradict_each_other_are_refused():
    config = mended()
    for change, said in (
        ({"tuning": replace(config.tuning, imitation=0.1)}, "nobody asks the teacher"),
        ({"method": "dagger"}, "critic_sees, success, redraw_updates are of method reinforced"),
    ):
        with pytest.raises(ConfigError, match=said):
            replace(config, **change)
    with pytest.raises(ConfigError, match="late_goes_on is 0.5"):
        replace(config.env, reward=replace(config.env.reward, late=0.0))
    with pytest.raises(ConfigError, match=r"no privileged term \['mass'\]; there are \['fingertips'"):
        tiny(replace(config, env=replace(config.env, privileged=("mass",)))).environment()
