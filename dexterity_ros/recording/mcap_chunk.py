"""What is inside a chunk of an MCAP file: unpacked within bounds, held against its CRC, record by record."""

import struct
import zlib
from collections.abc import Iterator

import lz4.frame
import zstandard

from dexterity_ros.recording.mcap_records import HEAD_BYTES, ChunkRecord, TornError

MAX_CHUNK_BYTES = 512 * 1024 * 1024  # unpacked; rosbag2 writes 768 KiB, and what one message needs
_PIECE_BYTES = 1024 * 1024
_HEAD = struct.Struct("<BQ")


def chunk_content(chunk: ChunkRecord) -> bytes:
    """Returns the records of a chunk as bytes.

    Raises:
        TornError: they cannot be unpacked, are not as many as the chunk says, or do not match its CRC.
    """
    if chunk.size > MAX_CHUNK_BYTES:
        raise TornError(f"a chunk of {chunk.size} bytes, more than {MAX_CHUNK_BYTES}")
    content = _unpacked(chunk)
    if len(content) != chunk.size:
        raise TornError(f"{len(content)} bytes in a chunk of {chunk.size}")
    if chunk.crc and zlib.crc32(content) != chunk.crc:
        raise TornError("the CRC of the chunk does not match")
    return content


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Returns (opcode, content) of every record in a row of records. Raises TornError where it does not add up."""
    at = 0
    while at < len(content):
        if at + HEAD_BYTES > len(content):
            raise TornError("a record is cut off")
        opcode, length = _HEAD.unpack_from(content, at)
        at += HEAD_BYTES
        if length > len(content) - at:
            raise TornError(f"a record of {length} bytes where {len(content) - at} are left")
        yield opcode, content[at : at + length]
        at += length


def _unpacked(chunk: ChunkRecord) -> bytes:
    if chunk.compression == "":
        return chunk.packed
    if chunk.compression not in ("zstd", "lz4"):
        raise TornError(f"compression {chunk.compression!r}, known are zstd and lz4")
    try:
        return _unzstd(chunk) if chunk.compression == "zstd" else _unlz4(chunk)
    except (zstandard.ZstdError, RuntimeError, ValueError, EOFError) as error:
        raise TornError(f"the chunk cannot be unpacked: {error}") from error


def _unzstd(chunk: ChunkRecord) -> bytes:
    """Unpacks piece by piece: what the frame says of its own size is not believed."""
    pieces, total = [], 0
    with zstandard.ZstdDecompressor().stream_reader(chunk.packed, read_across_frames=True) as stream:
        while total < chunk.size and (piece := stream.read(min(_PIECE_BYTES, chunk.size - total))):
            pieces.append(piece)
            total += len(piece)
    return b"".join(pieces)


def _unlz4(chunk: ChunkRecord) -> bytes:
    content: bytes = lz4.frame.LZ4FrameDecompressor().decompress(chunk.packed, max_length=chunk.size + 1)
    return content
