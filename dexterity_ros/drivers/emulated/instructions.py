"""What motors do and answer when they hear an instruction packet. Source: ROBOTIS e-Manual, Protocol 2.0."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dexterity_ros.drivers.dynamixel import protocol
from dexterity_ros.drivers.dynamixel.protocol import ALERT_BIT, BROADCAST, Instruction, Packet, StatusError
from dexterity_ros.drivers.emulated.motor import EmulatedMotor

REBOOT_S = 0.34  # ASSUMED A8: an XC330 does not answer for 0.3 to 0.4 s (ROBOTIS-GIT/emanual issue 1698)
_CLEAR_TURNS = bytes([0x01, 0x44, 0x58, 0x4C, 0x22])  # e-Manual, Clear: the only parameters that are not reserved
_STORE, _RESTORE = (bytes([option, 0x43, 0x54, 0x52, 0x4C]) for option in (1, 2))  # e-Manual, Control Table Backup
_RESET_ALL = 0xFF
_KEPT_BY_RESET: dict[int, tuple[str, ...]] = {_RESET_ALL: (), 1: ("id",), 2: ("id", "baud_rate")}
_GROUP_OFF = 253  # secondary ids from here on are none (e-Manual, Secondary ID)
_READS = frozenset(
    {
        Instruction.READ,
        Instruction.SYNC_READ,
        Instruction.FAST_SYNC_READ,
        Instruction.BULK_READ,
        Instruction.FAST_BULK_READ,
    }
)

Answered = list[tuple[EmulatedMotor, bytes]]
_Handler = Callable[[EmulatedMotor, bytes, float], tuple[int, bytes]]


@dataclass(frozen=True, kw_only=True)
class _Request:
    """Registers that one motor is asked for."""

    motor_id: int
    address: int
    length: int


def execute(packet: Packet, motors: Sequence[EmulatedMotor], now_s: float) -> Answered:
    """Lets the motors that hear a packet do what it says. Returns who answers what, in the order of the wire."""
    if packet.instruction == Instruction.STATUS:
        return []  # another motor's answer
    if packet.id != BROADCAST:
        answered = [answer for motor in motors if motor.id == packet.id for answer in _single(motor, packet, now_s)]
        _execute_as_group(packet, motors)
        return answered
    by_id = {motor.id: motor for motor in sorted(motors, key=lambda motor: motor.id)}
    if packet.instruction in _READS:
        return _read_many(packet, by_id)
    if packet.instruction in (Instruction.SYNC_WRITE, Instruction.BULK_WRITE):
        for motor_id, address, data in _writes(packet):
            if motor_id in by_id:
                by_id[motor_id].write(address, data)
        return []
    if packet.instruction == Instruction.FACTORY_RESET and packet.parameters == bytes([_RESET_ALL]):
        return []  # never for all motors at once (e-Manual, Factory Reset)
    answered = [answer for motor in by_id.values() for answer in _single(motor, packet, now_s)]
    return answered if packet.instruction == Instruction.PING else []


def reject(motor_id: int, motors: Sequence[EmulatedMotor]) -> Answered:
    """Returns the answer to a packet for one motor whose checksum was wrong."""
    return [(m, status(m, StatusError.CRC)) for m in motors if m.id == motor_id and m.get("status_return_level") == 2]


def status(motor: EmulatedMotor, error: int, data: bytes = b"") -> bytes:
    """Returns a motor's status packet."""
    return protocol.status(motor.id, error | (ALERT_BIT if motor.alert else 0), data)


def _answers(motor: EmulatedMotor, instruction: int) -> bool:
    """Returns whether Status Return Level(68) lets a motor answer."""
    needed = 0 if instruction == Instruction.PING else 1 if instruction in _READS else 2
    return motor.get("status_return_level") >= needed


def _single(motor: EmulatedMotor, packet: Packet, now_s: float) -> Answered:
    """Lets one motor do what a packet says. Returns its answer, or nothing."""
    answers = _answers(motor, packet.instruction)
    handler = _HANDLERS.get(packet.instruction)
    if handler is None:
        error, data = int(StatusError.INSTRUCTION), b""
    else:
        error, data = handler(motor, packet.parameters, now_s)
    return [(motor, status(motor, error, data))] if answers else []


def _ping(motor: EmulatedMotor, _parameters: bytes, _now_s: float) -> tuple[int, bytes]:
    return StatusError.OK, motor.read(0, 2)[1] + motor.read(6, 1)[1]


def _read(motor: EmulatedMotor, parameters: bytes, _now_s: float) -> tuple[int, bytes]:
    if len(parameters) != 4:
        return StatusError.DATA_LENGTH, b""
    return motor.read(_word(parameters, 0), _word(parameters, 2))


def _write(motor: EmulatedMotor, parameters: bytes, _now_s: float) -> tuple[int, bytes]:
    if len(parameters) < 3:
        return StatusError.DATA_LENGTH, b""
    return motor.write(_word(parameters, 0), parameters[2:]), b""


def _reg_write(motor: EmulatedMotor, parameters: bytes, _now_s: float) -> tuple[int, bytes]:
    if len(parameters) < 3:
        return StatusError.DATA_LENGTH, b""
    error, values = motor.check(_word(parameters, 0), parameters[2:])
    if not error:
        motor.registered = values
        motor.memory.put("registered_instruction", 1)
    return error, b""


