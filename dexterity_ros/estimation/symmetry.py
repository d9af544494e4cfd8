"""Tells the symmetric poses of a box apart by the colours of its faces."""

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.box_object import BoxObject
from dexterity_ros.contracts.frames import quat_multiply, quat_to_matrix
from dexterity_ros.contracts.samples import CloudSample, PoseSample

Floats = NDArray[np.float64]

MIN_LABELS = 25  # fewer coloured points decide nothing
_CONFIDENT = 0.7  # share of coloured points that must agree with a pose
_CLEAR_POINTS = 20  # and this many more than with any other


@dataclass(frozen=True, kw_only=True)
class Vote:
    """agreement: share of the coloured points whose face fits the present pose. better: a symmetric pose that clearly
    fits better, or None. points: how many had a colour.
    """

    agreement: float
    better: PoseSample | None
    points: int


@lru_cache(maxsize=1)
def _turns() -> tuple[tuple[float, float, float, float], ...]:
    """Returns the 24 rotations that map a cube onto itself, as quaternions wxyz."""
    found: dict[tuple[int, ...], tuple[float, float, float, float]] = {}
    s = np.sqrt(0.5)
    singles = [(1.0, 0.0, 0.0, 0.0)] + [
        tuple(s if k == 0 else (s if k == axis + 1 else 0.0) for k in range(4)) for axis in range(3)
    ]
    for words in itertools.product(range(4), repeat=4):
        quat = np.array([1.0, 0.0, 0.0, 0.0])
        for word in words:
            quat = quat_multiply(quat, np.array(singles[word]))
        key = tuple(np.rint(quat_to_matrix(quat)).astype(int).ravel().tolist())
        found.setdefault(key, (float(quat[0]), float(quat[1]), float(quat[2]), float(quat[3])))
    return tuple(found.values())


def symmetric_turns(box: BoxObject) -> list[Floats]:
    """Returns the rotations, quaternions wxyz, that leave the box's shape as it is; the identity is among them."""
    half = np.array(box.half_m)
    turns = [np.array(turn) for turn in _turns()]
    return [turn for turn in turns if np.allclose(np.abs(quat_to_matrix(turn)) @ half, half, atol=1e-9)]


class ColourVote:
    """Compares the faces that a pose predicts for points with the faces that their colours show."""

    def __init__(self, box: BoxObject) -> None:
        self._box = box
        self._turns = symmetric_turns(box)
        self._present = next(i for i, turn in enumerate(self._turns) if abs(turn[0]) > 1.0 - 1e-9)
        # A symmetric turn only renames faces: which one stands where each stood.
        normals = np.array([face.normal for face in box.faces])
        self._renamed = np.stack([box.face_of((normals * box.half_m) @ quat_to_matrix(t)) for t in self._turns])

    def step(self, cloud: CloudSample, labels: NDArray[np.int64], pose: PoseSample) -> Vote:
        """Returns how well a pose fits the colours of a cloud, and which symmetric one fits clearly better, if any.

        labels: face of each point, (n,), -1 where it is not known (perception/face_colours.py).
        """
        known = labels >= 0
        count = int(known.sum())
        if count < MIN_LABELS:
            return Vote(agreement=0.0, better=None, points=count)
        predicted = self._box.face_of((cloud.points_m[known] - pose.pos_m) @ quat_to_matrix(pose.quat_wxyz))
        seen = np.zeros((6, 6))
        np.add.at(seen, (predicted, labels[known]), 1.0)
        shares = np.array([seen[np.arange(6), renamed].sum() for renamed in self._renamed]) / count
        best, second = np.argsort(shares)[::-1][:2]
        clear = shares[best] > _CONFIDENT and (shares[best] - shares[second]) * count > _CLEAR_POINTS
        better = None
        if clear and best != self._present:
            quat = quat_multiply(pose.quat_wxyz, self._turns[best])
            better = PoseSample(stamp_ns=pose.stamp_ns, pos_m=pose.pos_m, quat_wxyz=quat)
        return Vote(agreement=float(shares[self._present]), better=better, points=count)
