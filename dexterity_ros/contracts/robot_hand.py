"""RobotHand: a hand file with what was measured of one individual laid over it; what a driver moves."""

import dataclasses
import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.drive import MotorSpec
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.robot import NO_ROBOT, RobotSpec, load_robot

NOMINAL_ZERO_RAD = math.pi  # the middle of the motor's turn, 2048 ticks (e-Manual, X series, Present Position)


@dataclass(frozen=True, kw_only=True)
class RobotHand(HandFile):
    """A hand with what was measured of one individual; nominal where nothing was."""

    robot: RobotSpec | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.robot is not None:
            self.robot.check_hand(self)

    @cached_property
    def motors(self) -> tuple[MotorSpec, ...]:
        """Motors in policy order, with the ids and gains that this individual has."""
        ids = None if self.robot is None or self.robot.wiring is None else self.robot.wiring.motor_ids
        gains = None if self.robot is None or self.robot.gains is None else self.robot.gains.motors
        motors = {name: self.drive.motors[name] for name in self.joint_names}
        if ids is not None:
            motors = {name: replace(motor, id=ids[name]) for name, motor in motors.items()}
        if gains is not None:
            motors = {name: replace(motor, gains=gains[name]) for name, motor in motors.items()}
        return tuple(motors.values())

    @cached_property
    def signs(self) -> NDArray[np.float64]:
        """1 or -1 for each joint, (n,): which way it turns when its motor turns on."""
        signs = None if self.robot is None or self.robot.wiring is None else self.robot.wiring.signs
        return np.array([1.0 if signs is None else float(signs[name]) for name in self.joint_names])

    @cached_property
    def zeros_rad(self) -> NDArray[np.float64]:
        """Where each motor stands when its joint is at 0, (n,)."""
        zeros = None if self.robot is None or self.robot.zeros is None else self.robot.zeros.zeros_rad
        return np.array([NOMINAL_ZERO_RAD if zeros is None else zeros[name].nominal for name in self.joint_names])

    @property
    def individual(self) -> str:
        """Which one it is, and what of it was measured."""
        return "no robot.yaml: nominal signs and zeros" if self.robot is None else self.robot.said


def load_robot_hand(name: str, robot: str = NO_ROBOT) -> RobotHand:
    """Returns the hand called `name` with the measurements in the file `robot`. Raises ConfigError."""
    return as_robot(load_hand(name), load_robot(robot))


def as_robot(hand: HandFile, robot: RobotSpec | None) -> RobotHand:
    """Returns an individual of a hand. Raises ConfigError when the measurements are of another."""
    parts = {field.name: getattr(hand, field.name) for field in dataclasses.fields(HandFile)}
    return RobotHand(**parts, robot=robot)
