"""Writes a rosbag2 bag: MCAP files, compressed, split by size, in small chunks so that a kill loses little.

Every byte is covered by a CRC, that of its chunk, of the data section or of the summary, and what ran by a digest of
its own, which a recording that was killed has too.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import yaml
from mcap.writer import CompressionType, Writer

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.mcap_records import Channel, Schema
from dexterity_ros.recording.metadata import (
    DIGEST_KEY,
    FileSpan,
    RecordedTopic,
    bag_metadata,
    digest,
    qos_profiles,
    write_metadata,
)
from dexterity_ros.recording.types import definition, type_hash

INFO_RECORD = "dexterity_ros"
_CHUNK_BYTES = 16 * 1024  # a kill loses the one being filled: a tenth of a second of a whole hand, half of bare joints
_PROFILE, _LIBRARY = "ros2", "dexterity_ros"


class _Flushed:
    """A file that hands every write to the system at once: what was written survives the process."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb", buffering=0)

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self._file.close()


class BagWriter:
    """One bag. Not thread-safe: one thread writes."""

    def __init__(
        self,
        folder: Path,
        topics: Sequence[RecordedTopic],
        info: dict[str, str],
        *,
        max_file_bytes: int = 512 * 1024 * 1024,
        distribution: str = "",
    ) -> None:
        """info: texts kept in every file and in metadata.yaml. Raises BagError when `folder` exists already."""
        if folder.exists():
            raise BagError(f"{folder} exists already; a recording never overwrites one")
        folder.mkdir(parents=True)
        self.folder, self._topics, self._info = folder, list(topics), info | {DIGEST_KEY: digest(info)}
        self._max_file_bytes, self._distribution = max_file_bytes, distribution or os.environ.get("ROS_DISTRO", "")
        self._counts = dict.fromkeys(self._topics, 0)
        self._files: list[FileSpan] = []
        self._open_file()

    @property
    def bytes_written(self) -> int:
        """Size of all files so far."""
        return sum((self.folder / span.path).stat().st_size for span in self._files)

    def write(self, topic: RecordedTopic, log_ns: int, publish_ns: int, data: bytes) -> None:
        """Writes one message. log_ns: when it was received. publish_ns: when it was published."""
        if self._stream.tell() > self._max_file_bytes:
            self._close_file()
            self._open_file()
        self._mcap.add_message(self._channels[topic], log_time=log_ns, data=data, publish_time=publish_ns)
        self._counts[topic] += 1
        self._files[-1].add(log_ns)

    def close(self) -> None:
        """Ends the last file and writes metadata.yaml."""
        self._close_file()
        write_metadata(self.folder, bag_metadata(self._files, self._counts, self._info, self._distribution))

    def _open_file(self) -> None:
        name = f"{self.folder.name}_{len(self._files)}.mcap"
        self._files.append(FileSpan(path=name))
        self._stream = _Flushed(self.folder / name)
        self._mcap = Writer(
            self._stream,  # type: ignore[arg-type]
            chunk_size=_CHUNK_BYTES,
            compression=CompressionType.ZSTD,
            enable_data_crcs=True,
        )
        self._mcap.start(profile=_PROFILE, library=_LIBRARY)
        self._mcap.add_metadata(INFO_RECORD, self._info)
        self._schemas: dict[Schema, int] = {}
        self._channels = {topic: self._register(topic.carried or _channel(topic)) for topic in self._topics}

    def _register(self, channel: Channel) -> int:
        schema = channel.schema
        if schema is not None and schema not in self._schemas:
            self._schemas[schema] = self._mcap.register_schema(schema.name, schema.encoding, schema.data)
        number = 0 if schema is None else self._schemas[schema]
        return self._mcap.register_channel(channel.topic, channel.encoding, number, dict(channel.metadata))

    def _close_file(self) -> None:
        self._mcap.finish()
        self._stream.close()


def _channel(topic: RecordedTopic) -> Channel:
    """Returns a topic of ours as an MCAP channel."""
    profiles = yaml.safe_dump(qos_profiles(topic.qos), sort_keys=False)
    return Channel(
        topic=topic.name,
        encoding="cdr",
        schema=Schema(name=topic.message, encoding="ros2msg", data=definition(topic.message).encode()),
        metadata=(("offered_qos_profiles", profiles), ("topic_type_hash", type_hash(topic.message))),
    )
