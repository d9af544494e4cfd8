"""Records every topic of the table that belongs into a bag, as bytes; a thread of its own writes."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

import dexterity_ros
from dexterity_ros import ros
from dexterity_ros.contracts.hand import hand_path
from dexterity_ros.contracts.manifest import MANIFEST_FILE, bundle_id
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot import NO_ROBOT, robot_text
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import RecordedTopic, recorded_topics
from dexterity_ros.recording.queued_writer import QueuedWriter
from dexterity_ros.ros.diagnostics import Reporter, reporters
from dexterity_ros.ros.messages import hand_over

_DEPTH = 200  # more than comes in between two drains
_DRAIN_S = 0.05
_MOST_REPORTERS = 100  # names that strangers made up would have no end


@dataclass(frozen=True, kw_only=True)
class RecorderParameters:
    """Parameters of recorder_node. folder: the bag to make. policy: bundle it should name, or "none".

    robot: robot.yaml that it keeps.
    configuration: text kept in the bag; systems put in what was started. max_file_mb: a new file after this size.
    """

    folder: str
    hand: str
    policy: str
    configuration: str
    max_file_mb: int
    robot: str = NO_ROBOT


class RecorderNode(Node):
    """Takes messages without decoding; counts what the middleware lost by the publishers' sequence numbers.

    An executor that wakes for every message costs three times as much as all else here. So the subscriptions belong to
    a second node that nobody spins, and a timer empties them; when a message came is known from the middleware.
    """

    def __init__(self) -> None:
        super().__init__("recorder_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, RecorderParameters)
        topics = recorded_topics(self.get_namespace())
        folder = Path(settings.folder).expanduser().absolute()
        max_bytes = settings.max_file_mb * 1024 * 1024
        self.bag = QueuedWriter(BagWriter(folder, list(topics.values()), _info(settings), max_file_bytes=max_bytes))
        self._last: dict[str, int] = {}
        self._lost: Counter[str] = Counter()
        self._reporters: set[str] = set()  # each of our nodes publishes /diagnostics, once a second
        self._ears = Node("recorder_ears", namespace=self.get_namespace(), use_global_arguments=False)
        self._heard = [
            (topic, self._ears.create_subscription(ros.message_class(key), topic.name, _nothing, _qos(key), raw=True))
            for key, topic in topics.items()
        ]
        self._drain_timer = self.create_timer(_DRAIN_S, self._drain)
        self._reporter = Reporter(self, folder.name, "recording", self._report)
        self.get_logger().info(f"recording {len(topics)} topics to {folder}")

    def _drain(self) -> None:
        for topic, subscription in self._heard:
            with subscription.handle:
                while (taken := subscription.handle.take_message(subscription.msg_type, True)) is not None:
                    self._on_message(topic, *taken)

    def shut(self) -> None:
        """Takes what is still there, and finishes the bag."""
        self._drain()
        self.bag.close()
        self._ears.destroy_node()

    def _on_message(self, topic: RecordedTopic, data: bytes, info: dict[str, Any]) -> None:
        self.bag.put(topic, info["received_timestamp"], info["source_timestamp"], data)
        if topic.name == "/diagnostics":  # which many publish, each with its own numbers
            if len(data) <= TOPICS["diagnostics"].max_bytes and len(self._reporters) < _MOST_REPORTERS:
                hand_over("diagnostics", data, self._on_diagnostics, _ignore)
            return
        number = info.get("publication_sequence_number")
        if number is not None:
            before = self._last.get(topic.name)
            self._last[topic.name] = number
            if before is not None and number > before + 1:
                self._lost[topic.name] += number - before - 1

    def _on_diagnostics(self, message: Any) -> None:
        self._reporters |= reporters(message)

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        lost = sum(self._lost.values()) + self.bag.dropped
        values = {
            "messages": sum(self.bag.written.values()),
            "nodes": sorted(self._reporters),
            "megabytes": round(self.bag.bytes_written / 2**20, 2),
            "lost": dict(self._lost),
            "dropped": self.bag.dropped,
        }
        return ("warn", f"{lost} messages lost", values) if lost else ("ok", "recording", values)


def _ignore(_key: str, _why: str) -> None:
    """What is no message is recorded all the same."""


def _nothing(_message: bytes) -> None:
    """Messages are taken by the timer."""


def _qos(key: str) -> QoSProfile:
    profile = ros.qos_profile(key)
    profile.depth = _DEPTH
    return profile


def _info(settings: RecorderParameters) -> dict[str, str]:
    """Returns what a bag tells about how it came to be."""
    info = {
        "code_version": dexterity_ros.__version__,
        "hand": settings.hand,
        "hand_file": hand_path(settings.hand).read_text(),
        "configuration": settings.configuration,
        "policy": settings.policy,
    }
    if text := robot_text(settings.robot):
        info["robot_file"] = text
    if settings.policy != "none":
        bundle = resource(settings.policy)
        info |= {"bundle_id": bundle_id(bundle), "manifest": (bundle / MANIFEST_FILE).read_text()}
    return info


def main() -> None:
    """Entry point."""
    ros.run(RecorderNode, lambda node: node.shut(), priority="ordinary", exclusive=False)


if __name__ == "__main__":
    main()
