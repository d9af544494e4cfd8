"""A camera in place of the person who says which joint moved, and which way: forward kinematics against the cloud.

Nothing of the hand is known yet: neither where the camera stands, nor signs, nor zeros. So the first image is explained
by a hand that stands about as in its home pose, and each later one by that hand with one joint turned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.bringup.eyehand.estimate import Estimate
from dexterity_ros.bringup.eyehand.fit import FitConfig, HandFit
from dexterity_ros.bringup.eyehand.hand_surface import HandSurface
from dexterity_ros.bringup.eyehand.starts import fit_from_afar, nominal
from dexterity_ros.bringup.eyehand.views import View, views
from dexterity_ros.bringup.person import AS_PICTURED, NOTHING, OTHER_WAY, WHICH_MOVED, WHICH_WAY, Person, Question
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ports import EyePort

_HOME_RAD = 0.15  # how far from home somebody leaves the joints, a standard deviation
_TURNS_RAD = np.array([0.08, 0.14, 0.2, 0.26, 0.32, 0.4, 0.5, 0.6])
_BLUR_M = 0.004  # a point so far from the surface counts half
_SEEN = 0.01  # share of the points that a turn has to explain, or nothing moved
_BEYOND_M = 0.2


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What explains an image best: a joint's number and by how much it turned. gain: share of points it explains."""

    joint: int
    turn_rad: float
    gain: float


class Onlooker:
    """A Person that answers by looking through a camera; what it cannot see it asks somebody else."""

    def __init__(self, hand: HandSpec, eye: EyePort, other: Person) -> None:
        """Raises ConfigError when the hand has no shape."""
        self._hand, self._eye, self._other = hand, eye, other
        self._surface = HandSurface(hand)
        self._home, self._about = np.array(hand.home_pos_rad), np.array(hand.grasp_centre_m)
        away_m = float(np.linalg.norm(self._about - np.array(eye.camera.pos_m)))
        self._far_m = away_m + _BEYOND_M
        self._believed: Estimate | None = None

    def watch(self) -> None:
        """Takes in how the hand stands."""
        self._other.watch()
        seen = self._look()
        before = nominal(self._eye.camera, self._surface) if self._believed is None else self._believed
        if self._believed is None:
            config = FitConfig(zero_rad=_HOME_RAD)
            self._believed = fit_from_afar(self._surface, config, self._about, [seen], before).estimate
        else:
            config = FitConfig(zero_rad=_HOME_RAD, camera_m=0.002, camera_rad=0.005, scales_m=(0.006, 0.004))
            self._believed = HandFit(self._surface, config, self._about, before).fit([seen], before).estimate

    def ask(self, question: Question) -> str:
        """Returns what the image says; the other person's answer where it says nothing."""
        if question.about not in (WHICH_MOVED, WHICH_WAY) or self._believed is None:
            return self._other.ask(question)
        if question.about == WHICH_WAY:
            found = self.moved([self._hand.joint_names.index(question.joint)])
            return self._other.ask(question) if found is None else AS_PICTURED if found.turn_rad > 0.0 else OTHER_WAY
        found = self.moved(range(self._surface.joints))
        answer = NOTHING if found is None else self._hand.joint_names[found.joint]
        return answer if answer in question.choices else self._other.ask(question)

    def moved(self, joints: Sequence[int]) -> Turn | None:
        """Returns which of the joints turned since `watch`, or None when the image looks as it did."""
        assert self._believed is not None
        seen, believed = self._look(), self._believed
        still = self._explained(seen, believed)
        turns = [(joint, float(turn)) for joint in joints for turn in (*_TURNS_RAD, *-_TURNS_RAD)]
        gains = [self._explained(seen, _turned(believed, joint, turn)) - still for joint, turn in turns]
        best = int(np.argmax(gains))
        if gains[best] < _SEEN:
            return None
        return Turn(joint=turns[best][0], turn_rad=turns[best][1], gain=gains[best])

    def _look(self) -> View:
        return views([self._eye.see()], [self._home], self._eye.camera, self._far_m)[0]

    def _explained(self, seen: View, believed: Estimate) -> float:
        """Returns the share of points that lie on the hand."""
        hand = self._surface.at(seen.joints_rad + believed.zeros_rad, believed.stretch)
        distance = hand.distances(believed.placed(seen.points_m))
        return float(np.mean(1.0 / (1.0 + (distance / _BLUR_M) ** 2)))


def _turned(believed: Estimate, joint: int, turn_rad: float) -> Estimate:
    zeros: Floats = believed.zeros_rad.copy()
    zeros[joint] += turn_rad
    return replace(believed, zeros_rad=zeros)
