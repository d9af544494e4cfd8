"""Control tables and constants of Dynamixel motors, from config/motors."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dexterity_ros.contracts import config
from dexterity_ros.contracts.hand import MotorGains
from dexterity_ros.contracts.resources import resource

POSITION_UNIT_RAD = 2.0 * math.pi / 4096.0  # ROBOTIS e-Manual, X series: 0.088 deg
VELOCITY_UNIT_RAD_S = 0.229 * 2.0 * math.pi / 60.0  # ROBOTIS e-Manual, X series: 0.229 rpm
VOLTAGE_UNIT_V = 0.1
RETURN_DELAY_UNIT_S = 2e-6
BUS_WATCHDOG_UNIT_S = 0.020
MULTI_TURN_TICKS = 1_048_575  # range of goal_position in mode 5, where position limits do not count (e-Manual)
BAUD_CODES = {0: 9600, 1: 57600, 2: 115200, 3: 1_000_000, 4: 2_000_000, 5: 3_000_000, 6: 4_000_000}
CURRENT_BASED_POSITION_MODE = 5
HARDWARE_ERRORS = {0: "input voltage", 2: "overheating", 3: "motor encoder", 4: "electrical shock", 5: "overload"}


@dataclass(frozen=True, kw_only=True)
class Register:
    """One entry of a control table."""

    address: int
    size: int
    access: Literal["r", "rw"]
    area: Literal["eeprom", "ram"]
    signed: bool
    default: int

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + self.size

    def encode(self, value: int) -> bytes:
        """Returns the bytes of a value. Raises OverflowError when it does not fit."""
        return value.to_bytes(self.size, "little", signed=self.signed)

    def decode(self, data: bytes) -> int:
        """Returns the value in `size` bytes."""
        return int.from_bytes(data, "little", signed=self.signed)


@dataclass(frozen=True, kw_only=True)
class MotorModel:
    """Constants of a motor model; current_limit in register units of current_unit_a."""

    name: str
    model_number: int
    current_unit_a: float
    current_limit: int
    voltage_range_v: tuple[float, float]
    temperature_limit_c: int
    min_firmware: int
    position_gains: MotorGains


@dataclass(frozen=True, kw_only=True)
class _Table:
    registers: dict[str, Register]


@lru_cache(maxsize=1)
def x_series() -> dict[str, Register]:
    """Returns the registers that all supported motors share."""
    content = {"registers": config.read_mapping(resource("config/motors/x_series.yaml"))}
    return config.from_mapping(_Table, content, where="x_series").registers


def load_motor(name: str) -> MotorModel:
    """Returns the motor model called `name`, for instance XC330-M288. Raises ConfigError."""
    return config.load(MotorModel, resource(f"config/motors/{name.lower().replace('-', '_')}.yaml"))


def load_motors() -> dict[int, MotorModel]:
    """Returns all known motor models by model number."""
    folder = resource("config/motors")
    paths = sorted(path for path in folder.glob("*.yaml") if path.stem != "x_series")
    models = [config.load(MotorModel, path) for path in paths]
    return {model.model_number: model for model in models}
