"""The bytes of a motor's control table, and the rules of the manual that hold whatever the motor is doing.

Source: ROBOTIS e-Manual, Protocol 2.0, Status Packet, Error: Access for addresses that are read only or not defined,
Data Length for less than a whole register, Data Range for values outside a register's range.
"""

import struct

from dexterity_ros.drivers.dynamixel.control_table import IndirectBlock, Register, indirect_names
from dexterity_ros.drivers.dynamixel.protocol import StatusError

_CODES = {1: "b", 2: "h", 4: "i"}


class ControlMemory:
    """Registers by name for the motor, bytes by address for the bus."""

    def __init__(self, registers: dict[str, Register], indirect: tuple[IndirectBlock, ...]) -> None:
        """Starts with every register at its default."""
        self.registers = registers
        self._bytes = bytearray(max(register.end for register in registers.values()))
        self._owner: list[str | None] = [None] * len(self._bytes)
        self._values: dict[str, int] = {}
        self._fields = {name: _field(register) for name, register in registers.items()}
        self._ends = {name: _ends(register) for name, register in registers.items()}
        for name, register in registers.items():
            self._owner[register.address : register.end] = [name] * register.size
            self.put(name, register.default)
        numbers = range(1, 1 + sum(block.count for block in indirect))
        named = [indirect_names(number) for number in numbers]
        self._pointer = {registers[data].address: pointer for pointer, data in named}

    def get(self, name: str) -> int:
        """Returns a register's value."""
        return self._values[name]

    def put(self, name: str, value: int) -> None:
        """Sets a register past all rules; values beyond its size saturate."""
        layout, address = self._fields[name]
        low, high = self._ends[name]
        self._values[name] = min(max(value, low), high)
        layout.pack_into(self._bytes, address, self._values[name])

    def read(self, address: int, length: int) -> tuple[int, bytes]:
        """Returns (error, data). ASSUMED A12: gaps between registers read as zero; beyond the table nothing is read."""
        if length < 1 or address + length > len(self._bytes):
            return StatusError.ACCESS, b""
        data = bytearray(self._bytes[address : address + length])
        for place in self._pointer.keys() & range(address, address + length):
            target = self.get(self._pointer[place])
            data[place - address] = self._bytes[target]
        return StatusError.OK, bytes(data)

    def parse(self, address: int, data: bytes) -> tuple[int, dict[str, int]]:
        """Returns (error, {register: value}) of what a write asks for. Nothing is written."""
        values: dict[str, int] = {}
        if not data:
            return StatusError.DATA_LENGTH, values
        for start, part in self._runs(address, data):
            error = self._parse_run(start, part, values)
            if error:
                return error, {}
        return StatusError.OK, values

    def put_run(self, names: tuple[str, ...], layout: struct.Struct, values: tuple[int, ...]) -> None:
        """Sets registers that follow each other at once; values must fit."""
        layout.pack_into(self._bytes, self.registers[names[0]].address, *values)
        self._values.update(zip(names, values, strict=True))

    def _runs(self, address: int, data: bytes) -> list[tuple[int, bytes]]:
        """Returns the write as runs of neighbouring addresses, indirect data turned into what it stands for."""
        if self._pointer.keys().isdisjoint(range(address, address + len(data))):
            return [(address, data)]
        runs: list[tuple[int, bytes]] = []
        for offset, value in enumerate(data):
            place = address + offset
            if place in self._pointer:
                place = self.get(self._pointer[place])
            if runs and runs[-1][0] + len(runs[-1][1]) == place:
                runs[-1] = (runs[-1][0], runs[-1][1] + bytes([value]))
            else:
                runs.append((place, bytes([value])))
        return runs

    def _parse_run(self, address: int, data: bytes, values: dict[str, int]) -> int:
        if address + len(data) > len(self._bytes):
            return StatusError.ACCESS
        for name in dict.fromkeys(self._owner[address : address + len(data)]):
            if name is None:
                return StatusError.ACCESS
            register = self.registers[name]
            if register.access == "r":
                return StatusError.ACCESS
            offset = register.address - address
            if offset < 0 or offset + register.size > len(data):
                return StatusError.DATA_LENGTH
            value = register.decode(data[offset : offset + register.size])
            if not register.in_range(value):
                return StatusError.DATA_RANGE
            values[name] = value
        return StatusError.OK


def _field(register: Register) -> tuple[struct.Struct, int]:
    code = _CODES[register.size]
    return struct.Struct("<" + (code if register.signed else code.upper())), register.address


def _ends(register: Register) -> tuple[int, int]:
    """Returns the smallest and the largest value that a register has bytes for."""
    bits = 8 * register.size
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if register.signed else (0, (1 << bits) - 1)
