"""Walks through an MCAP file from front to back and checks every chunk; a damaged one costs that chunk alone."""

import zlib
from collections import Counter
from dataclasses import dataclass, field

from dexterity_ros.recording.mcap_chunk import MAX_CHUNK_BYTES, chunk_content, records
from dexterity_ros.recording.mcap_records import (
    ATTACHMENT,
    CHANNEL,
    CHUNK,
    CHUNK_FIXED_BYTES,
    DATA_END,
    FIRST_PRIVATE_OPCODE,
    FOOTER,
    HEAD_BYTES,
    LAST_OPCODE,
    MAGIC,
    MESSAGE,
    MESSAGE_INDEX,
    METADATA,
    SCHEMA,
    ChannelRecord,
    Fields,
    MessageRecord,
    Schema,
    TornError,
    channel_record,
    chunk_record,
    message_record,
    metadata_record,
    schema_record,
)
from dexterity_ros.recording.mcap_source import Ending, Source

_ROW_BYTES = 1024 * 1024  # messages outside of chunks are read this many bytes at a time


@dataclass(frozen=True, kw_only=True)
class Block:
    """Messages that are read together: a chunk, or a row of messages outside of one. Times: log times in ns."""

    offset: int
    length: int
    begin_ns: int
    end_ns: int
    counts: Counter[int]
    content_crc: int


@dataclass(kw_only=True)
class Walked:
    """What a walk found. span_ns of a damaged chunk is what its own header says, which nothing protects.

    sealed: whether a CRC covers everything before the summary. unchecked: messages that no CRC covers. data_end: where
    the data section ends, 0 when its end is not there.
    """

    blocks: list[Block] = field(default_factory=list)
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, ChannelRecord] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    damaged_chunks: int = 0
    damaged_spans_ns: list[tuple[int, int]] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    attachments: int = 0
    sealed: bool = False
    unchecked: int = 0
    data_end: int = 0


def block_messages(source: Source, block: Block) -> list[MessageRecord]:
    """Returns the messages of a block. Raises TornError when the file has changed since the walk."""
    content = source.at(block.offset, block.length)
    if content[0] == CHUNK:
        content = chunk_content(chunk_record(content[HEAD_BYTES:]))
    return [message_record(record) for kind, record in records(content) if kind == MESSAGE]


def walk(source: Source, ending: Ending) -> Walked:
    """Returns everything that is whole in a file, and what is not."""
    return _Walk(source, ending).run()


