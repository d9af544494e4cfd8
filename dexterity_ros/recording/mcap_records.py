"""The records of an MCAP file, read from bytes that may be damaged: never beyond the record, never more than is there.

Source: MCAP format specification, version 0 (mcap.dev/spec), chapters "Records" and "Opcodes".
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

MAGIC = b"\x89MCAP0\r\n"
HEAD_BYTES = 9  # opcode and length of a record
FOOTER_BYTES = HEAD_BYTES + 20
CHUNK_FIXED_BYTES = 40  # of a chunk before its records, without the name of the compression

HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, CHUNK_INDEX = 1, 2, 3, 4, 5, 6, 7, 8
ATTACHMENT, STATISTICS, METADATA, DATA_END = 9, 11, 12, 15
LAST_OPCODE, FIRST_PRIVATE_OPCODE = 15, 128
_END_OF_TIME_NS = 2**63  # clocks of ROS count in 64 bits with a sign (rcl_time_point_value_t)
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time; then the data


class TornError(Exception):
    """These bytes are not the record that they should be."""


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A message type as the file describes it. encoding: ros2msg, ros2idl or another; data: the definition."""

    name: str
    encoding: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A topic as the file describes it. encoding: of its messages. schema: None when it has none."""

    topic: str
    encoding: str
    schema: Schema | None
    metadata: tuple[tuple[str, str], ...]


class ChannelRecord(NamedTuple):
    """A channel that names its schema by number; 0 is none."""

    number: int
    schema: int
    topic: str
    encoding: str
    metadata: tuple[tuple[str, str], ...]


class ChunkRecord(NamedTuple):
    """The fixed part of a chunk. begin_ns, end_ns, size, crc: of its records once unpacked; crc 0: there is none."""

    begin_ns: int
    end_ns: int
    size: int
    crc: int
    compression: str
    packed: bytes


class MessageRecord(NamedTuple):
    """One message of a channel."""

    channel: int
    log_ns: int
    publish_ns: int
    data: bytes


class Statistics(NamedTuple):
    """What the summary counts."""

    messages: int
    chunks: int
    per_channel: dict[int, int]


class Fields:
    """Reads the fields of a record one after another. Raises TornError instead of reading beyond its bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def number(self, size: int) -> int:
        """Returns an unsigned number of `size` bytes, little end first."""
        return int.from_bytes(self.blob(size), "little")

    def blob(self, size: int) -> bytes:
        """Returns the next `size` bytes."""
        if size > self.left:
            raise TornError(f"{size} bytes wanted, {self.left} left")
        self._at += size
        return self._data[self._at - size : self._at]

    def text(self) -> str:
        """Returns a text that its length precedes."""
        try:
            return self.blob(self.number(4)).decode()
        except UnicodeDecodeError as error:
            raise TornError(str(error)) from error

    def texts(self) -> tuple[tuple[str, str], ...]:
        """Returns the pairs of a map of texts."""
        inner = Fields(self.blob(self.number(4)))
        pairs = []
        while inner.left:
            pairs.append((inner.text(), inner.text()))
        return tuple(pairs)


def schema_record(data: bytes) -> tuple[int, Schema]:
    """Returns (number, schema). Raises TornError, as all of these do."""
    fields = Fields(data)
    number, name, encoding = fields.number(2), fields.text(), fields.text()
    return number, Schema(name=name, encoding=encoding, data=fields.blob(fields.number(4)))


def channel_record(data: bytes) -> ChannelRecord:
    """Returns a channel."""
    fields = Fields(data)
    return ChannelRecord(fields.number(2), fields.number(2), fields.text(), fields.text(), fields.texts())


def chunk_record(data: bytes) -> ChunkRecord:
    """Returns a chunk, still packed."""
    fields = Fields(data)
    begin, end, size, crc = fields.number(8), fields.number(8), fields.number(8), fields.number(4)
    return ChunkRecord(begin, end, size, crc, fields.text(), fields.blob(fields.number(8)))


def message_record(data: bytes) -> MessageRecord:
    """Returns a message."""
    if len(data) < _MESSAGE.size:
        raise TornError(f"a message of {len(data)} bytes")
    channel, _, log_ns, publish_ns = _MESSAGE.unpack_from(data)
    if max(log_ns, publish_ns) >= _END_OF_TIME_NS:
        raise TornError(f"a message of {max(log_ns, publish_ns)} ns, after the year 2262")
    return MessageRecord(channel, log_ns, publish_ns, data[_MESSAGE.size :])


def metadata_record(data: bytes) -> tuple[str, dict[str, str]]:
    """Returns (name, content) of a metadata record."""
    fields = Fields(data)
    return fields.text(), dict(fields.texts())


def statistics_record(data: bytes) -> Statistics:
    """Returns what a file says it holds."""
    fields = Fields(data)
    messages = fields.number(8)
    fields.blob(2 + 4 + 4 + 4)  # numbers of schemas, channels, attachments, metadata records
    chunks = fields.number(4)
    fields.blob(8 + 8)  # first and last time
    inner = Fields(fields.blob(fields.number(4)))
    counts = {}
    while inner.left:
        number = inner.number(2)
        counts[number] = inner.number(8)
    return Statistics(messages, chunks, counts)


def chunk_span(data: bytes) -> tuple[int, int]:
    """Returns (first, last) log time of the messages of a chunk, from its entry in the index."""
    fields = Fields(data)
    return fields.number(8), fields.number(8)
