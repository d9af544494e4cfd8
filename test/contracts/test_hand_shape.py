"""The shape beside a hand's MJCF is of that hand, and a shape whose parts do not hang together is refused."""

import re
import shutil
from dataclasses import replace

import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.hand_shape import SHAPE_FILE, HandShape, load_shape


@pytest.fixture
def content():
    """What the LEAP hand's shape.yaml holds, to be changed."""
    return config.read_mapping(load_hand("leap").mjcf_path.with_name(SHAPE_FILE))


def refused(content, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        config.from_mapping(HandShape, content, where=SHAPE_FILE)


@pytest.mark.parametrize("name", ["leap", "dclaw"])
def test_the_shape_of_a_shipped_hand_turns_its_joints_and_has_its_fingertips_in_order(name):
    hand = load_hand(name)
    shape = load_shape(hand)
    assert sorted(link.joint for link in shape.links if link.joint) == sorted(hand.joint_names)
    assert tuple(tip.site for tip in shape.tips) == hand.fingertip_sites


@pytest.mark.parametrize(
    ("kind", "sizes", "said"),
    [
        ("box", [0.01, 0.02], "a box has 3 sizes, found [0.01, 0.02]"),
        ("capsule", [0.01, 0.02, 0.03], "a capsule has 2 sizes, found [0.01, 0.02, 0.03]"),
    ],
)
def test_a_part_with_the_sizes_of_another_kind_is_refused(content, kind, sizes, said):
    link = next(link for link in content["links"] if link["parts"])
    link["parts"][0] |= {"kind": kind, "size_m": sizes}
    refused(content, said)


@pytest.mark.parametrize("parent", [2, 3])
def test_a_link_that_hangs_on_itself_or_on_a_later_one_is_refused(content, parent):
    content["links"][2]["parent"] = parent
    refused(content, f"links[2].parent is {parent}, expected a link before it, or -1")


def test_a_fingertip_on_a_link_that_is_not_there_is_refused(content):
    count, tip = len(content["links"]), content["tips"][0]
    tip["link"] = count
    refused(content, f"the link of the tip {tip['site']} is {count}, there are {count}")


def test_a_joint_about_no_direction_is_refused_and_a_fixed_link_needs_none(content):
    fixed = next(link for link in content["links"] if not link["joint"])
    fixed["axis"] = [0.0, 0.0, 0.0]
    assert config.from_mapping(HandShape, content, where=SHAPE_FILE).tips
    turning = next(link for link in content["links"] if link["joint"])
    turning["axis"] = [0.0, 0.0, 0.0]
    refused(content, "not a unit vector")


def test_the_shape_of_another_hand_beside_the_mjcf_is_refused_with_the_joints_of_both(tmp_path):
    leap, dclaw = load_hand("leap"), load_hand("dclaw")
    shutil.copy(leap.mjcf_path, tmp_path / "hand.xml")
    shutil.copy(dclaw.mjcf_path.with_name(SHAPE_FILE), tmp_path / SHAPE_FILE)
    moved = replace(leap, mjcf=str(tmp_path / "hand.xml"))
    said = f"shape.yaml of leap turns {sorted(dclaw.joint_names)}, the hand has {sorted(leap.joint_names)}"
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_shape(moved)