def _action(motor: EmulatedMotor, _parameters: bytes, _now_s: float) -> tuple[int, bytes]:
    values, motor.registered = motor.registered, None
    motor.memory.put("registered_instruction", 0)
    if values is None:
        return StatusError.INSTRUCTION, b""
    motor.apply(values)
    return StatusError.OK, b""


def _factory_reset(motor: EmulatedMotor, parameters: bytes, now_s: float) -> tuple[int, bytes]:
    keep = _KEPT_BY_RESET.get(parameters[0]) if len(parameters) == 1 else None
    if keep is None:
        return StatusError.DATA_RANGE, b""
    motor.restore_factory(keep)
    return _reboot(motor, b"", now_s)


def _reboot(motor: EmulatedMotor, _parameters: bytes, now_s: float) -> tuple[int, bytes]:
    motor.reboot(silent_until_s=now_s + REBOOT_S)
    return StatusError.OK, b""


def _clear(motor: EmulatedMotor, parameters: bytes, _now_s: float) -> tuple[int, bytes]:
    if parameters != _CLEAR_TURNS:
        return StatusError.DATA_RANGE, b""
    if not motor.drive.still:
        return StatusError.RESULT_FAIL, b""
    motor.clear_turns()
    return StatusError.OK, b""


def _control_table_backup(motor: EmulatedMotor, parameters: bytes, now_s: float) -> tuple[int, bytes]:
    if parameters not in (_STORE, _RESTORE):
        return StatusError.DATA_RANGE, b""
    if motor.torque or (parameters == _RESTORE and motor.backup is None):
        return StatusError.RESULT_FAIL, b""
    if parameters == _STORE:
        motor.back_up()
        return StatusError.OK, b""
    motor.restore_backup("eeprom")
    return _reboot(motor, b"", now_s)


_HANDLERS: dict[int, _Handler] = {
    Instruction.PING: _ping,
    Instruction.READ: _read,
    Instruction.WRITE: _write,
    Instruction.REG_WRITE: _reg_write,
    Instruction.ACTION: _action,
    Instruction.FACTORY_RESET: _factory_reset,
    Instruction.REBOOT: _reboot,
    Instruction.CLEAR: _clear,
    Instruction.CONTROL_TABLE_BACKUP: _control_table_backup,
}


def _execute_as_group(packet: Packet, motors: Sequence[EmulatedMotor]) -> None:
    """Writes to the motors whose secondary id was called: RAM only, and nobody answers (e-Manual, Secondary ID)."""
    if packet.instruction != Instruction.WRITE or packet.id >= _GROUP_OFF or len(packet.parameters) < 3:
        return
    for motor in motors:
        if motor.id != packet.id == motor.get("secondary_id"):
            motor.write(_word(packet.parameters, 0), packet.parameters[2:], as_group=True)


def _read_many(packet: Packet, by_id: dict[int, EmulatedMotor]) -> Answered:
    p = packet.parameters
    if packet.instruction == Instruction.READ:
        return []  # not for all motors at once (e-Manual, Read)
    if packet.instruction in (Instruction.SYNC_READ, Instruction.FAST_SYNC_READ):
        requests = [_Request(motor_id=i, address=_word(p, 0), length=_word(p, 2)) for i in p[4:]]
    else:
        starts = range(0, len(p) - 4, 5)
        requests = [_Request(motor_id=p[i], address=_word(p, i + 1), length=_word(p, i + 3)) for i in starts]
    there = {i: motor for i, motor in by_id.items() if _answers(motor, packet.instruction)}
    if packet.instruction in (Instruction.FAST_SYNC_READ, Instruction.FAST_BULK_READ):
        return _shared_answer(requests, there)
    # ASSUMED A6: motors after a missing one answer all the same.
    asked = [(there[r.motor_id], r) for r in requests if r.motor_id in there]
    return [(motor, status(motor, *motor.read(r.address, r.length))) for motor, r in asked]


def _shared_answer(requests: list[_Request], there: dict[int, EmulatedMotor]) -> Answered:
    """One packet that each motor continues where the one before ends; behind a missing motor nobody does."""
    present = list(itertools.takewhile(lambda request: request.motor_id in there, requests))
    blocks = [_block(there[r.motor_id], r) if r in present else (r.motor_id, 0, bytes(r.length)) for r in requests]
    packet = protocol.fast_status(blocks)
    ends = [protocol.FAST_HEAD + n for n in itertools.accumulate(4 + request.length for request in present)]
    starts = [0, *ends]
    return [(there[r.motor_id], packet[a:b]) for r, a, b in zip(present, starts, ends, strict=False)]


def _block(motor: EmulatedMotor, request: _Request) -> tuple[int, int, bytes]:
    error, data = motor.read(request.address, request.length)
    return motor.id, error | (ALERT_BIT if motor.alert else 0), data or bytes(request.length)


def _writes(packet: Packet) -> list[tuple[int, int, bytes]]:
    """Returns (motor id, address, data) of a SYNC_WRITE or BULK_WRITE; what is cut off is left out."""
    p = packet.parameters
    if packet.instruction == Instruction.SYNC_WRITE:
        address, length = _word(p, 0), _word(p, 2)
        return [(p[i], address, p[i + 1 : i + 1 + length]) for i in range(4, len(p) - length, length + 1)]
    writes, start = [], 0
    while start + 5 <= len(p) and start + 5 + (length := _word(p, start + 3)) <= len(p):
        writes.append((p[start], _word(p, start + 1), p[start + 5 : start + 5 + length]))
        start += 5 + length
    return writes


def _word(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "little")
