"""What arming writes to the motors' RAM, as few packets, and where what they show afterwards differs from it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.control_table import Register, x_series
from dexterity_ros.drivers.dynamixel.motor_settings import armed_settings

Rows = NDArray[np.uint8]


class ArmingPlan:
    """Neighbouring registers are written together; one reading shows them all, and where the motors stand.

    blocks: (address, rows (n, length)) in the order of writing. first, length: the registers to read back.
    """

    def __init__(self, hand: RobotHand, current: int) -> None:
        """current: goal_current in register units."""
        self._registers = x_series()
        self._values = armed_settings(hand, current)
        self.first = min(self._registers[name].address for name in self._values)
        self.length = self._registers["present_position"].end - self.first
        self.blocks = list(_blocks([(self._registers[name], values) for name, values in self._values.items()]))

    def differences(self, shown: Rows) -> list[tuple[int, str, int, Register]]:
        """Returns (joint, name, wanted value, register) of what was not taken over, in the order of writing.

        shown: (n, length) as read back.
        """
        return [
            (i, name, value, register)
            for name, values in self._values.items()
            for i, value in enumerate(values)
            if self._value(shown[i], register := self._registers[name]) != value
        ]

    def present(self, shown: Rows) -> list[int]:
        """Returns where the motors stand, in ticks."""
        return [self._value(row, self._registers["present_position"]) for row in shown]

    def _value(self, row: Rows, register: Register) -> int:
        return register.decode(row[register.address - self.first : register.end - self.first].tobytes())


def _blocks(steps: list[tuple[Register, list[int]]]) -> Iterator[tuple[int, Rows]]:
    """Yields (address, rows), registers joined where the next one begins at the end of the one before."""
    address = end = steps[0][0].address
    columns: list[Rows] = []
    for register, values in steps:
        if register.address != end:
            yield address, np.hstack(columns)
            address, columns = register.address, []
        columns.append(np.frombuffer(b"".join(map(register.encode, values)), dtype=np.uint8).reshape(len(values), -1))
        end = register.end
    yield address, np.hstack(columns)
