"""`dexterity completion` prints what a shell can use."""

import shutil
import subprocess

import pytest

from dexterity_ros.cli.main import dispatch

ASK = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tyro_dexterity; echo "${COMPREPLY[@]}"'


@pytest.fixture
def complete(tmp_path, capsys):
    if shutil.which("bash") is None:
        pytest.skip("no bash here")
    assert dispatch(["completion", "bash"]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)

    def ask(*words):
        command = ["bash", "-c", ASK, "bash", str(tmp_path / "script"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    return ask


def test_bash_completes_commands_their_sub_commands_and_options(complete):
    assert complete("dexterity", "eva") == ["evaluate"]
    assert complete("dexterity", "train", "te") == ["teacher"]
    assert complete("dexterity", "demo", "--goa") == ["--goals", "--goal-rad"]
    assert complete("dexterity", "hand", "jog", "--by") == ["--by-rad"]


def test_zsh_gets_a_function_of_its_own(capsys):
    assert dispatch(["completion", "zsh"]) == 0
    assert capsys.readouterr().out.startswith("#compdef dexterity")
