"""The excitation as a recording like any other: what `dexterity bag` and `dexterity report` read."""

from pathlib import Path

import numpy as np
import yaml

import dexterity_ros
from dexterity_ros.bringup.identification.record import Played
from dexterity_ros.contracts import config
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.messages import joint_message
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.recording.types import encode

_SEEN, _WRITTEN = "joint_states", "gated_targets"


def write_bag(folder: Path, hand: RobotHand, played: list[Played]) -> None:
    """Writes what was played under one set of gains: joints as seen, targets as they left the gate.

    The effort of a joint is its motor's current in A. Raises BagError when the folder is there already.
    """
    topics = recorded_topics()
    writer = BagWriter(folder, [topics[_SEEN], topics[_WRITTEN]], _info(hand))
    try:
        for stamp, name, values, effort in sorted(_messages(played), key=lambda entry: entry[0]):
            message = joint_message(hand.joint_names, stamp, values, np.empty(0))
            message.effort = effort
            writer.write(topics[name], stamp, stamp, encode(message, topics[name].message))
    finally:
        writer.close()


def _messages(played: list[Played]) -> list[tuple[int, str, np.ndarray, np.ndarray]]:
    rows = []
    for motion in played:
        seen = zip(motion.looked_s, motion.pos_rad, motion.current_a, strict=True)
        rows += [(_stamp(motion, at), _SEEN, pos, current) for at, pos, current in seen]
        written = zip(motion.written_s, motion.targets_rad, strict=True)
        rows += [(_stamp(motion, at), _WRITTEN, target, np.empty(0)) for at, target in written]
    return rows


def _stamp(motion: Played, time_s: float) -> int:
    return motion.origin_ns + round(time_s * 1e9)


def _info(hand: RobotHand) -> dict[str, str]:
    motors = {name: config.to_mapping(motor.gains) for name, motor in zip(hand.joint_names, hand.motors, strict=True)}
    info = {"code_version": dexterity_ros.__version__, "hand": hand.name, "policy": "none"}
    info["gains"] = yaml.safe_dump(motors, default_flow_style=None)
    if hand.robot is not None:
        info["robot_file"] = yaml.safe_dump(config.to_mapping(hand.robot), sort_keys=False)
    return info
