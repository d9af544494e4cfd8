"""What was recorded on a hand becomes a policy that runs through the same pipeline, whatever learned it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.contracts.sources import JOINTS
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick, load_pipeline
from dexterity_ros.training.checkpoint import TrainingError
from dexterity_ros.training.export import export_run
from dexterity_ros.training.learners.data_run import DataConfig, DataRun
from dexterity_ros.training.learners.recorded import episodes_of

pytestmark = pytest.mark.training
T, NOW = 50_000_000, 1_000_000_000_000
SMALL = {"horizon": 4, "width": 16, "heads": 2, "layers": 1}
LEARNERS = {
    "gaussian": ("cloning", {"head": "gaussian", "hidden": [16]}, {"executed": 1, "delay": 0, "late": 0}),
    "mixture": ("cloning", {"head": "mixture", "hidden": [16]}, {"executed": 1, "delay": 0, "late": 0}),
    "act": ("act", {**SMALL, "latent": 2}, {"executed": 1, "delay": 1, "late": 1, "blend": "ensemble"}),
    "diffusion": (
        "diffusion",
        {**SMALL, "network": "flat", "sampling_steps": 2},
        {"executed": 2, "delay": 1, "late": 1, "blend": "prefix"},
    ),
    "flow": (
        "flow",
        {**SMALL, "network": "flat", "sampling_steps": 2},
        {"executed": 2, "delay": 1, "late": 1, "blend": "prefix"},
    ),
}


def config_of(name, **changes):
    kind, settings, run_as = LEARNERS[name]
    content = {
        "like": "models/policies/leap_so3_mended",
        "learner": {"kind": kind, "settings": settings},
        "trainer": {"updates": 4, "minibatch": 8, "learning_rate": 0.001},
        "run_as": run_as,
    }
    return configs.from_mapping(DataConfig, content | changes, where="test")


@pytest.fixture(scope="module")
def source():
    return shipped("models/policies/leap_so3_mended")


@pytest.fixture
def run_of_hand(source, leap, inputs_at):
    """Ticks of a shipped policy on a hand that is where it was told to be."""
    pipeline = load_pipeline(source, leap)
    pipeline.recovery = None
    inputs, ticks = inputs_at(NOW), []
    for k in range(40):
        now = NOW + k * T
        if k == 25:
            pipeline.reset()
        inputs = type(inputs)({s.name: replace(inputs[s], stamp_ns=now) for s in inputs.sources})
        tick = pipeline.step(inputs, now)
        assert isinstance(tick, Tick)
        ticks.append(tick.record(reset=1 if k < 25 else 2))
        inputs = inputs.having(JOINTS, replace(inputs[JOINTS], pos_rad=tick.target.pos_rad))
    return ticks


def episodes(ticks, config):
    spec, action = config.observation(), config.decoded_by()
    return episodes_of(ticks, spec, action, config.hand, period_s=0.05)


def test_the_observations_are_those_that_the_policy_saw_and_the_actions_those_it_took(run_of_hand):
    found = episodes(run_of_hand, config_of("gaussian"))
    assert [len(actions) for _, actions in found] == [25, 15]
    seen = np.concatenate([seen for seen, _ in found])
    np.testing.assert_array_equal(seen, np.stack([tick.observation for tick in run_of_hand]))
    done = np.concatenate([actions for _, actions in found])
    np.testing.assert_array_equal(done, np.stack([tick.raw_action for tick in run_of_hand]))


def test_what_a_person_led_becomes_the_action_that_ends_there(run_of_hand):
    led = [replace(tick, outputs={"action": np.zeros(16, np.float32)}, led=True) for tick in run_of_hand[:25]]
    (_, done), *_ = episodes(led, config_of("gaussian"))
    moves = np.stack([b.target.pos_rad - a.target.pos_rad for a, b in pairwise(led)])
    np.testing.assert_allclose(0.2 * done[1:], moves, atol=1e-6)


def test_absolute_actions_are_the_recorded_targets(run_of_hand):
    action = {"mode": "absolute", "scale_rad": 2.0, "clip": 1.0, "ema": 1.0}
    config = config_of("gaussian", action=action)
    (_, done), *_ = episodes(run_of_hand, config)
    middle = 0.5 * (config.hand.lower_rad + config.hand.upper_rad)
    np.testing.assert_allclose(middle + 2.0 * done[3], run_of_hand[3].target.pos_rad, atol=1e-6)


def test_a_gap_ends_an_episode(run_of_hand):
    config = config_of("gaussian")
    found = episodes([*run_of_hand[:10], *run_of_hand[13:25]], config)
    assert [len(actions) for _, actions in found] == [10, 12]


def test_samples_that_were_not_recorded_are_named(run_of_hand):
    blind = [replace(tick, inputs=tick.inputs.only((JOINTS,))) for tick in run_of_hand]
    with pytest.raises(ConfigError, match=r"needs \['object_pose', 'goal'\], which was not recorded"):
        episodes(blind, config_of("gaussian"))
    joints_only = config_of("gaussian", terms=["joint_pos", "last_action"])
    assert len(episodes(blind, joints_only)) == 2


@pytest.fixture
def exported(request, run_of_hand, tmp_path):
    config = config_of(request.param)
    DataRun(config, episodes(run_of_hand, config), tmp_path / "run").train()
    export_run(tmp_path / "run", tmp_path / request.param, current_limit_a=0.3)
    return tmp_path / request.param


@pytest.mark.parametrize("exported", LEARNERS, indirect=True)
def test_what_was_learned_is_a_bundle_that_runs_and_is_repeated(exported, leap, inputs_at):
    manifest, network = load_policy(exported)
    assert manifest.kind == "chunk" and manifest.current_limit_a == 0.3 and manifest.task == "so3"
    pipeline, again = (PolicyPipeline(manifest, network, leap) for _ in range(2))
    ticks = [pipeline.step(inputs_at(NOW + k * T), NOW + k * T) for k in range(12)]
    assert all(isinstance(tick, Tick) for tick in ticks[manifest.chunk.delay :])
    for tick in ticks[manifest.chunk.delay :]:
        repeated = again.step(tick.inputs, tick.target.stamp_ns, repeating=tick.use)
        np.testing.assert_array_equal(repeated.target.pos_rad, tick.target.pos_rad)


@pytest.mark.parametrize("exported", ["flow", "diffusion"], indirect=True)
def test_what_will_be_done_meanwhile_stands_in_the_next_chunk(exported):
    manifest, network = load_policy(exported)
    rng = np.random.default_rng(0)
    given = {name: rng.uniform(-0.5, 0.5, (1, *shape)).astype(np.float32) for name, shape in manifest.inputs.items()}
    free = network({**given, "prefix_weight": np.zeros((1, 4), np.float32)}, np.zeros((1, 0), np.float32))[0]["chunk"]
    firm = np.array([[1.0, 1.0, 0.0, 0.0]], np.float32)
    held = network({**given, "prefix_weight": firm}, np.zeros((1, 0), np.float32))[0]["chunk"]
    within = np.abs(held[0, :2] - given["prefix"][0, :2])
    assert np.median(within) < 1e-4, "but for what lies outside the range of the demonstrations"
    assert np.abs(free[0, :2] - given["prefix"][0, :2]).max() > 1e-2


@pytest.mark.parametrize("name", ["act", "mixture"])
def test_only_learners_that_can_go_on_from_a_prefix_are_run_so(name, run_of_hand, tmp_path):
    config = config_of(name, run_as={**LEARNERS[name][2], "blend": "prefix"})
    with pytest.raises(ConfigError, match="blend is prefix, which diffusion and flow can do"):
        DataRun(config, episodes(run_of_hand, config), tmp_path)


def test_a_run_that_learned_nothing_of_a_hand_is_refused(tmp_path):
    (tmp_path / "data.yaml").write_text("like: nobody\n")
    with pytest.raises((TrainingError, ConfigError)):
        export_run(tmp_path, tmp_path / "bundle", current_limit_a=0.3)


def test_a_learner_without_its_other_policy_is_refused():
    config = config_of("gaussian", like="models/policies/nobody")
    with pytest.raises(ConfigError, match="nobody"):
        config.observation()


def test_it_goes_on_where_it_stopped(run_of_hand, tmp_path):
    config = config_of("act")
    whole = DataRun(config, episodes(run_of_hand, config), tmp_path / "whole")
    whole.train()
    first = DataRun(config, episodes(run_of_hand, config), tmp_path / "parts")
    first.trainer.train(until=2)
    second = DataRun(config, episodes(run_of_hand, config), tmp_path / "parts")
    second.trainer.restore()
    second.train()
    for one, other in zip(whole.trainer.average.parameters(), second.trainer.average.parameters(), strict=True):
        assert torch.equal(one, other)
