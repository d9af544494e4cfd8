"""How a policy of another simulator sees our samples, and what its targets mean to our hand."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.frames import Array, quat_conjugate, quat_multiply, quat_rotate
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, ObservationInputs
from dexterity_ros.observation.fingertips import Fingertips


class PolicyView:
    """Turns samples, targets and limits from our convention to a policy's and back; as they are where it has none.

    lower_rad, upper_rad: our hand's limits in the policy's angles, (n,).
    """

    def __init__(self, convention: Convention | None, hand: HandSpec, fingertips: Fingertips | None = None) -> None:
        self._convention, self._fingertips = convention, fingertips
        self.lower_rad, self.upper_rad = hand.lower_rad, hand.upper_rad
        if convention is None:
            return
        self._places = convention.places(hand.joint_names)
        self._back = np.argsort(self._places)
        ends = [self.joints(hand.lower_rad), self.joints(hand.upper_rad)]
        self.lower_rad, self.upper_rad = np.minimum(*ends), np.maximum(*ends)
        self._origin_m = np.array(convention.base_pos_m)
        self._turn = quat_conjugate(np.array(convention.base_quat_wxyz))

    def joints(self, pos_rad: Floats) -> Floats:
        """Returns joint positions, (..., n), as the policy counts them."""
        if self._convention is None:
            return pos_rad
        turned: Floats = self._convention.signs * (pos_rad[..., self._places] - self._convention.zeros)
        return turned

    def ours(self, pos_rad: Floats) -> Floats:
        """Returns joint positions of the policy, (..., n), as our hand counts them."""
        if self._convention is None:
            return pos_rad
        turned: Floats = (self._convention.signs * pos_rad + self._convention.zeros)[..., self._back]
        return turned

    def seen(self, inputs: ObservationInputs) -> ObservationInputs:
        """Returns samples in the policy's order, signs and frame."""
        if self._convention is None:
            return inputs
        measured = inputs[JOINTS]
        speed = self._convention.signs * measured.vel_rad_s[..., self._places]
        inputs = inputs.having(JOINTS, replace(measured, pos_rad=self.joints(measured.pos_rad), vel_rad_s=speed))
        if (pose := inputs.get(OBJECT_POSE)) is not None:
            moved = replace(pose, pos_m=self._moved(pose.pos_m), quat_wxyz=quat_multiply(self._turn, pose.quat_wxyz))
            inputs = inputs.having(OBJECT_POSE, moved)
        if (goal := inputs.get(GOAL)) is not None:
            inputs = inputs.having(GOAL, replace(goal, quat_wxyz=quat_multiply(self._turn, goal.quat_wxyz)))
        return inputs

    def tips_m(self, inputs: ObservationInputs) -> Mapping[str, Array]:
        """Returns where the fingertips are by our own samples, (..., 3) by site, in the policy's frame."""
        if self._fingertips is None:
            return {}
        tips = self._fingertips.at(inputs[JOINTS].pos_rad)
        return tips if self._convention is None else {site: self._moved(tip) for site, tip in tips.items()}

    def _moved(self, pos_m: Floats) -> Floats:
        moved: Floats = quat_rotate(self._turn, pos_m - self._origin_m)
        return moved
