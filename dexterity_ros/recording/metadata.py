"""metadata.yaml of a rosbag2 bag, version 9 (rosbag2_storage, metadata_io.cpp and yaml.hpp of Kilted)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dexterity_ros.contracts.topic import QOS, Qos
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.mcap_records import Channel
from dexterity_ros.recording.types import type_hash

METADATA_FILE = "metadata.yaml"
LEROBOT_FILE = "meta/info.json"  # what a folder has that is a LeRobot dataset
DIGEST_KEY = "sha256"  # of what a bag tells about how it came to be
_FOREVER = {"sec": 9223372036, "nsec": 854775807}


@dataclass(frozen=True, kw_only=True)
class RecordedTopic:
    """A topic in a bag. name: as published, with its leading slash. qos: of the topics table.

    carried: the channel of another bag whose messages go into this one as they are, with its own definition and QoS.
    """

    name: str
    message: str
    qos: Qos
    carried: Channel | None = None


@dataclass(kw_only=True)
class FileSpan:
    """One file of a bag: what it holds. Times in ns since the epoch; start and end are 0 while it is empty."""

    path: str
    messages: int = 0
    start_ns: int = 0
    end_ns: int = 0

    def add(self, log_ns: int) -> None:
        """Counts one message."""
        self.start_ns = log_ns if self.messages == 0 else min(self.start_ns, log_ns)
        self.end_ns = max(self.end_ns, log_ns)
        self.messages += 1


def recorded_topics(namespace: str = "") -> dict[str, RecordedTopic]:
    """Returns {key: topic} of all topics of the table that belong into a bag."""
    return {
        key: RecordedTopic(name=_full(topic.name, namespace), message=topic.message, qos=topic.qos)
        for key, topic in TOPICS.items()
        if topic.recorded
    }


def qos_profiles(qos: Qos) -> list[dict[str, Any]]:
    """Returns the offered QoS of a topic as rosbag2 writes it."""
    reliability, durability, depth = QOS[qos]
    return [
        {
            "history": "keep_last",
            "depth": depth,
            "reliability": reliability,
            "durability": durability,
            "deadline": dict(_FOREVER),
            "lifespan": dict(_FOREVER),
            "liveliness": "automatic",
            "liveliness_lease_duration": dict(_FOREVER),
            "avoid_ros_namespace_conventions": False,
        }
    ]


def bag_metadata(
    files: Sequence[FileSpan], counts: dict[RecordedTopic, int], custom: dict[str, str], distribution: str
) -> dict[str, Any]:
    """Returns the content of metadata.yaml."""
    filled = [span for span in files if span.messages]
    start = min((span.start_ns for span in filled), default=0)
    end = max((span.end_ns for span in filled), default=0)
    return {
        "rosbag2_bagfile_information": {
            "version": 9,
            "storage_identifier": "mcap",
            "duration": {"nanoseconds": end - start},
            "starting_time": {"nanoseconds_since_epoch": start},
            "message_count": sum(span.messages for span in files),
            "topics_with_message_count": [
                {
                    "topic_metadata": {
                        "name": topic.name,
                        "type": topic.message,
                        "serialization_format": "cdr" if topic.carried is None else topic.carried.encoding,
                        "offered_qos_profiles": _offered(topic),
                        "type_description_hash": _hash(topic),
                    },
                    "message_count": count,
                }
                for topic, count in counts.items()
            ],
            "compression_format": "",
            "compression_mode": "",
            "relative_file_paths": [span.path for span in files],
            "files": [
                {
                    "path": span.path,
                    "starting_time": {"nanoseconds_since_epoch": span.start_ns},
                    "duration": {"nanoseconds": span.end_ns - span.start_ns},
                    "message_count": span.messages,
                }
                for span in files
            ],
            "custom_data": custom,
            "ros_distro": distribution,
        }
    }


def digest(info: dict[str, str]) -> str:
    """Returns the SHA-256 of what a bag tells about how it came to be."""
    rest = {key: value for key, value in info.items() if key != DIGEST_KEY}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def write_metadata(folder: Path, content: dict[str, Any]) -> None:
    """Writes metadata.yaml; the old one stays whole until the new one is."""
    draft = folder / (METADATA_FILE + ".tmp")
    draft.write_text(yaml.safe_dump(content, sort_keys=False, width=200))
    draft.replace(folder / METADATA_FILE)


def _offered(topic: RecordedTopic) -> list[dict[str, Any]]:
    """Returns the QoS that a channel carries where that is of this version: policies are words."""
    if topic.carried is None:
        return qos_profiles(topic.qos)
    try:
        told = yaml.safe_load(dict(topic.carried.metadata).get("offered_qos_profiles", ""))
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    profiles = told if isinstance(told, list) else []
    worded = all(isinstance(profile, dict) and isinstance(profile.get("history"), str) for profile in profiles)
    return profiles if worded else []


def _hash(topic: RecordedTopic) -> str:
    if topic.carried is None:
        return type_hash(topic.message)
    return dict(topic.carried.metadata).get("topic_type_hash", "")


def _full(name: str, namespace: str) -> str:
    if name.startswith("/"):
        return name
    return "/" + "/".join(part for part in (namespace.strip("/"), name) if part)
