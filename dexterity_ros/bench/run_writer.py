"""Writes what nodes would publish into a bag, without ROS and in virtual time."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import dexterity_ros
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.manifest import MANIFEST_FILE, bundle_id
from dexterity_ros.contracts.resources import resource
from dexterity_ros.recording import messages
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.recording.types import encode, make

READ_NS = 1_000_000  # how much later a message is received than it was measured
BEGIN_NS = 1_800_000_000_000_000_000  # of virtual time, as a stamp
_FILE_BYTES = 512 * 1024 * 1024

Configuration = Mapping[str, Mapping[str, Any]]


class RunWriter:
    """A bag of one run. Times in ns, as stamps."""

    def __init__(
        self,
        folder: Path,
        hand: str,
        joint_names: tuple[str, ...],
        policy: str,
        started: Configuration,
        *,
        max_file_bytes: int = _FILE_BYTES,
    ) -> None:
        """started: {node: parameters}, as the recorder tells it."""
        self._names, self._topics = joint_names, recorded_topics()
        info = _what_ran(hand, policy, started)
        self._bag = BagWriter(folder, list(self._topics.values()), info, max_file_bytes=max_file_bytes)

    def joints(
        self, key: str, stamp: int, pos: Floats, vel: Floats | None = None, frame: str = "", received_ns: int = 0
    ) -> None:
        """Writes positions in rad, and speeds in rad/s where there are any, (n,)."""
        speed = np.empty(0) if vel is None else vel
        message = messages.joint_message(self._names, stamp, pos, speed, frame)
        self.message(key, received_ns or stamp + READ_NS, message)

    def text(self, key: str, received_ns: int, text: str) -> None:
        """Writes a String."""
        self.message(key, received_ns, make("std_msgs/msg/String", data=text))

    def message(self, key: str, received_ns: int, message: Any) -> None:
        """Writes a message of a topic in the topics table."""
        topic = self._topics[key]
        self._bag.write(topic, received_ns, received_ns - READ_NS, encode(message, topic.message))

    def close(self) -> None:
        """Ends the bag."""
        self._bag.close()


def _what_ran(hand: str, policy: str, started: Configuration) -> dict[str, str]:
    bundle = resource(policy)
    return {
        "code_version": dexterity_ros.__version__,
        "hand": hand,
        "configuration": json.dumps(started),
        "policy": policy,
        "bundle_id": bundle_id(bundle),
        "manifest": (bundle / MANIFEST_FILE).read_text(),
    }
