"""A file that an argument names is refused before any node is started, and the message names the file."""

import pytest

from dexterity_ros.cli.options.trials import TrialsOptions
from dexterity_ros.cli.options.up import UpOptions
from dexterity_ros.cli.trials import trials
from dexterity_ros.cli.up import up
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.systems.named_files import check_files
from dexterity_ros.systems.spec import load_system

BAD = [
    ("camera:=./camera.yaml", "camera.yaml"),
    ("camera:=mine", "mine.*demo"),
    ("robot:=robot.yaml", "robot.yaml"),
    ("leader_robot:=second.yaml", "second.yaml"),
    ("hand:=mine", "mine.*leap"),
    ("hand:=dclaw", "leap_so3_mended commands the joints"),
    ("policy:=models/policies/nope", "nope"),
    ("object:=./dice", "dice"),
]


@pytest.mark.parametrize(("argument", "said"), BAD)
def test_up_refuses_what_a_node_would_refuse_once_it_runs(argument, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigError, BundleError), match=said):
        up(UpOptions(system="real", arg=((argument,),)))


def test_trials_refuse_a_camera_that_is_not_there(tmp_path):
    asked = TrialsOptions(arg=(("camera:=mine",),), folder=tmp_path / "trials")
    with pytest.raises(ConfigError, match="mine"):
        trials(asked)
    assert not (tmp_path / "trials").exists()


@pytest.mark.parametrize("system", ["sim", "eyes", "real", "replay", "exercise"])
def test_what_a_system_names_by_default_is_there(system):
    check_files(load_system(system).values({}))
