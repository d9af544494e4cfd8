"""Which joint a motor moves, and which way, as far as a person's answers say: Bayes' rule over all possibilities."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats

ENOUGH = 5e-4  # chance of a mistake that is left when no more is asked
_WRONG = 0.05  # share of answers that may be wrong; people err in about 3 %
_EXCHANGED, _FLIPPED = 0.02, 0.06  # of motors in hands that were just assembled: one pair, two joints in a hand of 16


class WiringBelief:
    """Of one motor. `share` is (n, 2): how likely it moves each joint, with sign 1 or -1."""

    def __init__(self, joints: int, expected: int) -> None:
        """expected: the joint that it moves by the hand's file."""
        self._n = joints
        joint = np.full(joints, _EXCHANGED / max(joints - 1, 1))
        joint[expected] = 1.0 - _EXCHANGED
        self.share: Floats = joint[:, None] * np.array([1.0 - _FLIPPED, _FLIPPED])[None, :]
        self.answers: list[tuple[int | None, int]] = []

    def hear(self, joint: int | None, sign: int) -> None:
        """Takes an answer: which joint was seen to move (None: none), and with which sign."""
        self.answers.append((joint, sign))
        if joint is None:
            return
        likelihood = np.full((self._n, 2), _WRONG / self._n * 0.5)
        agrees = np.array([1.0 - _WRONG, _WRONG]) if sign > 0 else np.array([_WRONG, 1.0 - _WRONG])
        likelihood[joint] = (1.0 - _WRONG) * agrees
        self.share = self.share * likelihood
        self.share = self.share / self.share.sum()

    @property
    def best(self) -> tuple[int, int]:
        """The likeliest joint and sign."""
        joint, column = np.unravel_index(int(np.argmax(self.share)), self.share.shape)
        return int(joint), 1 if column == 0 else -1

    @property
    def doubt(self) -> float:
        """The chance that the likeliest is wrong."""
        return float(1.0 - self.share.max())

    @property
    def contradicted(self) -> int:
        """How many answers disagree with the likeliest."""
        return sum(answer != self.best for answer in self.answers)
