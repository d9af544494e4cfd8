"""Every learner says one of two things where only both were shown; least squares says what nobody did."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.training.learners.demonstrations import Demonstrations
from dexterity_ros.training.learners.kinds import KINDS, LearnerConfig
from dexterity_ros.training.learners.learner import MinMax
from dexterity_ros.training.learners.trainer import Trainer, TrainerConfig

pytestmark = pytest.mark.training
SMALL = {"horizon": 2, "width": 16, "heads": 2, "layers": 1}
MANY_MODED = {
    "bins": LearnerConfig(kind="cloning", settings={"head": "bins", "hidden": [16], "bins": 5}),
    "mixture": LearnerConfig(kind="cloning", settings={"head": "mixture", "hidden": [16], "modes": 3}),
    "act": LearnerConfig(kind="act", settings={**SMALL, "latent": 2, "kl": 0.05}),
    "diffusion": LearnerConfig(kind="diffusion", settings={**SMALL, "layers": 2}),
    "flow": LearnerConfig(kind="flow", settings={**SMALL, "network": "flat", "width": 32}),
}
GAUSSIAN = LearnerConfig(kind="cloning", settings={"head": "gaussian", "hidden": [16]})
LEARNERS = {"gaussian": GAUSSIAN} | MANY_MODED


def two_moded(count=400, seed=0):
    """Returns episodes of two steps: the same is seen, either +3 or -3 is done, twice, around 100."""
    rng = np.random.default_rng(seed)
    side = np.where(np.arange(count) % 2, 3.0, -3.0)[:, None, None]
    actions = 100.0 + side + 0.1 * rng.normal(size=(count, 2, 1))
    seen = rng.uniform(5.0, 6.0, size=(count, 2, 1))
    return [(s.astype(np.float32), a.astype(np.float32)) for s, a in zip(seen, actions, strict=True)]


def trained(made_of, run, updates=200, until=None, **changes):
    config = TrainerConfig(updates=updates, minibatch=64, learning_rate=5e-3, **changes)
    trainer = Trainer(made_of, config, Demonstrations(two_moded()), run)
    trainer.train(until)
    return trainer


@torch.no_grad()
def said(learner, count=400):
    torch.manual_seed(1)
    return learner(torch.full((count, 1), 5.5), learner.begin(count))[:, 0, 0] - 100.0


@pytest.mark.parametrize("name", MANY_MODED)
def test_a_learner_of_many_modes_says_one_of_two_and_each_about_as_often(name, tmp_path):
    updates = 800 if MANY_MODED[name].settings.get("network") == "flat" else 200  # fast ones, but many of them
    action = said(trained(MANY_MODED[name], tmp_path, updates).average)
    assert ((action.abs() - 3.0).abs() < 1.0).float().mean() > 0.9
    assert 0.3 < (action > 0.0).float().mean() < 0.7


def test_least_squares_says_the_mean_of_two_which_nobody_did(tmp_path):
    assert said(trained(GAUSSIAN, tmp_path).average).abs().max() < 1.0


@pytest.mark.parametrize("name", LEARNERS)
def test_the_same_noise_says_the_same_and_normalisation_is_inside(name):
    shown = Demonstrations(two_moded(20))
    torch.manual_seed(0)
    learner = LEARNERS[name].learner(1, 1)
    observation, noise = torch.rand(7, 1) + 5.0, torch.randn(7, learner.noise_width)
    learner.fit_ranges(shown)
    first, again = learner(observation, noise), learner(observation, noise)
    assert torch.equal(first, again) and first.shape == (7, learner.horizon, 1)
    inner = learner.chunk((observation - learner.seen_range.centre) / learner.seen_range.radius, noise)
    torch.testing.assert_close(first, learner.action_range.undo(inner))
    assert {"seen_range.centre", "seen_range.radius", "action_range.centre", "action_range.radius"} <= set(
        learner.state_dict()
    )


def test_the_range_becomes_one_and_what_hardly_varies_is_only_shifted():
    norm = MinMax(3)
    norm.fit(torch.tensor([[0.0, 7.0, -1.0], [10.0, 7.0, 3.0]]))
    shown = torch.tensor([[0.0, 7.0, -1.0], [10.0, 7.5, 3.0]])
    torch.testing.assert_close(norm(shown), torch.tensor([[-1.0, 0.0, -1.0], [1.0, 0.5, 1.0]]))
    torch.testing.assert_close(norm.undo(norm(shown)), shown)


def test_a_chunk_ends_with_its_episode():
    episodes = [
        (np.arange(3.0)[:, None], np.arange(3.0)[:, None] + 10.0),
        (np.arange(2.0)[:, None], np.arange(2.0)[:, None] + 20.0),
    ]
    part = Demonstrations(episodes).chunks(torch.tensor([1, 3]), 3)
    assert part.actions[..., 0].tolist() == [[11.0, 12.0, 12.0], [20.0, 21.0, 21.0]]
    assert part.valid.tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]


@pytest.mark.parametrize("name", ["act", "bins", "mixture"])
def test_what_stands_behind_the_end_of_an_episode_is_not_learned(name):
    torch.manual_seed(0)
    learner = LEARNERS[name].learner(1, 1)
    seen, actions, valid = torch.zeros(6, 1), torch.randn(6, learner.horizon, 1), torch.ones(6, learner.horizon)
    valid[3:, -1] = 0.0
    other = torch.where(valid[..., None] > 0.0, actions, actions + 0.5)
    errors = []
    for shown in (actions, other):
        torch.manual_seed(2)
        errors.append(learner.error(seen, shown, valid))
    torch.testing.assert_close(errors[0], errors[1])


@pytest.mark.parametrize(
    ("episodes", "said"),
    [
        ([], "there are 0 demonstrations"),
        ([(np.zeros((3, 2)), np.zeros((2, 1)))], r"demonstration 0 has the shapes \(3, 2\) and \(2, 1\), expected"),
        ([(np.full((3, 2), np.nan), np.zeros((3, 1)))], "demonstration 0 holds numbers that are not finite"),
    ],
)
def test_demonstrations_that_are_none_are_refused(episodes, said):
    with pytest.raises(ConfigError, match=said):
        Demonstrations(episodes)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("magic", {}, "kind is 'magic'; there are " + ", ".join(KINDS)),
        ("act", {"horizon": 4, "depth": 3}, "settings.depth is not a known key"),
        ("act", {"horizon": 4, "width": 10, "heads": 4}, "width is 10 and heads 4: expected a width that 4 divides"),
    ],
)
def test_a_learner_that_cannot_be_is_refused(kind, settings, said):
    with pytest.raises(ConfigError, match=said):
        LearnerConfig(kind=kind, settings=settings).learner(1, 1)


@pytest.mark.parametrize("name", ["mixture", "diffusion"])
def test_the_network_file_takes_and_says_physical_units_and_holds_the_whole_sampling(name, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    settings = {**MANY_MODED[name].settings, **({"sampling_steps": 2, "layers": 1} if name == "diffusion" else {})}
    learner = LearnerConfig(kind=MANY_MODED[name].kind, settings=settings).learner(1, 1).eval()
    learner.fit_ranges(Demonstrations(two_moded(20)))
    inputs = {"observation": torch.rand(3, 1) + 5.0, "noise": torch.randn(3, learner.noise_width)}
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.onnx.export(
        learner, tuple(inputs.values()), dynamo=True, opset_version=18, input_names=list(inputs),
        output_names=["action"], dynamic_shapes=({0: batch}, {0: batch}), verbose=False,
    )  # fmt: skip
    program.save(str(tmp_path / "policy.onnx"))
    session = onnxruntime.InferenceSession(str(tmp_path / "policy.onnx"), providers=["CPUExecutionProvider"])
    (action,) = session.run(None, {key: value.numpy() for key, value in inputs.items()})
    torch.testing.assert_close(torch.from_numpy(action), learner(**inputs).detach(), atol=1e-4, rtol=1e-5)
    assert action.min() > 90.0 and action.max() < 110.0
