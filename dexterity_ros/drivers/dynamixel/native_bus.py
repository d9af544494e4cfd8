"""A DynamixelBus that speaks Protocol 2.0 itself."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.drivers.dynamixel import protocol
from dexterity_ros.drivers.dynamixel.bus import Reply, SyncReply
from dexterity_ros.drivers.dynamixel.protocol import ALERT_BIT, BROADCAST, Instruction, Packet, Parser
from dexterity_ros.drivers.dynamixel.serial_port import BytePort, SerialPort
from dexterity_ros.drivers.dynamixel.socket_port import SocketPort, is_socket

_STATUS_OVERHEAD = 11  # header 4, id, length 2, instruction, error, CRC 2
_SCAN_WINDOW_S = 0.3
_HEADER = np.frombuffer(protocol.HEADER, dtype=np.uint8)


class NativeBus:
    """One port; every transaction begins with an empty receive buffer, so that late answers are never taken for new."""

    def __init__(self, port: BytePort, *, timeout_s: float = 0.030) -> None:
        """timeout_s: how long to wait for an answer beyond its time on the wire."""
        self._port = port
        self._byte_s = 10.0 / port.baud
        self._timeout_s = timeout_s
        self._parser = Parser()
        self._asked_ns = self._sent_ns = port.now_ns()

    def ping(self, motor_id: int) -> Reply | None:
        """Returns model number and firmware version, or None."""
        return self._ask(motor_id, Instruction.PING, b"", 3)

    def scan(self) -> dict[int, int]:
        """Returns id -> model number of every motor that answers a broadcast ping."""
        self._send(BROADCAST, Instruction.PING, b"")
        found: dict[int, int] = {}
        deadline_ns = self._port.now_ns() + round(_SCAN_WINDOW_S * 1e9)
        while data := self._port.read(deadline_ns):
            for packet in self._parser.feed(data):
                if packet.instruction == Instruction.STATUS and len(packet.parameters) == 3:
                    found[packet.id] = int.from_bytes(packet.parameters[:2], "little")
        return found

    def read(self, motor_id: int, address: int, length: int) -> Reply | None:
        """Returns `length` bytes of the control table, or None."""
        return self._ask(motor_id, Instruction.READ, protocol.read_parameters(address, length), length)

    def write(self, motor_id: int, address: int, data: bytes) -> Reply | None:
        """Writes and waits for the acknowledgement."""
        return self._ask(motor_id, Instruction.WRITE, address.to_bytes(2, "little") + data, 0)

    def reboot(self, motor_id: int) -> Reply | None:
        """Restarts a motor."""
        return self._ask(motor_id, Instruction.REBOOT, b"", 0)

    def sync_read(self, ids: Sequence[int], address: int, length: int) -> SyncReply:
        """Reads the same registers of several motors."""
        self._send(BROADCAST, Instruction.SYNC_READ, protocol.sync_read_parameters(address, length, ids))
        size = _STATUS_OVERHEAD + length
        raw = self._receive(size * len(ids))
        rows = _plain_rows(raw, ids, size, length)
        if rows is not None:
            errors = rows[:, 8]
            return SyncReply(
                data=rows[:, 9:-2],
                valid=(errors & ~np.uint8(ALERT_BIT)) == 0,
                errors=errors & ~np.uint8(ALERT_BIT),
                alerts=(errors & ALERT_BIT) != 0,
                asked_ns=self._asked_ns,
                answered_ns=self._port.now_ns(),
            )
        packets = self._parser.feed(raw)
        deadline_ns = self._deadline_ns(size * len(ids))
        while len({packet.id for packet in packets}) < len(ids) and (data := self._port.read(deadline_ns)):
            packets += self._parser.feed(data)
        return _sorted_out(packets, ids, length, asked_ns=self._asked_ns, answered_ns=self._port.now_ns())

    def fast_sync_read(self, ids: Sequence[int], address: int, length: int) -> SyncReply:
        """Reads the same registers of several motors, which answer in one shared packet."""
        self._send(BROADCAST, Instruction.FAST_SYNC_READ, protocol.sync_read_parameters(address, length, ids))
        raw = self._receive(protocol.fast_blocks(length, len(ids)))
        return _shared(raw, ids, length, asked_ns=self._asked_ns, answered_ns=self._port.now_ns())

    def bulk_read(self, requests: Sequence[tuple[int, int, int]]) -> list[Reply | None]:
        """Reads different registers of several motors."""
        self._send(BROADCAST, Instruction.BULK_READ, protocol.bulk_read_parameters(requests))
        lengths = {motor_id: length for motor_id, _, length in requests}
        deadline_ns = self._deadline_ns(sum(_STATUS_OVERHEAD + length for length in lengths.values()))
        replies: dict[int, Reply | None] = {}
        while len(replies) < len(lengths) and (data := self._port.read(deadline_ns)):
            for packet in self._parser.feed(data):
                if packet.instruction == Instruction.STATUS and packet.id in lengths:
                    replies.setdefault(packet.id, _reply(packet, lengths[packet.id]))
        return [replies.get(motor_id) for motor_id, _, _ in requests]

    def sync_write(self, ids: Sequence[int], address: int, rows: NDArray[np.uint8]) -> None:
        """Writes rows (n, length) to several motors."""
        self._send(BROADCAST, Instruction.SYNC_WRITE, protocol.sync_write_parameters(address, ids, rows))

    def close(self) -> None:
        """Closes the port."""
        self._port.close()

    def _send(self, motor_id: int, instruction: int, parameters: bytes) -> None:
        self._port.flush()
        self._parser.clear()
        packet = protocol.build(motor_id, instruction, parameters)
        self._asked_ns = self._port.now_ns()
        self._port.write(packet)
        self._sent_ns = self._port.now_ns() + round(len(packet) * self._byte_s * 1e9)

    def _deadline_ns(self, expected_bytes: int) -> int:
        return self._sent_ns + round((expected_bytes * self._byte_s + self._timeout_s) * 1e9)

    def _receive(self, expected_bytes: int) -> bytes:
        """Returns what arrives until `expected_bytes` are there or the time is over."""
        deadline_ns = self._deadline_ns(expected_bytes)
        received = b""
        while len(received) < expected_bytes:
            data = self._port.read(deadline_ns)
            if not data:
                break
            received += data
        return received

    def _ask(self, motor_id: int, instruction: int, parameters: bytes, length: int) -> Reply | None:
        self._send(motor_id, instruction, parameters)
        deadline_ns = self._deadline_ns(_STATUS_OVERHEAD + length)
        while data := self._port.read(deadline_ns):
            for packet in self._parser.feed(data):
                if packet.instruction == Instruction.STATUS and packet.id == motor_id:
                    return _reply(packet, length)
        return None


def open_native(path: str, baud: int, *, timeout_s: float = 0.030) -> NativeBus:
    """Returns a bus on a serial device, or on an emulator's socket. Raises BusLostError when it cannot be opened."""
    port = SocketPort(path, baud) if is_socket(path) else SerialPort(path, baud)
    return NativeBus(port, timeout_s=timeout_s)


