"""`dexterity config` shows a file as the commands read it."""

import json

import pytest
import yaml

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.systems.spec import load_system


def test_a_system_is_shown_with_what_it_is_based_on(capsys):
    assert dispatch(["config", "config/systems/eyes.yaml"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert [node["executable"] for node in shown["nodes"]] == [node.executable for node in load_system("eyes").nodes]
    assert "base" not in shown and shown["arguments"]["port"]["default"] == "/tmp/dexterity_ros_bus"


def test_of_a_hand_the_digest_is_shown_that_a_robot_yaml_names(capsys, tmp_path):
    assert dispatch(["config", "config/hands/leap.yaml", "--json", str(tmp_path / "c.json")]) == 0
    digest = load_hand("leap").digest
    assert capsys.readouterr().out.startswith(f"# hand_digest: {digest}\n")
    told = json.loads((tmp_path / "c.json").read_text())
    assert told["hand_digest"] == digest and told["content"]["name"] == "leap"


def test_a_file_of_ones_own_says_its_kind(capsys, tmp_path):
    (tmp_path / "mine.yaml").write_text("base: sim\nabout: mine")
    assert dispatch(["config", str(tmp_path / "mine.yaml"), "--kind", "systems"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["about"] == "mine" and shown["name"] == "sim"


def test_a_base_that_is_nowhere_is_named_with_those_there_are(tmp_path):
    (tmp_path / "mine.yaml").write_text("base: simm")
    with pytest.raises(ConfigError, match=r"mine.yaml.base is 'simm', there is \['exercise', 'eyes', 'mine', 'real'"):
        dispatch(["config", str(tmp_path / "mine.yaml"), "--kind", "systems"])
