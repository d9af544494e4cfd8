"""A run's folder says which kind of run it is; an older one is known by its checkpoint, and nothing is guessed."""

import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.training_run import CHECKPOINT, RUN_FILE, RunFile, read_run, save_run

LINE = b"\ndexterity_ros checkpoint 1 %s " + b"0" * 64 + b"\n"


def test_what_is_written_is_what_is_read(tmp_path):
    run = RunFile(kind="student", code_version="0.1.0", config={"seed": 3, "student": {"hidden": [4]}})
    save_run(tmp_path, run)
    assert read_run(tmp_path) == run


@pytest.mark.parametrize("kind", ["teacher", "student", "points", "learner"])
def test_an_older_run_is_known_by_the_last_line_of_its_checkpoint(tmp_path, kind):
    (tmp_path / "config.yaml").write_text("seed: 3\nteacher: this key does not decide\n")
    (tmp_path / CHECKPOINT).write_bytes(b"weights" * 100 + LINE % kind.encode())
    run = read_run(tmp_path)
    assert run.kind == kind and run.config["seed"] == 3


@pytest.mark.parametrize("kept", [None, b"", b"weights", LINE % b"gardener"])
def test_an_older_run_whose_checkpoint_does_not_say_is_refused_in_a_line(tmp_path, kept):
    (tmp_path / "config.yaml").write_text("seed: 3\n")
    if kept is not None:
        (tmp_path / CHECKPOINT).write_bytes(kept)
    with pytest.raises(ConfigError, match=r"has no run.yaml, and 'checkpoint.pt' does not say which kind") as refused:
        read_run(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_no_run_and_an_unknown_kind_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no file .*run\.yaml"):
        read_run(tmp_path)
    (tmp_path / RUN_FILE).write_text("kind: gardener\ncode_version: '1'\nconfig: {}\n")
    with pytest.raises(ConfigError, match=r"kind is 'gardener' \(str\), expected one of"):
        read_run(tmp_path)
