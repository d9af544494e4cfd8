"""MotorCeilings: what a motor can bear, from its file in config/motors. The ceilings of a hand stay below."""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.ranges import PART_NAME, Checked, Length, Range, field_hints
from dexterity_ros.contracts.resources import named_resource


@dataclass(frozen=True, kw_only=True)
class MotorCeilings(Checked):
    """The part of a motor's file that bounds every hand with it; the driver's MotorModel has the rest.

    current_limit: in register units of current_unit_a. no_load_rev_min: fastest that the maker states, at the highest
    of the voltages it is stated for.
    """

    name: Annotated[str, PART_NAME]
    current_unit_a: Annotated[float, Range(1e-4, 0.1, "from 1 mA to 4.5 mA on X series motors (e-Manual)")]
    current_limit: Annotated[int, Range(1, 32767, "a signed register of two bytes, goal_current")]
    voltage_range_v: Annotated[tuple[float, float], Range(1.0, 60.0, "small servo motors")]
    temperature_limit_c: Annotated[int, Range(20, 100, "range of the register temperature_limit (e-Manual)")]
    no_load_rev_min: Annotated[float, Range(1.0, 1000.0, "geared servo motors")]
    baud_rates: Annotated[
        tuple[int, ...],
        Range(9600, 10_500_000, "slowest and fastest of all Dynamixels (e-Manual)"),
        Length(1, 16, "at least one"),
    ]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.voltage_range_v[0] < self.voltage_range_v[1]:
            raise ConfigError(f"voltage_range_v is {list(self.voltage_range_v)}, expected the lower voltage first")

    @property
    def max_velocity_rad_s(self) -> float:
        """Speed without load."""
        return self.no_load_rev_min * 2.0 * math.pi / 60.0

    @property
    def max_current_a(self) -> float:
        """The most that the register current_limit takes."""
        return self.current_limit * self.current_unit_a


def motor_file(name: str) -> Path:
    """Returns the file of the motor model called `name`, such as XC330-M288, or its own file. Raises ConfigError."""
    is_path = "/" in name or name.endswith(".yaml")
    return named_resource("config/motors", name if is_path else name.lower().replace("-", "_"))


@lru_cache(maxsize=32)
def load_ceilings(name: str) -> MotorCeilings:
    """Returns what the motor model called `name` can bear. Raises ConfigError."""
    path = motor_file(name)
    content, wanted = config.read_mapping(path), field_hints(MotorCeilings)
    mine = {key: value for key, value in content.items() if key in wanted}
    return config.from_mapping(MotorCeilings, mine, where=shown_path(path))
