"""Where the object is, by what a system sees of it: its pose, or no more than its points."""

from typing import Any

from dexterity_ros import wire
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.sources import OBJECT_CLOUD, OBJECT_POSE, SOURCES
from dexterity_ros.runtime.guard import usable
from dexterity_ros.tasks.wanted import UNKNOWN


class ObjectSight:
    """Reads object_pose, or object_cloud. turns: whether it says how the object is turned."""

    def __init__(self, source: str, hand: HandSpec) -> None:
        """source: name of one of the two in contracts/sources.py."""
        self._source = SOURCES[source]
        self._reader = wire.SourceReaders((self._source,), hand.joint_names)
        self._max_age_s = self._source.topic.max_age_s or 0.0
        self.turns = self._source is OBJECT_POSE

    def pose(self, message: Any, age_s: float | None, now_ns: int) -> PoseSample | None:
        """Returns where the object is; of points their middle, turned nobody knows how. None: it is not known.

        age_s: since the message arrived, None: there is none. Raises WireError for a message that is none.
        """
        if age_s is None or age_s > self._max_age_s:
            return None
        sample = self._reader.sample(self._source, message)
        if not usable(self._source, sample, now_ns, self._max_age_s):
            return None
        if self._source is OBJECT_CLOUD:
            return PoseSample(stamp_ns=sample.stamp_ns, pos_m=sample.points_m.mean(axis=0), quat_wxyz=UNKNOWN)
        assert isinstance(sample, PoseSample)
        return sample
