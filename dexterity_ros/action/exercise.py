"""A motion without a policy: one joint after the other moves out and back, the others stand still."""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.action.ramp import Ramp
from dexterity_ros.contracts.hand import HandSpec

JOINT_S = 1.2  # out and back
_MOVE_RAD = 0.3  # at most; joints near a limit move away from it
_REST_S = 0.5  # at home between rounds
_VELOCITY_RAD_S = 0.8


class Exercise:
    """A stage: begins wherever the hand is, goes home, then moves joint by joint in policy order, round after round."""

    def __init__(self, hand: HandSpec, measured_rad: NDArray[np.float64], now_ns: int) -> None:
        """measured_rad: (n,)."""
        self._home = np.array(hand.home_pos_rad)
        room_up, room_down = hand.upper_rad - self._home, self._home - hand.lower_rad
        self._move = np.where(room_up >= room_down, np.minimum(room_up, _MOVE_RAD), -np.minimum(room_down, _MOVE_RAD))
        self._ramp = Ramp(start_rad=measured_rad, end_rad=self._home, max_velocity_rad_s=_VELOCITY_RAD_S, now_ns=now_ns)
        self._began_ns = now_ns + round(self._ramp.duration_s * 1e9)
        self.round_s = JOINT_S * len(self._home) + _REST_S

    def rounds(self, now_ns: int) -> int:
        """Returns how many whole rounds are done."""
        return max(int((now_ns - self._began_ns) * 1e-9 // self.round_s), 0)

    def step(self, now_ns: int) -> NDArray[np.float64]:
        """Returns the position to command, rad, (n,)."""
        if now_ns < self._began_ns:
            return self._ramp.step(now_ns)
        joint, elapsed_s = divmod((now_ns - self._began_ns) * 1e-9 % self.round_s, JOINT_S)
        target = self._home.copy()
        if joint < len(target):
            share = 0.5 - 0.5 * np.cos(2.0 * np.pi * elapsed_s / JOINT_S)
            target[int(joint)] += share * self._move[int(joint)]
        return target
