"""The one trainer: it goes on exactly where it stopped, and says what it needs."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.training.checkpoint import TrainingError
from dexterity_ros.training.learners.demonstrations import Demonstrations
from dexterity_ros.training.learners.kinds import LearnerConfig
from dexterity_ros.training.learners.trainer import Trainer, TrainerConfig, load_learner

pytestmark = pytest.mark.training
SMALL = {"horizon": 2, "width": 8, "heads": 2, "layers": 1}
LEARNERS = {
    "mixture": LearnerConfig(kind="cloning", settings={"head": "mixture", "hidden": [8]}),
    "act": LearnerConfig(kind="act", settings=SMALL),
    "diffusion": LearnerConfig(kind="diffusion", settings=SMALL),
    "flow": LearnerConfig(kind="flow", settings={**SMALL, "network": "flat"}),
}


def demonstrations():
    rng = np.random.default_rng(0)
    draw = rng.normal(size=(10, 6, 3)).astype(np.float32)
    return Demonstrations([(one[:, :2], one[:, 2:]) for one in draw])


def trainer(made_of, run, **changes):
    settings = {"updates": 12, "minibatch": 16, "learning_rate": 1e-2, "warmup": 3, "log_every": 4} | changes
    return Trainer(made_of, TrainerConfig(**settings), demonstrations(), run)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_run_that_was_stopped_ends_bit_by_bit_as_one_that_was_not(name, tmp_path):
    whole = trainer(LEARNERS[name], tmp_path / "whole").train()
    trainer(LEARNERS[name], tmp_path / "stopped").train(until=5)
    torch.rand(17)  # something else draws meanwhile
    again = trainer(LEARNERS[name], tmp_path / "stopped")
    again.restore()
    assert again.updates == 5
    for key, value in again.train().state_dict().items():
        assert torch.equal(value, whole.state_dict()[key]), key
    for key, value in load_learner(tmp_path / "stopped").state_dict().items():
        assert torch.equal(value, whole.state_dict()[key]), key


def test_a_seed_is_a_run_and_another_seed_another(tmp_path):
    made = [trainer(LEARNERS["mixture"], tmp_path / str(k), seed=seed).train() for k, seed in enumerate((4, 4, 5))]
    first, same, other = (torch.cat([p.flatten() for p in learner.parameters()]) for learner in made)
    assert torch.equal(first, same) and not torch.equal(first, other)


def test_the_log_has_the_curve_to_the_last_update(tmp_path):
    trainer(LEARNERS["act"], tmp_path).train(until=10)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["updates"] for row in rows] == [4, 8, 10] and all(np.isfinite(row["loss"]) for row in rows)


def test_the_average_follows_the_network_and_lags_behind(tmp_path):
    made = trainer(LEARNERS["mixture"], tmp_path, average_power=0.0)
    made.train()
    for averaged, newest in zip(made.average.parameters(), made.learner.parameters(), strict=True):
        torch.testing.assert_close(averaged, newest)
    config = TrainerConfig(updates=10, minibatch=1, learning_rate=1e-3)
    assert config.kept(0) == 0.0 and 0.5 < config.kept(10) < config.kept(10_000) < config.kept(10**9) == 0.9999


def test_the_learning_rate_rises_and_falls_to_nothing():
    config = TrainerConfig(updates=100, minibatch=1, learning_rate=1.0, warmup=10)
    rates = [config.rate(k) for k in range(100)]
    assert rates[0] == 0.1 and max(rates) == rates[10] == 1.0 and rates[99] < 0.01
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(tmp_path):
    made = trainer(LEARNERS["mixture"], tmp_path)
    made.train(until=4)
    before = (tmp_path / CHECKPOINT).read_bytes()
    with torch.no_grad():
        next(made.learner.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="the loss is nan at update 8; the last checkpoint is kept"):
        made.train()
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_the_checkpoint_of_another_network_is_refused(tmp_path):
    trainer(LEARNERS["act"], tmp_path).train(until=1)
    with pytest.raises(TrainingError, match="has another shape than this configuration's"):
        trainer(LEARNERS["flow"], tmp_path).restore()
