"""A file that is based on another says only what differs; what it comes to is what counts."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dexterity_ros.contracts import config
from dexterity_ros.contracts.based import merged
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.resources import data_root, named_resource, resource
from dexterity_ros.systems.spec import SystemSpec, load_system

TREES = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def files(tmp_path):
    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path

    return write


def read(folder, name="top", kind="config/systems"):
    return config.read_resolved(folder / f"{name}.yaml", kind)


def test_tables_are_merged_key_by_key_and_plain_lists_replaced(files):
    folder = files(low="a: {b: 1, c: 2}\nd: [1, 2, 3]\ne: 5", top="base: low\na: {c: 3}\nd: [4]")
    assert read(folder) == {"a": {"b": 1, "c": 3}, "d": [4], "e": 5}


def test_entries_with_names_are_merged_and_new_ones_come_last(files):
    low = "nodes: [{executable: x, p: {a: 1, b: 2}}, {executable: y}]"
    top = "base: low\nnodes: [{executable: z}, {executable: x, p: {b: 3}}]"
    nodes = read(files(low=low, top=top))["nodes"]
    assert nodes == [{"executable": "x", "p": {"a": 1, "b": 3}}, {"executable": "y"}, {"executable": "z"}]


@pytest.mark.parametrize("entries", ["[{name: a}, {name: a}]", "[{name: 1}]", "[3, {name: a}]", "[]"])
def test_lists_whose_entries_cannot_be_told_apart_are_replaced(files, entries):
    folder = files(low="l: [{name: a, x: 1}]", top=f"base: low\nl: {entries}")
    assert read(folder)["l"] == yaml.safe_load(entries)


@given(TREES)
def test_a_tree_over_itself_is_itself(tree):
    assert merged(tree, tree) == tree


@given(TREES, st.dictionaries(st.sampled_from("abc"), st.integers(), min_size=1))
def test_what_the_upper_file_says_is_always_there(low, top):
    found = merged(low, top)
    assert all(found[key] == value for key, value in top.items())


def test_null_takes_away_what_is_below(files):
    assert read(files(low="a: {b: 1}", top="base: low\na: null")) == {"a": None}


def test_bases_that_go_round_are_refused_by_name(files):
    folder = files(top="base: two", two="base: three", three="base: top")
    with pytest.raises(ConfigError, match=r"goes round: .*top.yaml -> .*two.yaml -> .*three.yaml -> .*top.yaml"):
        read(folder)
    with pytest.raises(ConfigError, match=r"goes round: .*alone.yaml -> .*alone.yaml"):
        read(files(alone="base: alone"), "alone")


def test_a_tower_of_bases_is_refused(files):
    tower = {f"f{i}": f"base: f{i + 1}" for i in range(8)} | {"f8": "a: 1"}
    with pytest.raises(ConfigError, match="more than 5 files on top of each other"):
        read(files(**tower), "f0")
    assert read(files(**tower), "f4") == {"a": 1}


@pytest.mark.parametrize("base", ["nobody", "../nobody.yaml", "/nowhere/x.yaml", "''", "3", "[sim]", "null", "{a: 1}"])
def test_a_base_that_is_not_there_is_named(files, base):
    with pytest.raises(ConfigError, match=r"top.yaml.base is ") as raised:
        read(files(top=f"base: {base}"))
    assert str(raised.value).isprintable()


def test_ones_own_file_may_be_based_on_the_shipped_one_of_its_name(files, leap, leap_content):
    folder = files(leap="base: leap\nmax_velocity_rad_s: 2.0\njoints: [{name: if_mcp, upper_rad: 2.0}]")
    mine = load_hand(str(folder / "leap.yaml"))
    assert mine.max_velocity_rad_s == 2.0 and mine.joints[0].upper_rad == 2.0
    assert mine.joints[1:] == leap.joints[1:] and mine.drive == leap.drive
    assert mine.digest != leap.digest


def test_a_base_that_cannot_be_read_is_the_file_that_is_named(files):
    with pytest.raises(ConfigError, match="low.yaml is not valid YAML"):
        read(files(low="a: [", top="base: low"))


def test_a_manifest_is_based_on_nothing(files):
    with pytest.raises(ConfigError, match="base is not a known key"):
        config.load(PolicyManifest, files(top="base: low", low="a: 1") / "top.yaml")


def test_what_a_training_file_leaves_out_is_said_in_one_place():
    said = [
        path.name for path in (data_root() / "config/train").rglob("*.yaml") if "joint_zero_rad" in path.read_text()
    ]
    assert said == ["hidden_hand.yaml"]


def test_a_shipped_file_knows_its_kind():
    path = data_root() / "config/systems/eyes.yaml"
    assert config.load(SystemSpec, path) == load_system("eyes")


def test_two_lines_are_a_training_configuration_for_another_hand(files):
    pytest.importorskip("torch")
    from dexterity_ros.training.teacher_config import load_config

    path = files(mine="base: leap_so3\nhand: dclaw") / "mine.yaml"
    shipped = load_config(data_root() / "config/train/leap_so3.yaml")
    assert load_config(path) == replace(shipped, hand="dclaw")


def test_a_model_that_begins_with_a_dot_lies_beside_the_hands_file(tmp_path):
    shipped = load_hand("leap")
    shutil.copytree(resource(shipped.mjcf).parent, tmp_path / "model")
    text = named_resource("config/hands", "leap").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace(shipped.mjcf, f"./model/{Path(shipped.mjcf).name}"))
    mine = load_hand(str(tmp_path / "mine.yaml"))
    assert Path(mine.mjcf) == tmp_path / "model" / Path(shipped.mjcf).name and mine.digest == shipped.digest