def _reply(packet: Packet, length: int) -> Reply | None:
    error = packet.error & ~ALERT_BIT
    if error == 0 and len(packet.parameters) != length:
        return None
    return Reply(data=packet.parameters, error=error, alert=packet.alert)


def _plain_rows(raw: bytes, ids: Sequence[int], size: int, length: int) -> NDArray[np.uint8] | None:
    """Returns the status packets as rows (n, size) when all are there, unstuffed, in order and intact; else None."""
    if len(raw) != size * len(ids):
        return None
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(len(ids), size)
    head_ok = (rows[:, :4] == _HEADER).all() and (rows[:, 4] == np.asarray(ids, dtype=np.uint8)).all()
    body_ok = (rows[:, 5] + 256 * rows[:, 6].astype(np.int64) == length + 4).all()
    if not (head_ok and body_ok and (rows[:, 7] == Instruction.STATUS).all()):
        return None
    crc = rows[:, -2].astype(np.uint16) | (rows[:, -1].astype(np.uint16) << np.uint16(8))
    return rows if (protocol.crc16_rows(rows[:, :-2]) == crc).all() else None


def _shared(raw: bytes, ids: Sequence[int], length: int, *, asked_ns: int, answered_ns: int) -> SyncReply:
    """Returns the motors of a FAST_SYNC_READ answer up to the first that is missing or garbled."""
    n = len(ids)
    expected = protocol.fast_blocks(length, n)
    head = protocol.fast_status([(motor_id, 0, bytes(length)) for motor_id in ids])[: protocol.FAST_HEAD]
    rows = np.frombuffer(raw[protocol.FAST_HEAD :].ljust(expected - protocol.FAST_HEAD, b"\0"), dtype=np.uint8)
    rows = rows.reshape(n, length + 4)
    good = 0
    if raw[: protocol.FAST_HEAD] == head:
        same_id = rows[:, 1] == np.asarray(ids, dtype=np.uint8)
        intact = len(raw) == expected and same_id.all() and protocol.crc_ok(raw)
        good = n if intact else _intact_blocks(raw, same_id, length)
    answered = np.arange(n) < good
    errors = np.where(answered, rows[:, 0] & ~np.uint8(ALERT_BIT), 0).astype(np.uint8)
    return SyncReply(
        data=np.where(answered[:, None], rows[:, 2:-2], np.uint8(0)),
        valid=answered & (errors == 0),
        errors=errors,
        alerts=answered & ((rows[:, 0] & ALERT_BIT) != 0),
        asked_ns=asked_ns,
        answered_ns=answered_ns,
    )


def _intact_blocks(raw: bytes, same_id: NDArray[np.bool_], length: int) -> int:
    """Returns how many blocks from the first on are there and good."""
    for i, same in enumerate(same_id):
        end = protocol.fast_blocks(length, i + 1)
        if not same or end > len(raw) or not protocol.crc_ok(raw[:end]):
            return i
    return len(same_id)


def _sorted_out(
    packets: list[Packet], ids: Sequence[int], length: int, *, asked_ns: int, answered_ns: int
) -> SyncReply:
    """Returns what can be used of an answer that is not as it should be: the first good packet of each motor."""
    n = len(ids)
    data, valid = np.zeros((n, length), dtype=np.uint8), np.zeros(n, dtype=bool)
    errors, alerts = np.zeros(n, dtype=np.uint8), np.zeros(n, dtype=bool)
    place = {motor_id: i for i, motor_id in enumerate(ids)}
    for packet in packets:
        i = place.pop(packet.id, None)
        if i is None or packet.instruction != Instruction.STATUS:
            continue
        errors[i], alerts[i] = packet.error & ~ALERT_BIT, packet.alert
        if errors[i] == 0 and len(packet.parameters) == length:
            data[i] = np.frombuffer(packet.parameters, dtype=np.uint8)
            valid[i] = True
    return SyncReply(data=data, valid=valid, errors=errors, alerts=alerts, asked_ns=asked_ns, answered_ns=answered_ns)