class _Walk:
    def __init__(self, source: Source, ending: Ending) -> None:
        self._source, self._ending, self._limit = source, ending, ending.data_end
        self._found = Walked()
        self._at = min(len(MAGIC), self._limit)
        self._crc = zlib.crc32(source.at(0, self._at))
        self._in_step, self._ended = True, False
        self._searched = self._at  # chunks that begin before are known
        self._row: list[MessageRecord] = []
        self._row_at = self._row_bytes = 0

    def run(self) -> Walked:
        """Takes record after record; where they do not add up, goes on with the next chunk."""
        while self._at < self._limit and not self._ended:
            try:
                self._step()
            except TornError as error:
                self._lose(str(error))
        self._end_row()
        if self._ending.finished and not self._ended and self._in_step:
            self._found.flaws.append("the end of its data section is missing")
        return self._found

    def _step(self) -> None:
        head = self._source.at(self._at, HEAD_BYTES)
        kind, length = head[0], int.from_bytes(head[1:], "little")
        end = self._at + HEAD_BYTES + length
        if end > self._limit or kind == 0 or LAST_OPCODE < kind < FIRST_PRIVATE_OPCODE:
            raise TornError(f"no record at byte {self._at}")
        if kind != MESSAGE:
            self._end_row()
        if kind == ATTACHMENT or kind >= FIRST_PRIVATE_OPCODE:
            self._pass_over(kind, end)
            self._crc = self._source.crc(self._at, end, self._crc)
        else:
            if length > MAX_CHUNK_BYTES:
                raise TornError(f"a record of {length} bytes at byte {self._at}")
            record = self._source.at(self._at + HEAD_BYTES, length)
            self._take(kind, record, end)
            self._crc = zlib.crc32(record, zlib.crc32(head, self._crc))
        self._at = end

    def _take(self, kind: int, record: bytes, end: int) -> None:
        if kind == CHUNK:
            self._take_chunk(record, end)
        elif kind == MESSAGE:
            self._take_message(message_record(record), end)
        elif not _is_whole_index(kind, record) and self._swallowed(end):
            raise TornError(f"no record at byte {self._at}")
        elif kind == METADATA:
            name, content = metadata_record(record)
            self._found.metadata.setdefault(name, content)
        elif kind == DATA_END:
            self._end_of_data(record, end)
        elif kind == FOOTER:
            self._ended = True
        elif kind in (SCHEMA, CHANNEL):
            self._describe(kind, record)

    def _take_chunk(self, record: bytes, end: int) -> None:
        chunk = chunk_record(record)
        content = chunk_content(chunk)
        messages = []
        for kind, inner in records(content):
            if kind == MESSAGE:
                messages.append(message_record(inner))
            elif kind in (SCHEMA, CHANNEL):
                self._describe(kind, inner)
        if not chunk.crc:
            self._found.unchecked += len(messages)
        begin = self._at + HEAD_BYTES
        self._searched = begin + CHUNK_FIXED_BYTES + len(chunk.compression.encode()) + len(chunk.packed)
        self._add(self._at, self._searched, messages, zlib.crc32(content))
        if self._source.next_chunk(self._searched, end) < end:
            raise TornError(f"the length of the chunk at byte {self._at} takes in the next one")
        self._searched = end

    def _take_message(self, message: MessageRecord, end: int) -> None:
        if not self._row:
            self._row_at = self._at
        self._row.append(message)
        self._row_bytes = end - self._row_at
        if self._row_bytes > _ROW_BYTES:
            self._end_row()

    def _end_row(self) -> None:
        if self._row:
            self._found.unchecked += len(self._row)
            self._add(self._row_at, self._row_at + self._row_bytes, self._row, self._row_at)
            self._row = []

    def _add(self, begin: int, end: int, messages: list[MessageRecord], content_crc: int) -> None:
        if not messages:
            return
        times = [message.log_ns for message in messages]
        counts = Counter(message.channel for message in messages)
        self._found.blocks.append(
            Block(
                offset=begin,
                length=end - begin,
                begin_ns=min(times),
                end_ns=max(times),
                counts=counts,
                content_crc=content_crc,
            )
        )

    def _describe(self, kind: int, record: bytes) -> None:
        """Schemas and channels may be repeated, and are then the same."""
        if kind == SCHEMA:
            number, schema = schema_record(record)
            same = self._found.schemas.setdefault(number, schema) == schema
        else:
            channel = channel_record(record)
            number, same = channel.number, self._found.channels.setdefault(channel.number, channel) == channel
        if not same:
            what = "schema" if kind == SCHEMA else "channel"
            self._found.flaws.append(f"{what} {number} is described twice, and differently")

    def _end_of_data(self, record: bytes, end: int) -> None:
        if len(record) != 4 or (self._ending.sound and end != self._limit):
            raise TornError(f"no end of the data at byte {self._at}")
        expected = int.from_bytes(record, "little")
        self._ended, self._found.data_end = True, end
        if expected and self._in_step and expected != self._crc:
            self._found.flaws.append("the CRC of its data section does not match")
        self._found.sealed = bool(expected) and self._in_step and expected == self._crc

    def _pass_over(self, kind: int, end: int) -> None:
        """Skips a record that is not read here, an attachment or somebody's own."""
        if kind == ATTACHMENT:
            told = int.from_bytes(self._source.at(end - 4, 4), "little")
            if told and told != self._source.crc(self._at + HEAD_BYTES, end - 4, 0):
                raise TornError(f"the CRC of the attachment at byte {self._at} does not match")
            self._found.attachments += 1
        elif self._swallowed(end):
            raise TornError(f"no record at byte {self._at}")

    def _swallowed(self, end: int) -> bool:
        """Whether a chunk lies inside the record here: then its length is wrong."""
        return self._source.next_chunk(self._at + HEAD_BYTES, end) < end

    def _lose(self, why: str) -> None:
        """Names what is damaged here and goes on with the next chunk, even one that a wrong length has skipped.

        After the last chunk it goes on with the end of the data section.
        """
        self._end_row()
        self._in_step = False
        at = self._source.next_chunk(self._searched, self._limit)
        if at == self._at:
            at = self._source.next_chunk(self._at + 1, self._limit)
        if at == self._limit:
            at = self._source.next_end(self._at + 1, self._limit)
        if at > self._at >= self._searched and self._source.at(self._at, 1)[0] == CHUNK:
            self._lose_chunk()
        else:
            self._found.flaws.append(why)
        self._searched = self._at = at

    def _lose_chunk(self) -> None:
        self._found.damaged_chunks += 1
        begin = self._at + HEAD_BYTES
        if begin + 16 <= self._limit:
            fields = Fields(self._source.at(begin, 16))
            self._found.damaged_spans_ns.append((fields.number(8), fields.number(8)))


def _is_whole_index(kind: int, record: bytes) -> bool:
    """Whether this is an index of messages whose lengths add up; there are many, and they hold nothing else."""
    return kind == MESSAGE_INDEX and len(record) >= 6 and int.from_bytes(record[2:6], "little") + 6 == len(record)
