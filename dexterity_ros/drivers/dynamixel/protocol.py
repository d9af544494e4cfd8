"""Dynamixel Protocol 2.0 packets: build, stuff, check, parse. No port and no clock.

Source: ROBOTIS e-Manual, Protocol 2.0: packet layout, byte stuffing (FF FF FD -> FF FF FD FD), CRC-16 (polynomial
0x8005, initial value 0, over everything from the header to the last parameter).
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

HEADER = b"\xff\xff\xfd\x00"
BROADCAST = 0xFE
ALERT_BIT = 0x80
FAST_HEAD = 8  # header, id, length, instruction
MAX_PACKET = 1024  # no motor sends more; a longer length field is noise
_STUFFED = b"\xff\xff\xfd\xfd"
_MARK = b"\xff\xff\xfd"
_SHORTEST_LENGTH = 4  # instruction, error, CRC


class Instruction(enum.IntEnum):
    """Instruction codes."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    FACTORY_RESET = 0x06
    REBOOT = 0x08
    CLEAR = 0x10
    CONTROL_TABLE_BACKUP = 0x20
    STATUS = 0x55
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93
    FAST_BULK_READ = 0x9A


class StatusError(enum.IntEnum):
    """Error codes in the low seven bits of a status packet; the highest bit is the hardware alert."""

    OK = 0
    RESULT_FAIL = 1
    INSTRUCTION = 2
    CRC = 3
    DATA_RANGE = 4
    DATA_LENGTH = 5
    DATA_LIMIT = 6
    ACCESS = 7


@dataclass(frozen=True, kw_only=True)
class Packet:
    """A packet as received, CRC checked, stuffing removed. parameters: without the error byte of a status packet."""

    id: int
    instruction: int
    error: int
    parameters: bytes

    @property
    def alert(self) -> bool:
        """Whether the motor reports a hardware error."""
        return bool(self.error & ALERT_BIT)


@lru_cache(maxsize=1)
def _byte_table() -> NDArray[np.uint16]:
    """CRC of every single byte, (256,)."""
    table = np.zeros(256, dtype=np.uint16)
    for value in range(256):
        crc = value << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
        table[value] = crc
    return table


@lru_cache(maxsize=1)
def _distance_table() -> NDArray[np.uint16]:
    """CRC contribution of a byte at a distance from the end, (MAX_PACKET, 256): the CRC is linear over GF(2)."""
    single = _byte_table()
    table = np.zeros((MAX_PACKET, 256), dtype=np.uint16)
    table[0] = single
    for distance in range(1, MAX_PACKET):
        before = table[distance - 1]
        table[distance] = (before << np.uint16(8)) ^ single[before >> np.uint16(8)]
    return table


def crc16(data: bytes | bytearray | memoryview) -> int:
    """Returns the CRC-16 of at most MAX_PACKET bytes."""
    values = np.frombuffer(data, dtype=np.uint8)
    distance = np.arange(len(values) - 1, -1, -1)
    return int(np.bitwise_xor.reduce(_distance_table()[distance, values], initial=np.uint16(0)))


def crc_ok(data: bytes) -> bool:
    """Returns whether the last two bytes are the CRC of those before."""
    return crc16(data[:-2]) == int.from_bytes(data[-2:], "little")


