"""--robot FILE: every command that opens a hand opens this one, and no other."""

import numpy as np
import pytest
import yaml

from dexterity_ros.cli.hand_port import hand_spec
from dexterity_ros.cli.options.hand import HandReadOptions
from dexterity_ros.cli.parsing import parse
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.nodes.hand.setup import HandParameters, hand_setup

OPENERS = ["hand read", "hand hold", "hand home", "hand jog if_mcp", "hand setup", "hand accept", "doctor", "demo"]


@pytest.fixture
def robot_file(leap, individual, tmp_path):
    path = tmp_path / "robot.yaml"
    spec = individual(leap, signs={"mf_dip": -1}, zeros_rad={"mf_dip": 2.0}).robot
    path.write_text(yaml.safe_dump(config.to_mapping(spec)))
    return str(path)


@pytest.mark.parametrize("command", [*OPENERS, "record bag"])
def test_every_command_that_opens_a_hand_takes_its_robot_yaml(command, robot_file):
    assert parse([*command.split(), "--robot", robot_file])[1].robot == robot_file


def test_a_hand_is_the_individual_that_is_named(leap, robot_file):
    hand = hand_spec(HandReadOptions(robot=robot_file, baud=57600))
    assert hand.signs[7] == -1.0 and hand.zeros_rad[7] == 2.0 and hand.drive.baud_rate == 57600
    assert np.all(hand_spec(HandReadOptions()).signs == 1.0) and hand.digest == leap.digest


def test_hand_node_is_set_up_for_the_individual_and_refuses_one_of_another_hand(robot_file):
    given = {"policy": "none", "hardware": "dynamixel", "port": "x", "shadow": False, "max_reboots_per_hour": 0}
    setup = hand_setup(HandParameters(hand="leap", robot=robot_file, **given))
    assert setup.hand.individual.startswith("one: wiring")
    with pytest.raises(ConfigError, match="robot one is a leap, this is the hand dclaw"):
        hand_setup(HandParameters(hand="dclaw", robot=robot_file, **given))
