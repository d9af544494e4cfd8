"""Motors that get warm and weak: what a long run does to a hand, for the judge."""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.sim.scene import Model, Scene


class Heat:
    """Follows the warmth of every motor of every hand, 0 to 1, and takes torque from warm ones.

    Warmth follows the square of the torque's share of its limit, as copper losses do, with one time constant.
    """

    def __init__(self, scene: Scene, models: list[Model], *, torque_loss: float, time_s: float) -> None:
        """torque_loss: share of the torque that a motor has lost when it has long given all it can."""
        self._models, self._loss, self._time_s = models, torque_loss, time_s
        self._joints = np.array([scene.model.actuator_trnid[a, 0] for a in scene.actuators])
        self._cold = np.stack([model.jnt_actfrcrange[self._joints, 1] for model in models])
        self._stiffness = np.stack([model.actuator_gainprm[scene.actuators, 0] for model in models])
        self.warmth = np.zeros_like(self._cold)

    def step(self, target_rad: Floats, joint_pos_rad: Floats, elapsed_s: float, live: NDArray[np.bool_]) -> None:
        """Takes one control step into account: targets and positions, (N, n) rad."""
        share = np.clip(np.abs(self._stiffness * (target_rad - joint_pos_rad)) / self._cold, 0.0, 1.0)
        self.warmth += elapsed_s / self._time_s * (share**2 - self.warmth)
        limit = self._cold * (1.0 - self._loss * self.warmth)
        for i in np.flatnonzero(live):
            self._models[i].jnt_actfrcrange[self._joints, 0] = -limit[i]
            self._models[i].jnt_actfrcrange[self._joints, 1] = limit[i]
