"""Reads bags: ours and other rosbag2 MCAP bags. What is damaged is left out and named; everything else is checked."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.files import shortened
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_writer import INFO_RECORD
from dexterity_ros.recording.damage import damage_text, doubts_text
from dexterity_ros.recording.mcap_file import McapFile, read_file
from dexterity_ros.recording.mcap_records import Channel, TornError
from dexterity_ros.recording.mcap_source import Source
from dexterity_ros.recording.mcap_walk import Block, block_messages
from dexterity_ros.recording.metadata_check import Info, disagreements, read_metadata, trusted_info
from dexterity_ros.recording.types import COMPRESSED, IMAGE, codec

_LARGE = (IMAGE, COMPRESSED)
_TYPE_OF = {topic.name: topic.message for topic in TOPICS.values()}


@dataclass(frozen=True, kw_only=True)
class BagMessage:
    """One message. log_ns: when it was received; publish_ns: when it was published. data: as it was recorded."""

    channel: Channel
    log_ns: int
    publish_ns: int
    data: bytes

    @property
    def topic(self) -> str:
        """Its topic, with the leading slash."""
        return self.channel.topic

    @property
    def type(self) -> str:
        """Its type, "" without one."""
        return self.channel.schema.name if self.channel.schema else ""

    @property
    def value(self) -> Any:
        """The message itself. Raises BagError when it cannot be decoded."""
        try:
            return codec(self.channel).decode(self.data)
        except BagError as error:
            raise BagError(f"{self.topic}: {error}") from error


class Bag:
    """A bag, read from front to back once: damage is left out, and named in `damage`.

    damage: one line, "" when everything is as it was written. doubts: what no checksum covers, one line or "".
    """

    def __init__(self, path: Path, *, unfinished: bool = False) -> None:
        """path: bag folder or a single .mcap file. unfinished: also one that its recorder did not finish.

        Raises BagError that names what is wrong.
        """
        self.path, self.files = path, bag_files(path)
        metadata = read_metadata(path)
        self._files, unreadable = _read(path, self.files, unfinished)
        self.types: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        for file in self._files:
            self._count(file)
        what_ran = self._what_ran(metadata.info)
        self.info = what_ran.texts
        blocks = [block for file in self._files for block in file.blocks]
        self.start_ns = min((block.begin_ns for block in blocks), default=0)
        self.end_ns = max((block.end_ns for block in blocks), default=0)
        others = [*unreadable, *disagreements(metadata, self._files), *([what_ran.flaw] if what_ran.flaw else [])]
        self.damage = damage_text(self._files, others, self.start_ns)
        self.doubts = doubts_text(self._files, info_proven=what_ran.proven)
        if not any(self.counts.values()):
            raise BagError(f"{path} holds no message" + (f" that is whole: {self.damage}" if self.damage else ""))

    def _count(self, file: McapFile) -> None:
        counts: Counter[int] = sum((block.counts for block in file.blocks), Counter())
        for number, channel in file.channels.items():
            self.types.setdefault(channel.topic, channel.schema.name if channel.schema else "")
            self.counts[channel.topic] = self.counts.get(channel.topic, 0) + counts[number]

    def _what_ran(self, metadata: dict[str, str]) -> Info:
        recorded = next((file for file in self._files if INFO_RECORD in file.metadata), None)
        content = None if recorded is None else recorded.metadata[INFO_RECORD]
        return trusted_info(content, metadata, sealed=recorded is not None and recorded.sealed)

    @property
    def duration_s(self) -> float:
        """From the first message to the last."""
        return (self.end_ns - self.start_ns) * 1e-9

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.size for file in self._files)

    @property
    def attachments(self) -> int:
        """How many files are attached; they are not read."""
        return sum(file.attachments for file in self._files)

    @property
    def channels(self) -> list[Channel]:
        """All channels with messages, each once."""
        used = [file.channels.get(n) for file in self._files for block in file.blocks for n in block.counts]
        return list(dict.fromkeys(channel for channel in used if channel is not None))

    def whole(self) -> "Bag":
        """Returns this bag. Raises BagError when something of it is damaged."""
        if self.damage:
            raise BagError(f"{self.path} is damaged: {self.damage}; dexterity bag recover saves what is whole")
        return self

    def topic(self, name: str) -> str | None:
        """Returns the full name of a topic of the table in this bag, in whatever namespace it is; None: not there.

        Raises BagError when it carries another type than the table says.
        """
        ending = name if name.startswith("/") else "/" + name
        found = [topic for topic in self.types if topic == ending or topic.endswith(ending)]
        if not found:
            return None
        topic = min(found, key=len)
        expected = _TYPE_OF.get(name, self.types[topic])
        if self.types[topic] != expected:
            raise BagError(f"{self.path}: {topic} holds {self.types[topic] or 'no type'}, expected {expected}")
        return topic

    def need(self, name: str) -> str:
        """Returns the full name of a topic. Raises BagError when it is not there or empty."""
        topic = self.topic(name)
        if topic is None or not self.counts[topic]:
            there = sorted(t for t, n in self.counts.items() if n)
            raise BagError(f"{self.path} has no messages on {name}; it has {there}")
        return topic

    def messages(self, names: Sequence[str] | None = None) -> Iterator[BagMessage]:
        """Returns messages in the order of their reception. names: full topic names; None: all."""
        order = sorted(
            ((file, block) for file in self._files for block in file.blocks), key=lambda entry: entry[1].begin_ns
        )
        with ExitStack() as stack:
            sources = {file.path: stack.enter_context(Source(file.path)) for file in self._files}
            waiting: list[tuple[int, int, BagMessage]] = []
            number = 0
            for file, block in order:
                while waiting and waiting[0][0] < block.begin_ns:
                    yield heapq.heappop(waiting)[2]
                for message in _of_block(sources[file.path], file, block, names):
                    heapq.heappush(waiting, (message.log_ns, number, message))
                    number += 1
            while waiting:
                yield heapq.heappop(waiting)[2]

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
    try:
        return _files_of(path)
    except OSError as error:
        raise BagError(f"{shortened(str(path))} cannot be opened: {error.strerror}") from error


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        if path.suffix == ".db3":
            raise BagError(f"{path} is an sqlite3 bag; convert it: ros2 bag convert, with storage_id: mcap")
        return [path]
    if not path.is_dir():
        raise BagError(f"{path} " + ("is neither a file nor a folder" if path.exists() else "does not exist"))
    files = sorted(path.glob("*.mcap"), key=_number)
    if files:
        return files
    if list(path.glob("*.db3")):
        raise BagError(f"{path} is an sqlite3 bag; convert it: ros2 bag convert, with storage_id: mcap")
    there = sorted(p.name for p in path.iterdir()) or "nothing"
    raise BagError(f"{path} is not a bag: no .mcap file in it (there: {there})")


def _read(bag: Path, paths: list[Path], unfinished: bool) -> tuple[list[McapFile], list[str]]:
    """Returns the files and what cannot be read of them at all. Raises BagError, with `unfinished` only for all."""
    files, errors = [], []
    for path in paths:
        try:
            files.append(read_file(path))
        except BagError as error:
            errors.append(str(error))
            if not unfinished or len(errors) == len(paths):
                raise
    cut = [file.path for file in files if not file.finished]
    if cut and not unfinished:
        raise BagError(f"{cut[0]} was cut off: the recorder did not finish it; dexterity bag recover {bag}")
    return files, errors


def _of_block(source: Source, file: McapFile, block: Block, names: Sequence[str] | None) -> Iterator[BagMessage]:
    channels = {n: c for n, c in file.channels.items() if names is None or c.topic in names}
    if not channels.keys() & block.counts.keys():
        return
    try:
        found = block_messages(source, block)
    except TornError as error:
        raise BagError(f"{file.path} has changed while it was read: {error}") from error
    for message in found:
        channel = channels.get(message.channel)
        if channel is not None:
            yield BagMessage(channel=channel, log_ns=message.log_ns, publish_ns=message.publish_ns, data=message.data)


def _number(file: Path) -> tuple[int, str]:
    tail = file.stem.rpartition("_")[2]
    return (int(tail) if tail.isdigit() else 0, file.name)
