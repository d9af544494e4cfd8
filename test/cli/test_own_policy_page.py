"""docs/own_policy.md, followed to the letter: its commands and its contract bring a policy with nothing but weights."""

import shlex
import shutil
import sys

import onnx
import pytest

from dexterity_ros.cli.main import main
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import data_root, shipped

PAGE = (data_root() / "docs" / "own_policy.md").read_text()


def block(kind: str) -> str:
    """The first block of a kind on the page."""
    return PAGE.split(f"```{kind}\n", 1)[1].split("```", 1)[0]


COMMANDS = [shlex.split(line, comments=True)[1:] for line in block("sh").splitlines()]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a policy as another program would leave it: ports of its own, no word about anything."""
    model = onnx.load(str(shipped("models/policies/leap_so3") / "policy.onnx"))
    for node in model.graph.node:
        node.input[:] = ["obs" if name == "observation" else name for name in node.input]
        node.output[:] = ["actions" if name == "action" else name for name in node.output]
    model.graph.input[0].name, model.graph.output[0].name = "obs", "actions"
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / "my_policy.onnx"))
    (tmp_path / "my_contract.yaml").write_text(block("yaml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(words: list[str]) -> int:
    """The status of a command, as a shell sees it."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(sys, "argv", ["dexterity", *words])
        main()
    return int(ended.value.code or 0)


def test_the_page_brings_a_foreign_policy(folder, capsys):
    listed, imported, checked, *_ = COMMANDS
    assert run(listed) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert all(name in said for name in ("joint_order", "control_rate_hz", "observation", "action.mode", "latency_s"))
    assert run(imported) == 0
    manifest = load_manifest(folder / "models/policies/mine")
    assert set(manifest.unverified) == {"latency_s", "joint_sign", "base_quat_wxyz", "training_range"}
    capsys.readouterr()
    assert run(checked) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "joint_sign" in said and "allow_unverified:=true" in said and "elsewhere: ONNX" in said


@pytest.mark.slow
def test_the_page_probes_and_judges_it(folder, capsys):
    for command in COMMANDS[1:]:
        assert run(command) == 0, command
    said = " ".join(capsys.readouterr().out.split())
    assert "behaves as its manifest says" in said


def test_an_imported_bundle_is_not_overwritten(folder, capsys):
    assert run(COMMANDS[1]) == 0
    assert run(COMMANDS[1]) == 2
    assert "is a bundle already" in " ".join(capsys.readouterr().err.split())


def test_a_folder_that_is_no_bundle_is_refused(folder, capsys):
    shutil.copytree(folder, folder / "other")
    assert run(["import", "policy", "other", "--probe"]) == 2
    assert "not a policy bundle" in " ".join(capsys.readouterr().err.split())