def crc16_rows(rows: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Returns the CRC-16 of every row, (n, length) to (n,): many packets of one length in one table look-up."""
    distance = np.arange(rows.shape[1] - 1, -1, -1)
    result: NDArray[np.uint16] = np.bitwise_xor.reduce(_distance_table()[distance, rows], axis=1)
    return result


def stuff(body: bytes) -> bytes:
    """Returns instruction and parameters with every FF FF FD followed by an extra FD."""
    return body.replace(_MARK, _STUFFED)


def unstuff(body: bytes) -> bytes:
    """Returns a body without its stuffing; the inverse of `stuff`."""
    return body.replace(_STUFFED, _MARK)


def build(motor_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """Returns a complete packet. A status packet's parameters begin with its error byte."""
    body = stuff(bytes([instruction]) + parameters)
    head = HEADER + bytes([motor_id]) + (len(body) + 2).to_bytes(2, "little")
    return head + body + crc16(head + body).to_bytes(2, "little")


def status(motor_id: int, error: int, parameters: bytes = b"") -> bytes:
    """Returns a status packet."""
    return build(motor_id, Instruction.STATUS, bytes([error]) + parameters)


def read_parameters(address: int, length: int) -> bytes:
    """Returns the parameters of READ."""
    return address.to_bytes(2, "little") + length.to_bytes(2, "little")


def sync_read_parameters(address: int, length: int, ids: Iterable[int]) -> bytes:
    """Returns the parameters of SYNC_READ and FAST_SYNC_READ."""
    return read_parameters(address, length) + bytes(ids)


def fast_blocks(length: int, count: int) -> int:
    """Returns the bytes of a FAST_SYNC_READ answer: header to instruction, then error, id, data, CRC of each motor."""
    return FAST_HEAD + count * (length + 4)


def fast_status(blocks: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Returns the shared answer to FAST_SYNC_READ and FAST_BULK_READ, nothing in it stuffed.

    blocks: (motor_id, error, data). The CRC that follows each block covers everything before it, earlier CRCs included.
    """
    size = sum(len(data) + 4 for _, _, data in blocks) + 1
    packet = HEADER + bytes([BROADCAST]) + size.to_bytes(2, "little") + bytes([Instruction.STATUS])
    for motor_id, error, data in blocks:
        packet += bytes([error, motor_id]) + data
        packet += crc16(packet).to_bytes(2, "little")
    return packet


def bulk_read_parameters(requests: Sequence[tuple[int, int, int]]) -> bytes:
    """Returns the parameters of BULK_READ and FAST_BULK_READ; requests: (motor_id, address, length)."""
    return b"".join(bytes([motor_id]) + read_parameters(address, length) for motor_id, address, length in requests)


def sync_write_parameters(address: int, ids: Sequence[int], rows: NDArray[np.uint8]) -> bytes:
    """Returns the parameters of SYNC_WRITE; rows: (n, length), one row for each id."""
    columns = np.concatenate([np.asarray(ids, dtype=np.uint8)[:, None], rows], axis=1)
    return read_parameters(address, rows.shape[1]) + columns.tobytes()


class Parser:
    """Finds packets in a stream of bytes, whatever is between them. Never raises on what it is fed.

    Bytes that cannot be part of a packet are skipped and counted; a packet with a wrong CRC is skipped byte by byte,
    because a good packet may begin inside it. rejected: the ids of those, in the order they came.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped = 0
        self.bad_crc = 0
        self.rejected: list[int] = []

    def feed(self, data: bytes) -> list[Packet]:
        """Returns the packets that became complete."""
        self._buffer += data
        self.rejected.clear()
        packets = []
        while (packet := self._next()) is not None:
            packets.append(packet)
        return packets

    def clear(self) -> None:
        """Forgets what is incomplete."""
        self._buffer.clear()

    @property
    def pending(self) -> int:
        """Bytes that wait for the rest of their packet."""
        return len(self._buffer)

    def _next(self) -> Packet | None:
        while True:
            start = self._buffer.find(HEADER)
            if start < 0:
                # Keep what may be the beginning of a header.
                self._skip(max(len(self._buffer) - len(HEADER) + 1, 0))
                return None
            self._skip(start)
            if len(self._buffer) < 7:
                return None
            length = int.from_bytes(self._buffer[5:7], "little")
            if not _SHORTEST_LENGTH - 1 <= length <= MAX_PACKET - 7:
                self._skip(1)
                continue
            if len(self._buffer) < 7 + length:
                return None
            packet = self._take(7 + length)
            if packet is not None:
                return packet

    def _take(self, size: int) -> Packet | None:
        raw = bytes(self._buffer[:size])
        if not crc_ok(raw):
            self.bad_crc += 1
            self.rejected.append(raw[4])
            self._skip(1)
            return None
        del self._buffer[:size]
        body = unstuff(raw[7:-2])
        is_status = body[0] == Instruction.STATUS
        if is_status and len(body) < 2:
            self.skipped += size
            return None
        return Packet(
            id=raw[4],
            instruction=body[0],
            error=body[1] if is_status else 0,
            parameters=body[2:] if is_status else body[1:],
        )

    def _skip(self, count: int) -> None:
        if count:
            del self._buffer[:count]
            self.skipped += count
