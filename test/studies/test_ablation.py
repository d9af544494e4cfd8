"""An ablation leaves out what its name says and nothing else."""

from dataclasses import asdict, replace

import pytest

pytest.importorskip("torch")

from dexterity_ros.contracts.resources import resource
from dexterity_ros.studies.ablation import ARMS, arm
from dexterity_ros.training.teacher_config import load_config


@pytest.fixture(scope="module")
def base():
    return load_config(resource("config/train/ablation.yaml"))


def changed(base, name):
    before, after = asdict(base.env.noise), asdict(arm(base, name, 3, 10).env.noise)
    return {key for key in before if before[key] != after[key]}


def test_every_kind_of_noise_belongs_to_one_part_only(base):
    seen, unmodelled = changed(base, "no observation noise"), changed(base, "no unmodelled effects")
    assert seen and unmodelled and not seen & unmodelled
    assert seen | unmodelled == {k for k, v in asdict(base.env.noise).items() if v} - {"freeze_s", "push_s", "share"}


def test_without_physics_every_hand_is_the_same_and_samples_are_as_noisy(base):
    config = arm(base, "no physics", 3, 10)
    assert config.env.noise == base.env.noise
    assert set(map(str, asdict(config.env.randomisation).values())) == {
        str(base.env.randomisation.copies),
        "0.0",
        "(1.0, 1.0)",
    }


def test_memory_changes_the_actor_only(base):
    config = arm(base, "all, LSTM", 3, 10)
    assert config.ppo.actor().memory == "lstm"
    assert replace(config, ppo=base.ppo, seed=base.seed, total_steps=base.total_steps) == base


def test_all_arms_have_the_seed_and_budget_they_are_given(base):
    assert {(arm(base, name, 7, 123).seed, arm(base, name, 7, 123).total_steps) for name in ARMS} == {(7, 123)}
