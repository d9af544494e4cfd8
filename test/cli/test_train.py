"""`dexterity train` refuses, in one line, what cannot be done; nothing is built before."""

import pytest

pytest.importorskip("torch")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import ConfigError

SMOKE = ("--config", "config/train/smoke.yaml")
STUDENT = ("--config", "config/train/leap_yaw_student.yaml")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["teacher", *SMOKE, "--resume", "--warm-start", "run"], "give one of them"),
        (["student", *SMOKE, "--resume", "--warm-start", "run"], "give one of them"),
        (["student", *SMOKE, "--corrections", "bag"], "--corrections are of a policy that acts already"),
        (["teacher"], "train teacher needs --config; there are config/train/ablation.yaml"),
        (["student"], "train student needs --config; there are config/train/ablation.yaml"),
        (["slippery", "--seeds", "0"], "--seeds is 0, expected 1 or more"),
        (["ablation", "--seeds", "-1"], "--seeds is -1, expected 1 or more"),
        (["teacher", *SMOKE, "--device", "nonsense"], "--device is 'nonsense'; torch has cpu"),
        (["teacher", *SMOKE, "--workers", "2"], "--workers 2 are of a Ray cluster: give --ray local, or its address"),
        (["student", *STUDENT, "--ray", "local"], "--ray gathers rollouts of method reinforced; method is dagger"),
        (["two-ways", "--seeds", "0"], "--seeds is 0, expected 1 or more"),
        (["two-ways", "--device", "nonsense"], "--device is 'nonsense'; torch has cpu"),
        (["ablation", "--device", "nonsense"], "--device is 'nonsense'; torch has cpu"),
        (["teacher", *SMOKE, "--device", "cuda:99"], "--device is 'cuda:99'; torch has cpu"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_built(words, said, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(ConfigError, match=said) as refused:
        dispatch(["train", *words, "--run", str(run)])
    assert "\n" not in str(refused.value) and not run.exists()


@pytest.mark.parametrize("steps", [0, -5])
def test_steps_that_are_none_are_refused(steps, tmp_path):
    with pytest.raises(ConfigError, match=f"total_steps is {steps}, expected 1 to"):
        dispatch(["train", "teacher", *SMOKE, "--run", str(tmp_path / "run"), "--steps", str(steps)])


def test_a_folder_with_a_run_is_not_trained_over(tmp_path):
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(ConfigError, match="already holds a run: give --resume to go on with it, or another --run"):
        dispatch(["train", "teacher", *SMOKE, "--run", str(tmp_path)])
