"""DriveSpec: the motors of a hand and their bus; the `drive:` block of a hand's file. No policy depends on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.motor import MotorCeilings, load_ceilings
from dexterity_ros.contracts.ranges import PATH, Checked, Length, Range

MOTOR_ID = Range(0, 252, "253 to 255 are reserved or mean all motors (e-Manual, Protocol 2.0)")
GAIN = Range(0, 16383, "range of the position gains' registers (e-Manual, X series, control table)")
MOTORS = Length(1, 253, "as many as there are ids")


@dataclass(frozen=True, kw_only=True)
class MotorGains(Checked):
    """Position gains in the motor's register units."""

    p: Annotated[int, GAIN]
    i: Annotated[int, GAIN]
    d: Annotated[int, GAIN]


@dataclass(frozen=True, kw_only=True)
class MotorSpec(Checked):
    """The motor of one joint."""

    id: Annotated[int, MOTOR_ID]
    gains: MotorGains


@dataclass(frozen=True, kw_only=True)
class DriveSpec(Checked):
    """Motors of one model on one bus.

    motor_model: name in config/motors; its data bound everything here. supply_v: nominal voltage at the motors.
    motors: by the name of their joint.
    """

    motor_model: Annotated[str, PATH]
    baud_rate: Annotated[int, Range(9600, 10_500_000, "slowest and fastest of all Dynamixels (e-Manual)")]
    max_temperature_c: Annotated[float, Range(20.0, 100.0, "from warm to where the motor's own limit ends (e-Manual)")]
    supply_v: Annotated[float, Range(1.0, 60.0, "small servo motors; within the motor's own range")]
    motors: Annotated[dict[str, MotorSpec], MOTORS]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ids({joint: motor.id for joint, motor in self.motors.items()})
        motor = self.ceilings
        if self.max_temperature_c > motor.temperature_limit_c:
            said = f"expected at most {motor.temperature_limit_c:.4g}: temperature limit of the {motor.name}"
            raise ConfigError(f"max_temperature_c is {self.max_temperature_c}, {said}")
        low, high = motor.voltage_range_v
        if not low <= self.supply_v <= high:
            raise ConfigError(f"supply_v is {self.supply_v}, expected {low} to {high}: range of the {motor.name}")
        if self.baud_rate not in motor.baud_rates:
            raise ConfigError(f"baud_rate is {self.baud_rate}, the {motor.name} has {list(motor.baud_rates)}")

    @property
    def ceilings(self) -> MotorCeilings:
        """What its motors can bear."""
        return load_ceilings(self.motor_model)


def check_ids(ids: Mapping[str, int]) -> None:
    """Raises ConfigError when two joints have the motor of one id. ids: {joint: id}."""
    doubled = sorted({i for i in ids.values() if list(ids.values()).count(i) > 1})
    if doubled:
        raise ConfigError(f"motor ids must differ, these occur more than once: {doubled}")
