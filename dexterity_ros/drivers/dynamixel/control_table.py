"""Control tables and constants of Dynamixel motors, from config/motors."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from dexterity_ros.contracts import config
from dexterity_ros.contracts.drive import MotorGains
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.motor import MotorCeilings, motor_file
from dexterity_ros.contracts.ranges import Checked, Length, Range
from dexterity_ros.contracts.resources import shipped

TICKS_PER_TURN = 4096
POSITION_UNIT_RAD = 2.0 * math.pi / TICKS_PER_TURN  # ROBOTIS e-Manual, X series: 0.088 deg
VELOCITY_UNIT_RAD_S = 0.229 * 2.0 * math.pi / 60.0  # ROBOTIS e-Manual, X series: 0.229 rpm
ACCELERATION_UNIT_RAD_S2 = 214.577 * 2.0 * math.pi / 3600.0  # e-Manual, Profile Acceleration: 214.577 rev/min^2
VOLTAGE_UNIT_V = 0.1
RETURN_DELAY_UNIT_S = 2e-6
BUS_WATCHDOG_UNIT_S = 0.020
FULL_PWM = 885  # e-Manual, PWM Limit: 100 %
BAUD_CODES = {
    0: 9600,
    1: 57600,
    2: 115200,
    3: 1_000_000,
    4: 2_000_000,
    5: 3_000_000,
    6: 4_000_000,
    7: 4_500_000,  # XM430 only (e-Manual, Baud Rate)
}
POSITION_MODE, EXTENDED_POSITION_MODE, CURRENT_BASED_POSITION_MODE = 3, 4, 5  # e-Manual, Operating Mode
HARDWARE_ERRORS = {0: "input voltage", 2: "overheating", 3: "motor encoder", 4: "electrical shock", 5: "overload"}

ADDRESS = Range(0, 1000, "X series control tables end at 661 (e-Manual)")
VALUE = Range(-(2**31), 2**32 - 1, "what a register of four bytes holds")
_ROWS = Length(0, 200, "rows of a control table (e-Manual)")


@dataclass(frozen=True, kw_only=True)
class Register(Checked):
    """One entry of a control table.

    accepts: smallest and largest value that may be written. values: where only these may be. limit: name of the
    register that bounds this one on both sides. source: section of the e-Manual.
    """

    address: Annotated[int, ADDRESS]
    size: Annotated[int, Range(1, 4, "bytes of a register (e-Manual)")]
    access: Literal["r", "rw"]
    area: Literal["eeprom", "ram"]
    signed: bool
    default: Annotated[int, VALUE]
    source: str
    accepts: Annotated[tuple[int, int] | None, VALUE] = None
    values: Annotated[tuple[int, ...], VALUE, Length(0, 256, "no more than a byte has")] = ()
    limit: str | None = None

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + self.size

    def in_range(self, value: int) -> bool:
        """Returns whether the manual's range has the value; what another register limits is not asked here."""
        if self.values:
            return value in self.values
        return self.accepts is None or self.accepts[0] <= value <= self.accepts[1]

    def encode(self, value: int) -> bytes:
        """Returns the bytes of a value. Raises OverflowError when it does not fit."""
        return value.to_bytes(self.size, "little", signed=self.signed)

    def decode(self, data: bytes) -> int:
        """Returns the value in `size` bytes."""
        return int.from_bytes(data, "little", signed=self.signed)


@dataclass(frozen=True, kw_only=True)
class IndirectBlock(Checked):
    """`count` indirect addresses of two bytes from `addresses` on, each with a byte of indirect data from `data` on."""

    addresses: Annotated[int, ADDRESS]
    data: Annotated[int, ADDRESS]
    count: Annotated[int, Range(1, 128, "56 on XM430, 20 on XC330 (e-Manual)")]


@dataclass(frozen=True, kw_only=True)
class MotorModel(MotorCeilings):
    """Constants of a motor model. registers: rows of its control table that differ from those that all models share."""

    model_number: Annotated[int, Range(0, 65535, "a register of two bytes")]
    min_firmware: Annotated[int, Range(0, 255, "a register of one byte")]
    position_gains: MotorGains
    stall_torque_nm: Annotated[float, Range(0.01, 100.0, "small servo motors")]
    stall_current_a: Annotated[float, Range(0.01, 100.0, "small servo motors")]
    registers: Annotated[dict[str, Register], _ROWS]
    indirect: Annotated[tuple[IndirectBlock, ...], Length(1, 8, "one or two on X series motors (e-Manual)")]

    @cached_property
    def table(self) -> dict[str, Register]:
        """The whole control table of the model, indirect registers included."""
        indirect = [entry for block in self._numbered_blocks() for entry in block]
        return {**x_series(), **self.registers, **dict(indirect)}

    def _numbered_blocks(self) -> list[list[tuple[str, Register]]]:
        last = max(block.data + block.count for block in self.indirect) - 1
        firsts = [1 + sum(block.count for block in self.indirect[:i]) for i in range(len(self.indirect))]
        return [_indirect_rows(block, first, last) for block, first in zip(self.indirect, firsts, strict=True)]


@dataclass(frozen=True, kw_only=True)
class _Table(Checked):
    registers: Annotated[dict[str, Register], _ROWS]


def indirect_names(number: int) -> tuple[str, str]:
    """Returns the names of an indirect address and of its data, counted from 1 as in the manual."""
    return f"indirect_address_{number}", f"indirect_data_{number}"


def _indirect_rows(block: IndirectBlock, first: int, last_address: int) -> list[tuple[str, Register]]:
    """Returns rows of the manual's entry Indirect Address, Indirect Data: only RAM, from 64 on, can be assigned."""
    rows: list[tuple[str, Register]] = []
    for i in range(block.count):
        names = indirect_names(first + i)
        places = ((block.addresses + 2 * i, 2, block.data + i, (64, last_address)), (block.data + i, 1, 0, (0, 255)))
        for name, (address, size, default, accepts) in zip(names, places, strict=True):
            row = Register(
                address=address,
                size=size,
                access="rw",
                area="ram",
                signed=False,
                default=default,
                accepts=accepts,
                source=f"{name.replace('_', ' ').title()}({address})",
            )
            rows.append((name, row))
    return rows


@lru_cache(maxsize=1)
def x_series() -> dict[str, Register]:
    """Returns the registers that all supported motors share."""
    content = {"registers": config.read_mapping(shipped("config/motors/x_series.yaml"))}
    return config.from_mapping(_Table, content, where="x_series").registers


@lru_cache(maxsize=16)
def load_motor(name: str) -> MotorModel:
    """Returns the motor model called `name`, for instance XC330-M288. Raises ConfigError."""
    return config.load(MotorModel, motor_file(name))


def baud_code(baud: int) -> int:
    """Returns what the register baud_rate holds for a baud rate. Raises ConfigError."""
    for code, known in BAUD_CODES.items():
        if known == baud:
            return code
    raise ConfigError(f"no motor has the baud rate {baud}; there are {sorted(BAUD_CODES.values())}")
