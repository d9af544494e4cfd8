"""Reads bags: ours and other rosbag2 MCAP bags; says what is wrong with one that cannot be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from mcap.exceptions import McapError
from mcap.reader import NonSeekingReader, SeekingReader
from mcap.summary import Summary

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_writer import INFO_RECORD
from dexterity_ros.recording.types import decode

_LARGE = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_MAGIC = b"\x89MCAP0\r\n"


@dataclass(frozen=True, kw_only=True)
class BagMessage:
    """One message. log_ns: when it was received; publish_ns: when it was published. data: CDR."""

    topic: str
    type: str
    log_ns: int
    publish_ns: int
    data: bytes

    @property
    def value(self) -> Any:
        """The message itself."""
        return decode(self.data, self.type)


class Bag:
    """A finished bag."""

    def __init__(self, path: Path) -> None:
        """path: bag folder or a single .mcap file. Raises BagError that names what is wrong."""
        self.path, self.files = path, bag_files(path)
        summaries = [_summary(file) for file in self.files]
        self.types: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        for summary in summaries:
            for number, channel in summary.channels.items():
                self.types[channel.topic] = summary.schemas[channel.schema_id].name
                counted = summary.statistics.channel_message_counts.get(number, 0) if summary.statistics else 0
                self.counts[channel.topic] = self.counts.get(channel.topic, 0) + counted
        if not any(self.counts.values()):
            raise BagError(f"{path} holds no message")
        spans = [s.statistics for s in summaries if s.statistics and s.statistics.message_count]
        self.start_ns = min(s.message_start_time for s in spans)
        self.end_ns = max(s.message_end_time for s in spans)
        self.info = bag_info(self.files[0])

    @property
    def duration_s(self) -> float:
        """From the first message to the last."""
        return (self.end_ns - self.start_ns) * 1e-9

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.stat().st_size for file in self.files)

    def topic(self, name: str) -> str | None:
        """Returns the full name of a topic of the table in this bag, in whatever namespace it is; None: not there."""
        ending = name if name.startswith("/") else "/" + name
        found = [topic for topic in self.types if topic == ending or topic.endswith(ending)]
        return min(found, key=len) if found else None

    def need(self, name: str) -> str:
        """Returns the full name of a topic. Raises BagError when it is not there or empty."""
        topic = self.topic(name)
        if topic is None or not self.counts[topic]:
            there = sorted(t for t, n in self.counts.items() if n)
            raise BagError(f"{self.path} has no messages on {name}; it has {there}")
        return topic

    def messages(self, names: Sequence[str] | None = None) -> Iterator[BagMessage]:
        """Returns messages in the order of their reception. names: full topic names; None: all."""
        for file in self.files:
            with file.open("rb") as stream:
                yield from _messages(SeekingReader(stream), names)

    def values(self, name: str) -> list[tuple[BagMessage, Any]]:
        """Returns all messages of one topic of the table with their decoded content; empty when it is not there."""
        topic = self.topic(name)
        if topic is None:
            return []
        found = self.messages([topic]) if self.types[topic] in _LARGE else self._small[topic]
        return [(message, message.value) for message in found]

    @cached_property
    def _small(self) -> dict[str, list[BagMessage]]:
        """Messages of every topic but images: a file is unpacked as a whole, whichever topics are wanted of it."""
        topics = [topic for topic, kind in self.types.items() if kind not in _LARGE]
        found: dict[str, list[BagMessage]] = {topic: [] for topic in topics}
        for message in self.messages(topics):
            found[message.topic].append(message)
        return found


def bag_files(path: Path) -> list[Path]:
    """Returns the MCAP files of a bag in order. Raises BagError when there are none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise BagError(f"{path} does not exist")
    files = sorted(path.glob("*.mcap"), key=_number)
    if files:
        return files
    if list(path.glob("*.db3")):
        raise BagError(f"{path} is an sqlite3 bag; convert it: ros2 bag convert, with storage_id: mcap")
    there = sorted(p.name for p in path.iterdir()) or "nothing"
    raise BagError(f"{path} is not a bag: no .mcap file in it (there: {there})")


def salvage(file: Path) -> Iterator[BagMessage]:
    """Returns what can be read of a file that was cut off. Raises BagError when it is no MCAP file at all."""
    _check_magic(file)
    with file.open("rb") as stream:
        try:
            yield from _messages(NonSeekingReader(stream), None)
        except (McapError, EOFError, ValueError):
            return


def _messages(reader: SeekingReader | NonSeekingReader, names: Sequence[str] | None) -> Iterator[BagMessage]:
    for schema, channel, message in reader.iter_messages(
        topics=names, log_time_order=isinstance(reader, SeekingReader)
    ):
        if schema is not None:
            yield BagMessage(
                topic=channel.topic,
                type=schema.name,
                log_ns=message.log_time,
                publish_ns=message.publish_time,
                data=message.data,
            )


def _number(file: Path) -> tuple[int, str]:
    tail = file.stem.rpartition("_")[2]
    return (int(tail) if tail.isdigit() else 0, file.name)


def _check_magic(file: Path) -> None:
    with file.open("rb") as stream:
        begin = stream.read(len(_MAGIC))
    if not begin:
        raise BagError(f"{file} is empty")
    if begin != _MAGIC:
        raise BagError(f"{file} is not an MCAP file: it begins with {begin!r}")


def _summary(file: Path) -> Summary:
    _check_magic(file)
    with file.open("rb") as stream:
        if not _ends_well(stream):
            raise BagError(f"{file} was cut off: the recorder did not finish it; dexterity bag recover {file.parent}")
        try:
            summary = SeekingReader(stream).get_summary()
        except (McapError, EOFError, ValueError) as error:
            raise BagError(f"{file} is damaged: {error}; dexterity bag recover {file.parent}") from error
    if summary is None:
        raise BagError(f"{file} has no summary; dexterity bag recover {file.parent}")
    return summary


def _ends_well(stream: IO[bytes]) -> bool:
    stream.seek(0, 2)
    if stream.tell() < 2 * len(_MAGIC):
        return False
    stream.seek(-len(_MAGIC), 2)
    ended = stream.read(len(_MAGIC)) == _MAGIC
    stream.seek(0)
    return ended


def bag_info(file: Path) -> dict[str, str]:
    """Returns what a file tells about how it came to be, also when it was cut off; empty when it tells nothing."""
    with file.open("rb") as stream:
        try:
            for record in NonSeekingReader(stream).iter_metadata():
                if record.name == INFO_RECORD:
                    return dict(record.metadata)
        except (McapError, EOFError, ValueError):
            return {}
    return {}
