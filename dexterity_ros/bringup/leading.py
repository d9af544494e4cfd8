"""A second hand without torque leads: this one follows its joints through its own gate."""

import numpy as np

from dexterity_ros.bringup.manual import HandError, ManualHand
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.samples import JointSample


class LedHand:
    """A follower under torque and its leader. Both are of one model; each has its own zeros and signs."""

    def __init__(self, follower: ManualHand, leader: ManualHand) -> None:
        """Raises HandError for two hands of other joints."""
        if follower.spec.joint_names != leader.spec.joint_names:
            names = list(leader.spec.joint_names)
            raise HandError(f"the leader has the joints {names}, the hand that follows {follower.spec.joint_names}")
        self._follower, self._leader = follower, leader

    def begin(self) -> None:
        """Takes the leader's torque, and eases the follower to where the leader stands. Raises HandError."""
        self._leader.limp()
        self._follower.ease_to(self._wanted(self._leader.look()))

    def step(self) -> tuple[JointSample | None, Floats]:
        """Runs one control cycle. Returns what the follower measured (None: it failed) and what the leader wants, (n,).

        Raises HandError when either hand is lost, and lets go of the follower then.
        """
        try:
            wanted = self._wanted(self._leader.read())
        except HandError:
            self._follower.let_go()
            raise
        return self._follower.tick(wanted).measured, wanted

    def end(self) -> None:
        """Lets go gently."""
        self._follower.let_go()

    def _wanted(self, measured: JointSample) -> Floats:
        """Returns the leader's joints inside the follower's limits."""
        spec = self._follower.spec
        return np.clip(measured.pos_rad, spec.lower_rad, spec.upper_rad)
