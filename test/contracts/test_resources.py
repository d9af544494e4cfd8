"""A shipped name is the shipped file, a path is a path, and what is not there is answered with what is."""

import logging
import shutil

import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import read_bounded
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.resources import data_root, named_resource, resource, shipped, shipped_or_own


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A working directory with files of its own that are called like shipped ones."""
    for name in ("config/hands/leap.yaml", "models/objects/cube70/object.xml", "models/objects/cube70/faces.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("name: impostor")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_name_is_the_shipped_file_whatever_lies_in_the_working_directory(elsewhere):
    assert load_hand("leap").name == "leap"
    assert load_box("cube70").half_m == (0.035, 0.035, 0.035)
    assert shipped("config/hands/leap.yaml") == data_root() / "config/hands/leap.yaml"


@pytest.mark.parametrize("path", ["config/hands/leap.yaml", "./config/hands/leap.yaml", "mine.yaml"])
def test_a_path_is_the_file_that_it_names(elsewhere, path):
    shutil.copy(elsewhere / "config/hands/leap.yaml", elsewhere / "mine.yaml")
    assert named_resource("config/hands", path).read_text() == "name: impostor"


def test_a_path_that_is_only_shipped_is_the_shipped_file(elsewhere):
    assert resource("config/hands/dclaw.yaml") == data_root() / "config/hands/dclaw.yaml"


def test_an_own_object_of_another_name_is_found_in_the_working_directory(elsewhere):
    shutil.copytree(elsewhere / "models/objects/cube70", elsewhere / "models/objects/mine")
    assert shipped_or_own("models/objects/mine/object.xml").is_relative_to(elsewhere)
    assert shipped_or_own("./models/objects/cube70/object.xml").is_relative_to(elsewhere)


def test_nobody_is_left_to_guess_which_of_two_files_is_read(elsewhere, caplog):
    with caplog.at_level(logging.WARNING):
        resource("config/hands/leap.yaml")
        shipped_or_own("models/objects/cube70/object.xml")
    assert "is used, not the shipped" in caplog.messages[0] and "the shipped" in caplog.messages[1]


@pytest.mark.parametrize("name", ["shadow", "", "..", "x" * 5000, "leap\0"])
def test_a_name_that_is_none_is_answered_with_those_there_are(name):
    with pytest.raises(ConfigError, match=r"it has .*'dclaw', 'leap'.*a file of your own is a path"):
        named_resource("config/hands", name)


@pytest.mark.parametrize("path", ["./shadow.yaml", "x" * 5000 + ".yaml", "a\0/b", "\x1b[2J.yaml"])
def test_a_path_that_is_none_is_one_printable_line(path):
    with pytest.raises(ConfigError) as refused:
        named_resource("config/hands", path)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 1500
    with pytest.raises(ConfigError):
        shipped(path)


def test_a_file_that_may_not_be_read_is_one_line(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="no file"):
        load_hand(str(tmp_path / "folder.yaml"))


def test_a_bare_name_of_a_bundle_or_of_a_configuration_is_answered_with_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models/policies/mine").mkdir(parents=True)
    with pytest.raises(ConfigError, match="there is models/policies/leap_so3$"):
        resource("leap_so3")
    with pytest.raises(ConfigError, match="there is models/policies/mine$"):
        resource("mine")
    with pytest.raises(ConfigError, match=r"bundles are .*'models/policies/leap_so3'.*'models/policies/mine'"):
        resource("leap_so4")
    with pytest.raises(ConfigError, match="there is config/eval/reality.yaml"):
        resource("reality.yaml")
    with pytest.raises(ConfigError, match="here is no '.yaml' file"):
        resource("hers.yaml")
    (tmp_path / "his.yaml").touch()
    with pytest.raises(ConfigError, match=r"here is \['his.yaml'\]"):
        resource("hers.yaml")


@pytest.mark.parametrize("suffix", [".onnx", ".stl"])
def test_a_missing_file_is_answered_with_those_of_its_ending(suffix, tmp_path):
    with pytest.raises(ConfigError, match=f"holds no {suffix} file"):
        read_bounded(tmp_path / f"his{suffix}", 10)
    for name in ("hers.yaml", f"hers{suffix}"):
        (tmp_path / name).touch()
    with pytest.raises(ConfigError, match=rf"holds \['hers{suffix}'\]"):
        read_bounded(tmp_path / f"his{suffix}", 10)
