"""Tells the poses apart in which an object's shape looks alike: by the colours of its faces, or by tags on them."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.faces import Labelled
from dexterity_ros.contracts.frames import quat_multiply, quat_to_matrix, rotation_angle, rotation_between
from dexterity_ros.contracts.samples import CloudSample, PoseSample

MIN_LABELS = 25  # fewer coloured points decide nothing
_CONFIDENT = 0.7  # share of coloured points that must agree with a pose
_TAG_RAD = 0.35  # tags are believed this far; symmetric poses are 1.57 apart
_PRESENT = 0  # of the turns, the identity
_CLEAR_POINTS = 20  # and this many more than with any other


@dataclass(frozen=True, kw_only=True)
class Vote:
    """agreement: share of the coloured points whose face fits the present pose. better: a symmetric pose that clearly
    fits better, or None. points: how many had a colour.
    """

    agreement: float
    better: PoseSample | None
    points: int


class FaceVote(Protocol):
    """Compares a pose with what an image shows besides shape."""

    def step(self, cloud: CloudSample, evidence: Any, pose: PoseSample) -> Vote:
        """Returns how well the pose fits. evidence: what the kind of vote wants to know of the image."""
        ...


class ShapeAlone:
    """For objects without labels: what looks alike is alike, so everything fits."""

    def step(self, cloud: CloudSample, evidence: Any, pose: PoseSample) -> Vote:  # noqa: ARG002 - of the protocol
        """Returns full agreement."""
        return Vote(agreement=1.0, better=None, points=len(cloud.points_m))


class TagVote:
    """Compares with the pose that tags show, which is rough but tells the symmetric ones apart."""

    def __init__(self, item: Labelled) -> None:
        self._turns = [np.array(turn) for turn in item.symmetry.turns]

    def step(self, cloud: CloudSample, evidence: PoseSample | None, pose: PoseSample) -> Vote:
        """evidence: the pose by tags, or None when no tag was seen."""
        if evidence is None:
            return Vote(agreement=0.0, better=None, points=0)
        candidates = [quat_multiply(pose.quat_wxyz, turn) for turn in self._turns]
        angles = np.array([float(rotation_angle(rotation_between(c, evidence.quat_wxyz))) for c in candidates])
        best = int(np.argmin(angles))
        points = len(cloud.points_m)
        if angles[best] > _TAG_RAD:  # a single tag seen from the front may come out mirrored
            return Vote(agreement=0.0, better=None, points=0)
        if best == _PRESENT:
            return Vote(agreement=1.0, better=None, points=points)
        better = PoseSample(stamp_ns=pose.stamp_ns, pos_m=pose.pos_m, quat_wxyz=candidates[best])
        return Vote(agreement=0.0, better=better, points=points)


class ColourVote:
    """Compares the faces that a pose predicts for points with the faces that their colours show."""

    def __init__(self, item: Labelled) -> None:
        self._item = item
        self._turns = [np.array(turn) for turn in item.symmetry.turns]
        # A symmetric turn only renames faces: which one stands where each stood.
        self._renamed = np.stack([item.face_of(item.middles @ quat_to_matrix(t)) for t in self._turns])

    def step(self, cloud: CloudSample, labels: NDArray[np.int64], pose: PoseSample) -> Vote:
        """Returns how well a pose fits the colours of a cloud, and which symmetric one fits clearly better, if any.

        labels: face of each point, (n,), -1 where it is not known (perception/face_colours.py).
        """
        known = labels >= 0
        count = int(known.sum())
        if count < MIN_LABELS:
            return Vote(agreement=0.0, better=None, points=count)
        predicted = self._item.face_of((cloud.points_m[known] - pose.pos_m) @ quat_to_matrix(pose.quat_wxyz))
        faces = len(self._item.faces)
        seen = np.zeros((faces, faces))
        np.add.at(seen, (predicted, labels[known]), 1.0)
        shares = np.array([seen[np.arange(faces), renamed].sum() for renamed in self._renamed]) / count
        best, second = (*np.argsort(shares)[::-1], _PRESENT)[:2]  # a shape without symmetry has no second
        clear = shares[best] > _CONFIDENT and (shares[best] - shares[second]) * count > _CLEAR_POINTS
        better = None
        if clear and best != _PRESENT:
            quat = quat_multiply(pose.quat_wxyz, self._turns[best])
            better = PoseSample(stamp_ns=pose.stamp_ns, pos_m=pose.pos_m, quat_wxyz=quat)
        return Vote(agreement=float(shares[_PRESENT]), better=better, points=count)
