"""The codecs of what can be observed: one row per source of contracts/sources.py."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dexterity_ros.contracts.samples import Sample
from dexterity_ros.contracts.sources import GOAL, GOAL_CLOUD, JOINTS, OBJECT_CLOUD, OBJECT_POSE, Source
from dexterity_ros.wire.clouds import cloud_sample, fill_points
from dexterity_ros.wire.joints import JointReader, fill_joint_state
from dexterity_ros.wire.poses import fill_goal, fill_pose, goal_sample, pose_sample

S = TypeVar("S", bound=Sample)
Names = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Codec(Generic[S]):
    """reader: for the names of a hand's joints, what turns messages into samples, or raises WireError. fill: back."""

    reader: Callable[[Names], Callable[[Any], S]]
    fill: Callable[[Any, S, Names], Any]


CODECS: dict[str, Codec[Any]] = {
    JOINTS.name: Codec(
        reader=lambda names: JointReader(names).sample,
        fill=lambda message, s, names: fill_joint_state(message, names, s.stamp_ns, s.pos_rad, s.vel_rad_s),
    ),
    OBJECT_POSE.name: Codec(reader=lambda _: pose_sample, fill=lambda message, s, _: fill_pose(message, s)),
    GOAL.name: Codec(reader=lambda _: goal_sample, fill=lambda message, s, _: fill_goal(message, s)),
    OBJECT_CLOUD.name: Codec(reader=lambda _: cloud_sample, fill=lambda message, s, _: fill_points(message, s)),
    GOAL_CLOUD.name: Codec(reader=lambda _: cloud_sample, fill=lambda message, s, _: fill_points(message, s)),
}


def fill_sample(source: Source[S], message: Any, sample: S, joint_names: Names) -> Any:
    """Returns `message`, of the type of the source's topic, with a sample."""
    return CODECS[source.name].fill(message, sample, joint_names)


class SourceReaders:
    """Reads the messages of some sources for one hand."""

    def __init__(self, sources: Sequence[Source[Any]], joint_names: Names) -> None:
        self._readers = {source: CODECS[source.name].reader(joint_names) for source in sources}

    def sample(self, source: Source[S], message: Any) -> S:
        """Returns the sample in a message. Raises WireError when it does not carry what its topic promises."""
        sample: S = self._readers[source](message)
        return sample
