"""`dexterity bringup` says what nobody has confirmed before anything moves."""

import pytest
import yaml

from dexterity_ros.cli.main import dispatch
from dexterity_ros.drivers.dynamixel.bus import BusLostError


def test_what_nobody_has_confirmed_of_a_hand_is_said_before_its_port_is_opened(leap_content, tmp_path, capsys):
    hand = tmp_path / "hand.yaml"
    hand.write_text(yaml.safe_dump(leap_content | {"unverified": ["gains", "home_pos_rad"]}))
    words = ["bringup", "--hand", str(hand), "--robot", str(tmp_path / "robot.yaml"), "--port", str(tmp_path / "none")]
    with pytest.raises(BusLostError):
        dispatch(words)
    assert "leap: nobody has confirmed gains, home_pos_rad" in capsys.readouterr().out
