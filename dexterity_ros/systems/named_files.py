"""Whether the files that a system's arguments name are there and belong together, before a node is started."""

from collections.abc import Mapping
from typing import Any

from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.object import load_object
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot import load_placed_camera
from dexterity_ros.contracts.robot_hand import load_robot_hand

_NOTHING = ("", "none")


def check_files(values: Mapping[str, Any]) -> None:
    """Loads what the arguments name, as the nodes will.

    Args:
        values: of every argument of a system; one that is empty, `none`, or not an argument of it names no file.

    Raises:
        ConfigError, BundleError: what is wrong with the first that cannot be used.
    """
    named = {name: str(value) for name, value in values.items() if value not in _NOTHING}
    if "hand" in named:
        hand = load_robot_hand(named["hand"], named.get("robot", ""))
        load_robot_hand(named["hand"], named.get("leader_robot", ""))
        if "policy" in named:
            load_manifest(resource(named["policy"])).check_hand(hand)
    if "camera" in named:
        load_placed_camera(load_camera(named["camera"]), named.get("robot", ""))
    if "object" in named:
        load_object(named["object"])
