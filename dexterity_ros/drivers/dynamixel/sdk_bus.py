"""A DynamixelBus on the vendor's dynamixel-sdk, with the defects of its version 4.1.0 worked around.

Worked around here, each reproduced by a test: stuffing was computed and dropped when sending, and lost bytes when
receiving; a short status packet raised IndexError; GroupSyncRead dropped the error byte and failed as a whole when one
motor was missing; an unplugged adapter raised termios.error and left the port busy for ever.
"""

import contextlib
import termios
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import serial
from dynamixel_sdk import COMM_RX_CORRUPT, COMM_SUCCESS, PortHandler, Protocol2PacketHandler
from numpy.typing import NDArray

from dexterity_ros.drivers.dynamixel import protocol
from dexterity_ros.drivers.dynamixel.bus import BusLostError, Reply, SyncReply
from dexterity_ros.drivers.dynamixel.protocol import ALERT_BIT

_LOST = (OSError, termios.error, serial.SerialException, TypeError)
_INSTRUCTION_AT, _ERROR_AT, _PARAMETERS_AT = 7, 8, 9
_POLL_S = 0.001


class _Port(PortHandler):  # type: ignore[misc]
    """Opens exclusively, sleeps while waiting, and reports a lost device as BusLostError."""

    def setupPort(self, cflag_baud: int) -> bool:  # noqa: ARG002, N802 - the SDK calls it so
        try:
            self.ser = serial.Serial(self.port_name, self.baudrate, timeout=_POLL_S, exclusive=True)
        except _LOST as error:
            raise BusLostError(f"{self.port_name} cannot be opened: {error}") from error
        with contextlib.suppress(ValueError, OSError):
            self.ser.set_low_latency_mode(True)
        self.is_open = True
        self.tx_time_per_byte = (1000.0 / self.baudrate) * 10.0
        return True

    def clearPort(self) -> None:  # noqa: N802
        self._guard(self.ser.reset_input_buffer)

    def readPort(self, length: int) -> bytes:  # noqa: N802
        data: bytes = self._guard(self.ser.read, length)
        return data

    def writePort(self, packet: Any) -> int:  # noqa: N802
        count: int = self._guard(self.ser.write, bytes(packet))
        return count

    def _guard(self, call: Any, *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except _LOST as error:
            self.is_using = False
            raise BusLostError(f"{self.port_name} is gone: {error}") from error


class _Packets(Protocol2PacketHandler):  # type: ignore[misc]
    """Stuffs and unstuffs in place, where the caller looks for it; a packet that is too short is corrupt."""

    def addStuffing(self, packet: list[int]) -> list[int]:  # noqa: N802
        length = packet[5] + 256 * packet[6]
        body = protocol.stuff(bytes(packet[_INSTRUCTION_AT : _INSTRUCTION_AT + length - 2]))
        packet[5:7] = (len(body) + 2).to_bytes(2, "little")
        packet[_INSTRUCTION_AT:] = [*body, 0, 0]
        return packet

    def removeStuffing(self, packet: list[int]) -> list[int]:  # noqa: N802
        body = protocol.unstuff(bytes(packet[_INSTRUCTION_AT:-2]))
        packet[5:7] = (len(body) + 2).to_bytes(2, "little")
        packet[_INSTRUCTION_AT:-2] = body
        return packet

    def rxPacket(self, port: _Port, fast_option: bool) -> tuple[list[int], int]:  # noqa: N802
        try:
            packet, result = super().rxPacket(port, fast_option)
        except (IndexError, UnboundLocalError):
            port.is_using = False
            return [], COMM_RX_CORRUPT
        return packet, result


class SdkBus:
    """One port through the vendor's library."""

    def __init__(self, path: str, baud: int, *, timeout_s: float = 0.030) -> None:
        """timeout_s: how long to wait for an answer beyond its time on the wire. Raises BusLostError."""
        self._port, self._packets = _Port(path), _Packets()
        self._timeout_s, self._byte_s = timeout_s, 10.0 / baud
        if not self._port.setBaudRate(baud):
            raise BusLostError(f"{path}: dynamixel-sdk has no baud rate {baud}")

    def ping(self, motor_id: int) -> Reply | None:
        """Returns model number and firmware version, or None."""
        return self._ask(motor_id, protocol.Instruction.PING, b"", 3)

    def scan(self) -> dict[int, int]:
        """Returns id -> model number of every motor that answers; asks one id after the other."""
        found = {}
        for motor_id in range(253):
            reply = self.ping(motor_id)
            if reply is not None:
                found[motor_id] = int.from_bytes(reply.data[:2], "little")
        return found

    def read(self, motor_id: int, address: int, length: int) -> Reply | None:
        """Returns `length` bytes of the control table, or None."""
        return self._ask(motor_id, protocol.Instruction.READ, protocol.read_parameters(address, length), length)

    def write(self, motor_id: int, address: int, data: bytes) -> Reply | None:
        """Writes and waits for the acknowledgement."""
        return self._ask(motor_id, protocol.Instruction.WRITE, address.to_bytes(2, "little") + data, 0)

    def reboot(self, motor_id: int) -> Reply | None:
        """Restarts a motor."""
        return self._ask(motor_id, protocol.Instruction.REBOOT, b"", 0)

    def sync_read(self, ids: Sequence[int], address: int, length: int) -> SyncReply:
        """Reads the same registers of several motors."""
        reply = _nothing_yet(len(ids), length)
        parameters = protocol.sync_read_parameters(address, length, ids)
        self._send(protocol.BROADCAST, protocol.Instruction.SYNC_READ, parameters, len(ids) * (11 + length))
        place = {motor_id: i for i, motor_id in enumerate(ids)}
        while place and (packet := self._receive()) is not None:
            i = place.pop(packet[4], None)
            if i is not None:
                _fill(reply, i, packet, length)
        return replace(reply, answered_ns=time.monotonic_ns())

    def fast_sync_read(self, ids: Sequence[int], address: int, length: int) -> SyncReply:
        """Reads the same registers of several motors, which answer in one shared packet: all of them or none."""
        reply = _nothing_yet(len(ids), length)
        parameters = protocol.sync_read_parameters(address, length, ids)
        expected = protocol.fast_blocks(length, len(ids))
        self._send(protocol.BROADCAST, protocol.Instruction.FAST_SYNC_READ, parameters, expected)
        packet, result = self._packets.rxPacket(self._port, True)
        if result == COMM_SUCCESS and len(packet) == expected:
            rows = np.array(packet[protocol.FAST_HEAD :], dtype=np.uint8).reshape(len(ids), length + 4)
            reply.data[:], reply.valid[:] = rows[:, 2:-2], rows[:, 1] == np.asarray(ids)
            reply.errors[:], reply.alerts[:] = rows[:, 0] & ~np.uint8(ALERT_BIT), (rows[:, 0] & ALERT_BIT) != 0
            reply.valid[:] &= reply.errors == 0
        return replace(reply, answered_ns=time.monotonic_ns())

    def bulk_read(self, requests: Sequence[tuple[int, int, int]]) -> list[Reply | None]:
        """Reads different registers of several motors."""
        lengths = {motor_id: length for motor_id, _, length in requests}
        parameters = protocol.bulk_read_parameters(requests)
        expected = sum(11 + length for length in lengths.values())
        self._send(protocol.BROADCAST, protocol.Instruction.BULK_READ, parameters, expected)
        replies: dict[int, Reply | None] = {}
        while len(replies) < len(lengths) and (packet := self._receive()) is not None:
            if packet[4] in lengths:
                replies.setdefault(packet[4], _reply(packet, lengths[packet[4]]))
        return [replies.get(motor_id) for motor_id, _, _ in requests]

    def sync_write(self, ids: Sequence[int], address: int, rows: NDArray[np.uint8]) -> None:
        """Writes rows (n, length) to several motors."""
        parameters = protocol.sync_write_parameters(address, ids, rows)
        self._send(protocol.BROADCAST, protocol.Instruction.SYNC_WRITE, parameters, 0)
        self._port.is_using = False

    def close(self) -> None:
        """Closes the port."""
        with contextlib.suppress(*_LOST):
            self._port.closePort()

    def _ask(self, motor_id: int, instruction: int, parameters: bytes, length: int) -> Reply | None:
        self._send(motor_id, instruction, parameters, 11 + length)
        while (packet := self._receive()) is not None:
            if packet[4] == motor_id:
                return _reply(packet, length)
        return None

    def _send(self, motor_id: int, instruction: int, parameters: bytes, expected_bytes: int) -> None:
        body = [instruction, *parameters]
        length = (len(body) + 2).to_bytes(2, "little")
        packet = [0xFF, 0xFF, 0xFD, 0x00, motor_id, *length, *body, 0, 0]
        self._port.is_using = False
        self._packets.txPacket(self._port, packet)
        wire_s = (len(packet) + expected_bytes) * self._byte_s
        self._port.setPacketTimeoutMillis((wire_s + self._timeout_s) * 1e3)

    def _receive(self) -> list[int] | None:
        """Returns the next good status packet before the time is over, or None."""
        while True:
            packet, result = self._packets.rxPacket(self._port, False)
            if result == COMM_SUCCESS:
                return packet
            if result != COMM_RX_CORRUPT or self._port.isPacketTimeout():
                return None


def _nothing_yet(n: int, length: int) -> SyncReply:
    return SyncReply(
        data=np.zeros((n, length), dtype=np.uint8),
        valid=np.zeros(n, dtype=bool),
        errors=np.zeros(n, dtype=np.uint8),
        alerts=np.zeros(n, dtype=bool),
        asked_ns=time.monotonic_ns(),
        answered_ns=0,
    )


def _reply(packet: list[int], length: int) -> Reply | None:
    error, data = packet[_ERROR_AT], bytes(packet[_PARAMETERS_AT:-2])
    if error & ~ALERT_BIT == 0 and len(data) != length:
        return None
    return Reply(data=data, error=error & ~ALERT_BIT, alert=bool(error & ALERT_BIT))


def _fill(reply: SyncReply, i: int, packet: list[int], length: int) -> None:
    error, data = packet[_ERROR_AT], bytes(packet[_PARAMETERS_AT:-2])
    reply.errors[i], reply.alerts[i] = error & ~ALERT_BIT, bool(error & ALERT_BIT)
    if reply.errors[i] == 0 and len(data) == length:
        reply.data[i] = np.frombuffer(data, dtype=np.uint8)
        reply.valid[i] = True
