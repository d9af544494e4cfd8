"""Joints without physics that a person moves while their motors have no torque."""

import time
from collections.abc import Callable

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.drivers.emulated.bus import StillJoints

_WAVE_HZ = 0.2
_WAVE_RAD = 0.15  # about home
_BEGINS_S = 2.0  # in which the wave grows to its height


class ShownJoints(StillJoints):
    """A slow wave goes through the joints about home, one after the other; with torque they stand where they were."""

    def __init__(self, hand: HandSpec, now_s: Callable[[], float] = time.monotonic) -> None:
        """now_s: returns the time; the wave begins now."""
        super().__init__(hand.joint_names, np.array(hand.home_pos_rad))
        self._hand, self._now_s, self._began_s = hand, now_s, now_s()

    def measure(self) -> tuple[Floats, Floats]:
        """Returns positions and velocities."""
        if self.torque:
            return super().measure()
        wave, velocity = self._wave(self._now_s() - self._began_s)
        self._pos = np.clip(np.array(self._hand.home_pos_rad) + wave, self._hand.lower_rad, self._hand.upper_rad)
        return self._pos.copy(), velocity

    def _wave(self, elapsed_s: float) -> tuple[Floats, Floats]:
        """Returns how far from home each joint is, and how fast, (n,) each."""
        count = len(self._hand.joints)
        phase = 2.0 * np.pi * (_WAVE_HZ * elapsed_s - np.arange(count) / count)
        height = _WAVE_RAD * min(elapsed_s / _BEGINS_S, 1.0)
        return height * np.sin(phase), height * 2.0 * np.pi * _WAVE_HZ * np.cos(phase)
