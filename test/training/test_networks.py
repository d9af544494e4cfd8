"""Actors with and without memory, gaussian and in bins: one interface, the same numbers step by step and in a row."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.training.export import export_run
from dexterity_ros.training.networks import Actor, ActorConfig, Bins, Gaussian
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import load_config

pytestmark = pytest.mark.training
MEMORIES = ["none", "stack", "gru", "lstm"]
HEADS = ["gaussian", "bins"]


def actor(memory="none", head="gaussian"):
    torch.manual_seed(0)
    made = Actor(7, 3, ActorConfig(hidden=(16,), memory=memory, memory_width=8, head=head))
    made.norm.update(torch.randn(100, 7))
    return made


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("head", HEADS)
def test_a_sequence_is_the_same_as_its_steps_and_an_end_clears_the_memory(memory, head):
    made = actor(memory, head)
    seen, done = torch.randn(6, 5, 7), torch.zeros(6, 5)
    done[2, 1] = done[4, 3] = 1.0
    state = made.begin(5)
    together = made.sequence(seen, state, done)
    for t in range(6):
        alone, state = made.parameters_of(seen[t], state)
        torch.testing.assert_close(alone, together[t])
        state = state * (1.0 - done[t])[:, None]
    fresh = made.sequence(seen[3:], made.begin(5), done[3:])
    torch.testing.assert_close(fresh[:, 1], together[3:, 1])
    if memory != "none":
        assert (fresh[0, 0] - together[3, 0]).abs().max() > 1e-4


def test_a_stack_sees_as_many_observations_as_it_says():
    made = Actor(7, 3, ActorConfig(hidden=(16,), memory="stack", stack=3))
    seen, done = torch.randn(6, 1, 7), torch.zeros(6, 1)
    whole = made.sequence(seen, made.begin(1), done)
    seen[2] += 1.0
    changed = (made.sequence(seen, made.begin(1), done) - whole).abs().amax(dim=(1, 2)) > 1e-6
    assert changed.tolist() == [False, False, True, True, True, False]


@pytest.mark.parametrize("head", HEADS)
def test_log_probabilities_entropy_and_divergence_are_those_of_the_samples(head):
    made = actor(head=head)
    parameters = made.parameters_of(torch.randn(1, 7), made.begin(1))[0] * 20.0
    here = made.distribution(parameters.expand(200_000, -1))
    other = made.distribution((parameters + 0.2 * torch.randn_like(parameters)).expand(200_000, -1))
    action = here.sample()
    assert -here.log_prob(action).mean().item() == pytest.approx(here.entropy()[0].item(), rel=0.02)
    sampled = (here.log_prob(action) - other.log_prob(action)).mean().item()
    assert other.kl(here.packed())[0].item() == pytest.approx(sampled, rel=0.1, abs=0.01)
    assert here.kl(here.packed()).abs().max() < 1e-5


def test_bins_act_only_in_their_values_and_the_likeliest_is_exported():
    made = actor(head="bins")
    values = torch.linspace(-1.0, 1.0, 11)
    parameters, _ = made.parameters_of(torch.randn(50, 7), made.begin(50))
    samples = made.distribution(parameters * 30).sample()
    assert torch.isin(samples, values).all() and isinstance(made.distribution(parameters), Bins)
    likeliest, _ = made(torch.randn(50, 7), made.begin(50))
    assert torch.isin(likeliest, values).all()
    assert isinstance(actor().distribution(torch.zeros(2, 3)), Gaussian)


@pytest.fixture(scope="module")
def small():
    config = load_config(resource("config/train/leap_yaw.yaml"))
    env = replace(config.env, num_envs=16, reset_pool=16, threads=1)
    ppo = replace(config.ppo, minibatch=64, horizon=8, actor_hidden=(16,), critic_hidden=(16,), actor_memory_width=8)
    return replace(config, env=env, ppo=ppo, total_steps=2 * 16 * 8)


@pytest.mark.parametrize(
    ("memory", "head"), [("gru", "gaussian"), ("lstm", "bins"), ("none", "bins"), ("stack", "gaussian")]
)
def test_every_kind_trains_exports_and_runs_through_the_robots_pipeline(small, tmp_path, leap, inputs_at, memory, head):
    config = replace(small, ppo=replace(small.ppo, actor_memory=memory, actor_head=head))
    Teacher(config, tmp_path / "run").train(quiet=True)
    manifest = export_run(tmp_path / "run", tmp_path / "bundle", current_limit_a=0.35)
    assert (manifest.kind, manifest.state_width) == {
        "gru": ("recurrent", 8),
        "lstm": ("recurrent", 16),
        "stack": ("recurrent", 264),
    }.get(memory, ("step", 0))
    loaded, network = load_policy(tmp_path / "bundle")
    pipeline = PolicyPipeline(loaded, network, leap)

    def actions(count):
        ticks = [pipeline.step(inputs_at(k * 50_000_000), k * 50_000_000) for k in range(1, count + 1)]
        return np.stack([tick.raw_action for tick in ticks])

    first = actions(4)
    pipeline.reset()
    np.testing.assert_array_equal(actions(4), first)  # a reset clears the memory
    if memory == "gru":
        assert np.abs(np.diff(first, axis=0)).max() > 0.0  # the same input again is answered differently
    with pytest.raises(BundleError, match="has a state of"):
        replace(manifest, state_width=0 if manifest.state_width else 5)
