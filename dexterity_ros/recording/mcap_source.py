"""The bytes of a file that may be damaged or cut off, and its end: summary and footer."""

import re
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.mcap_chunk import MAX_CHUNK_BYTES, records
from dexterity_ros.recording.mcap_records import (
    CHANNEL,
    CHUNK_FIXED_BYTES,
    CHUNK_INDEX,
    DATA_END,
    FOOTER,
    FOOTER_BYTES,
    HEAD_BYTES,
    MAGIC,
    SCHEMA,
    STATISTICS,
    ChannelRecord,
    Schema,
    Statistics,
    TornError,
    channel_record,
    chunk_span,
    schema_record,
    statistics_record,
)

_PIECE_BYTES = 1024 * 1024
_COMPRESSIONS = rb"\x00\x00\x00\x00|\x04\x00\x00\x00zstd|\x03\x00\x00\x00lz4"
_CHUNK_BEGINS = re.compile(rb"\x06(?=([\s\S]{8})[\s\S]{28}(" + _COMPRESSIONS + rb")([\s\S]{8}))")
_LONGEST_BEGIN = 64
_DATA_ENDS = bytes([DATA_END]) + (4).to_bytes(8, "little")  # a CRC follows


class Source:
    """Reads a file at given places. Raises BagError when the disk does not give it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if path.exists() and not path.is_file():  # opening a pipe waits for a writer
                raise BagError(f"{path} is not a file")
            self._file = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise BagError(f"{path} cannot be opened: {error.strerror}") from error

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def at(self, offset: int, length: int) -> bytes:
        """Returns `length` bytes from `offset` on. Raises TornError when the file ends before."""
        if offset < 0 or offset + length > self.size:
            raise TornError(f"{length} bytes at {offset} of a file of {self.size}")
        try:
            self._file.seek(offset)
            content = self._file.read(length)
        except OSError as error:
            raise BagError(f"{self.path} cannot be read at byte {offset}: {error.strerror}") from error
        if len(content) < length:
            raise BagError(f"{self.path} had {self.size} bytes and has become shorter while it was read")
        return content

    def crc(self, begin: int, end: int, crc: int) -> int:
        """Returns the CRC-32 of the bytes from `begin` to `end`, going on from `crc`."""
        for at in range(begin, end, _PIECE_BYTES):
            crc = zlib.crc32(self.at(at, min(_PIECE_BYTES, end - at)), crc)
        return crc

    def next_chunk(self, begin: int, end: int) -> int:
        """Returns where the next thing begins whose sizes are those of a chunk; `end` when there is none."""
        at = begin
        while at < end:
            piece = self.at(at, min(_PIECE_BYTES, end - at))
            for found in _CHUNK_BEGINS.finditer(piece):
                length, packed = (int.from_bytes(found[k], "little") for k in (1, 3))
                adds_up = length == CHUNK_FIXED_BYTES + len(found[2]) - 4 + packed
                if adds_up and length <= MAX_CHUNK_BYTES and at + found.start() + HEAD_BYTES + length <= end:
                    return at + found.start()
            at += len(piece) if len(piece) < _PIECE_BYTES else _PIECE_BYTES - _LONGEST_BEGIN
        return end

    def next_end(self, begin: int, end: int) -> int:
        """Returns where the next thing begins that looks like the end of a data section; `end` when there is none."""
        at = begin
        while at < end:
            piece = self.at(at, min(_PIECE_BYTES, end - at))
            found = piece.find(_DATA_ENDS)
            if found >= 0:
                return at + found
            at += len(piece) if len(piece) < _PIECE_BYTES else _PIECE_BYTES - _LONGEST_BEGIN
        return end


@dataclass(kw_only=True)
class Ending:
    """How a file ends. data_end: where its data section ends. sound: whether the summary is there and matches its CRC.

    finished: whether it was closed by its writer. spans: (first, last) log time of every chunk, empty without an index.
    """

    data_end: int
    finished: bool
    sound: bool
    flaw: str = ""
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, ChannelRecord] = field(default_factory=dict)
    statistics: Statistics | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)


def read_ending(source: Source) -> Ending:
    """Returns how a file ends; never raises TornError."""
    closed = source.size >= 2 * len(MAGIC) and source.at(source.size - len(MAGIC), len(MAGIC)) == MAGIC
    footer = source.size - len(MAGIC) - FOOTER_BYTES
    try:
        ending = _summary(source, footer)
        return ending if closed else _flawed(ending, "its last bytes are not those of an MCAP file")
    except TornError as error:
        end = max(footer, 0) if closed else source.size
        return Ending(data_end=end, finished=closed, sound=False, flaw=f"its summary is damaged ({error})")


def moved_ending(source: Source, begin: int) -> Ending | None:
    """Returns the ending of a closed file whose summary is whole but lies at `begin`, not where its footer says.

    So it is where bytes before it are missing or too many. None: it is not whole.
    """
    try:
        ending = _summary(source, source.size - len(MAGIC) - FOOTER_BYTES, begin)
    except TornError:
        return None
    return _flawed(ending, "its summary is not where its footer says")


def _flawed(ending: Ending, flaw: str) -> Ending:
    ending.flaw = flaw
    return ending


def _summary(source: Source, footer: int, moved_to: int = 0) -> Ending:
    head = source.at(footer, FOOTER_BYTES)
    opcode, length, told, _, crc = struct.unpack("<BQQQI", head)
    begin = moved_to or told
    if (opcode, length) != (FOOTER, FOOTER_BYTES - HEAD_BYTES) or not 0 <= begin <= footer:
        raise TornError("no footer")
    content = source.at(begin, footer - begin) if begin else b""
    if crc and zlib.crc32(head[:-4], zlib.crc32(content)) != crc:
        raise TornError("its CRC does not match")
    ending = Ending(data_end=begin or footer, finished=True, sound=True)
    for kind, record in records(content):
        if kind == SCHEMA:
            number, schema = schema_record(record)
            ending.schemas[number] = schema
        elif kind == CHANNEL:
            channel = channel_record(record)
            ending.channels[channel.number] = channel
        elif kind == STATISTICS:
            ending.statistics = statistics_record(record)
        elif kind == CHUNK_INDEX:
            ending.spans.append(chunk_span(record))
    return ending
