"""`dexterity train` takes what it uses and refuses the rest."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from dexterity_ros.cli.train import train
from dexterity_ros.contracts.errors import ConfigError


@pytest.mark.parametrize(
    ("what", "options", "said"),
    [
        ("student", {"steps": 5}, "train student has no --steps; it has --config, --run"),
        ("student", {"device": "cuda"}, "train student has no --device"),
        ("student", {"tensorboard": True}, "train student has no --tensorboard"),
        ("student", {"steps": 5, "device": "cuda"}, "train student has no --steps, --device"),
        ("teacher", {"corrections": (Path("bag"),)}, "train teacher has no --corrections"),
        ("teacher", {"seeds": 1}, "train teacher has no --seeds"),
        ("ablation", {"resume": True}, "train ablation has no --resume"),
        ("methods", {"steps": 5}, "train methods has no --steps"),
        ("dark-room", {"config": Path("x.yaml")}, "train dark-room has no --config"),
        ("slippery", {"warm_start": Path("run")}, "train slippery has no --warm-start"),
        ("teacher", {"resume": True, "warm_start": Path("run")}, "give one of them"),
    ],
)
def test_options_that_would_be_ignored_are_refused(what, options, said):
    with pytest.raises(ConfigError, match=said):
        train(what, **options)


@pytest.mark.parametrize("steps", [0, -5])
def test_steps_that_are_none_are_refused(steps, tmp_path):
    with pytest.raises(ConfigError, match=f"total_steps is {steps}, expected 1 to"):
        train("teacher", config=Path("config/train/smoke.yaml"), run=tmp_path / "run", steps=steps)
