"""An emulated bus whose motors feel gears, friction and loads: goals and gains go to the joints, not a ready pull."""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.ports import GearedJointsPort, MotorPull
from dexterity_ros.contracts.robot_hand import RobotHand, as_robot
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel


class GearedBus(EmulatedBus):
    """Motors of one individual, set up by somebody who knew nothing of it. The joints advance with its time.

    most_a: the most that a motor with torque has drawn.
    """

    def __init__(self, hand: RobotHand, joints: GearedJointsPort, wire: WireModel) -> None:
        """hand: the individual as it is, whatever its robot.yaml will say."""
        self._geared = joints
        self._p = np.array([motor.gains.p for motor in hand.motors], dtype=float)
        self._d = np.array([motor.gains.d for motor in hand.motors], dtype=float)
        self.most_a = 0.0
        super().__init__(hand, _Uncommanded(joints), wire, believed=as_robot(hand, None))
        self._power_up(hand)

    @property
    def most_rad_s(self) -> float:
        """The fastest that a joint with torque has moved."""
        return self._geared.most_rad_s

    def update(self, now_s: float) -> None:
        """Advances joints and motors to `now_s`."""
        if self._updated_s is not None:
            self._geared.advance(max(now_s - self._updated_s, 0.0))
        self._current_a = self._sign * self._geared.current_a()
        super().update(now_s)
        self._note_most()

    def _power_up(self, hand: RobotHand) -> None:
        """Lets the motors find out within which turn they stand, as after power-up."""
        if hand.robot is not None and hand.robot.supply is not None:
            for motor in self.motors:
                motor.supply_v = hand.robot.supply.supply_v.nominal
        self.update(0.0)
        for motor in self.motors:
            motor.clear_turns()
        self._updated_s = None

    def _drawn_a(self, motor: int) -> float | None:
        return float(self._current_a[motor])

    def _drive(self, position: NDArray[np.float64]) -> None:
        goals = np.array([motor.drive.target_rad() for motor in self.motors])
        powered = self._powered()
        pull = MotorPull(
            goal_rad=np.where(powered, self._sign * (goals - self._zero), position),
            p_share=_share(np.array([motor.get("position_p_gain") for motor in self.motors]), self._p),
            d_share=_share(np.array([motor.get("position_d_gain") for motor in self.motors]), self._d),
            limit_a=np.array([motor.drive.limit_a for motor in self.motors]),
            powered=powered,
        )
        self._geared.pull(pull)

    def _powered(self) -> NDArray[np.bool_]:
        return np.array([motor.torque for motor in self.motors])

    def _note_most(self) -> None:
        powered = self._powered()
        if powered.any():
            self.most_a = max(self.most_a, float(np.abs(self._current_a[powered]).max()))


def _share(gain: NDArray[np.float64], nominal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns gains as a share of what the hand's file has; all of it where that is 0."""
    return np.divide(gain, nominal, out=np.ones(len(nominal)), where=nominal > 0.0)


class _Uncommanded:
    """Joints as the bus measures them; what motors do to them goes another way."""

    def __init__(self, joints: GearedJointsPort) -> None:
        self._joints = joints

    def joint_names(self) -> tuple[str, ...]:
        return self._joints.joint_names()

    def measure(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self._joints.measure()

    def command(self, _pos_rad: NDArray[np.float64]) -> None:
        raise AssertionError("geared joints are pulled, not commanded")

    def set_torque(self, _enabled: bool) -> None:
        raise AssertionError("geared joints are pulled, not commanded")
