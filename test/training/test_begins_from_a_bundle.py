"""A teacher that is told more than a bundle saw begins by doing what the bundle does."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.observation.builder import observation_spec
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import load_config

pytestmark = pytest.mark.training
FEW = 12
BUNDLE = data_root() / "models/policies/leap_so3"


@pytest.fixture(scope="module")
def config():
    whole = load_config(data_root() / "config/train/leap_points_teacher.yaml")
    env = replace(whole.env, object="family:first", num_envs=FEW, reset_pool=FEW, threads=1, randomisation=None)
    return replace(whole, env=env, widths=None, ppo=replace(whole.ppo, horizon=4, minibatch=48))


@pytest.fixture(scope="module")
def teacher(config, tmp_path_factory):
    made = Teacher(config, tmp_path_factory.mktemp("run"), threads=1)
    made.warm_start(BUNDLE)
    yield made
    made.env.close()


def columns(teacher):
    """Returns where the bundle's terms are among what the teacher sees."""
    widths, manifest = teacher.env.privileged_widths, load_policy(BUNDLE)[0]
    starts = dict(zip(widths, np.cumsum([0, *widths.values()]), strict=False))
    return np.concatenate([starts[term.name] + np.arange(term.width) for term in manifest.observation.terms])


def test_it_does_what_the_bundle_does_whatever_else_it_is_told(teacher):
    _, network = load_policy(BUNDLE)
    told = np.random.default_rng(0).normal(size=(8, teacher.env.privileged_width)).astype(np.float32)
    seen = np.ascontiguousarray(told[:, columns(teacher)])
    wanted, _ = network({"observation": seen}, np.zeros((8, 0), np.float32))
    with torch.no_grad():
        found = teacher.ppo.actor(torch.from_numpy(told), teacher.ppo.actor.begin(8))[0]
    np.testing.assert_allclose(found.numpy(), wanted["action"], atol=2e-4)


def test_terms_of_one_name_say_the_same_to_the_bundle_and_to_the_teacher(config):
    names = tuple(term.name for term in load_policy(BUNDLE)[0].observation.terms if not term.name.endswith("_vel"))
    policy = replace(config.policy, terms=names, max_age_s={"joint_states": 0.1, "object_pose": 0.2, "goal": 0.1})
    noise = type(config.env.noise)()
    made = replace(config, policy=policy, env=replace(config.env, privileged=names, noise=noise)).environment()
    assert observation_spec(names, 16, policy.max_age_s).width == made.privileged_width
    for _ in range(3):
        step = made.step(np.random.default_rng(1).normal(size=(FEW, 16)).astype(np.float32))
    np.testing.assert_allclose(step.observation, step.privileged, atol=1e-6)
    made.close()


def test_it_learns_of_what_the_bundle_did_not_see(config, tmp_path):
    made = Teacher(replace(config, total_steps=2 * 4 * FEW, critic_first=0), tmp_path, threads=1)
    made.warm_start(BUNDLE)
    others = np.setdiff1d(np.arange(made.env.privileged_width), columns(made))
    assert not made.ppo.actor.body[0].weight[:, others].any()
    made.train(quiet=True)
    assert made.ppo.actor.body[0].weight[:, others].any()
    made.env.close()


def test_its_critic_learns_alone_at_first(config, tmp_path):
    made = Teacher(replace(config, total_steps=2 * 4 * FEW, critic_first=1), tmp_path, threads=1)
    made.warm_start(BUNDLE)
    actor, critic = (network.body[0].weight.clone() for network in (made.ppo.actor, made.ppo.critic))
    made.begin()
    made.train_until(4 * FEW)
    assert torch.equal(made.ppo.actor.body[0].weight, actor)
    assert not torch.equal(made.ppo.critic.body[0].weight, critic)
    made.train_until(8 * FEW)
    assert not torch.equal(made.ppo.actor.body[0].weight, actor)
    made.env.close()


def test_a_teacher_that_is_told_less_than_the_bundle_saw_is_refused(config, tmp_path):
    less = tuple(name for name in config.env.privileged if name != "object_pos")
    made = Teacher(replace(config, env=replace(config.env, privileged=less)), tmp_path, threads=1)
    with pytest.raises(BundleError, match=r"leap_so3 sees \['object_pos'\]"):
        made.warm_start(BUNDLE)
    made.env.close()


def test_layers_of_another_size_are_named(config, tmp_path):
    made = Teacher(replace(config, ppo=replace(config.ppo, actor_hidden=(64, 32))), tmp_path, threads=1)
    with pytest.raises(BundleError, match=r"body.0.weight .* expected \(64, "):
        made.warm_start(BUNDLE)
    made.env.close()
