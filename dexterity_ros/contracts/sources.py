"""The one table of what can be observed, and the inputs of a policy, which hold a sample of each source it uses."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.samples import Array, CloudSample, GoalSample, JointSample, PoseSample, Sample
from dexterity_ros.contracts.topic import Topic

S = TypeVar("S", bound=Sample)
_UNIT_TOLERANCE = 1e-3
_NEAR_M = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Source(Generic[S]):
    """One thing that can be observed.

    name: key in SOURCES and in the topics table. short: its name in the names of stamps and ages (pose_stamp_ns).
    fields: the arrays of a sample that are recorded, each with what the numbers of a row are called; None: the joints.
    problem: says what is wrong with the numbers of a sample; None: nothing. stale, invalid: the faults of one that is
    too old or missing, and of one that is wrong. measured: by a sensor; a goal is not, so targets are not as old as it.
    rows: a field holds as many rows as there are, such as points, in place of one.
    How old a sample may be is said by the policy's terms, and by the topic's max_age_s for those who only watch.
    """

    name: str
    short: str
    sample: type[S]
    fields: Mapping[str, Sequence[str] | None]
    problem: Callable[[S], str | None]
    topic: Topic
    stale: FaultCode = FaultCode.SOURCE_STALE
    invalid: FaultCode = FaultCode.SOURCE_INVALID
    measured: bool = True
    rows: bool = False

    def __reduce__(self) -> tuple[Callable[[str], "Source[Any]"], tuple[str]]:
        """A copy of a row, in another process too, is the row."""
        return source_named, (self.name,)

    def width(self, name: str, joints: int) -> int:
        """Returns how many numbers a row of a field has. joints: of the hand."""
        names = self.fields[name]
        return joints if names is None else len(names)


def finite(sample: Sample, *fields: str) -> bool:
    """Returns whether all numbers of these fields are finite."""
    return all(bool(np.isfinite(getattr(sample, name)).all()) for name in fields)


def is_rotation(quat_wxyz: Array) -> bool:
    """Returns whether these are unit quaternions, (..., 4)."""
    length = np.sqrt((quat_wxyz**2).sum(axis=-1))
    return bool((np.abs(length - 1.0) < _UNIT_TOLERANCE).all())


def _joints_problem(joints: JointSample) -> str | None:
    return None if finite(joints, "pos_rad", "vel_rad_s") else "joint positions or velocities are not finite"


def _pose_problem(pose: PoseSample) -> str | None:
    right = finite(pose, "pos_m") and is_rotation(pose.quat_wxyz)
    return None if right else f"object pose {pose.pos_m}, {pose.quat_wxyz} is not a pose"


def _goal_problem(goal: GoalSample) -> str | None:
    return None if is_rotation(goal.quat_wxyz) else f"goal {goal.quat_wxyz} is not a unit quaternion"


def _cloud_problem(cloud: CloudSample) -> str | None:
    shape = np.shape(cloud.points_m)
    if len(shape) < 2 or shape[-1] != 3 or shape[-2] < 1:
        return f"a cloud has the shape {shape}, expected points of 3 numbers, one at least"
    near = finite(cloud, "points_m") and bool((np.abs(cloud.points_m) < _NEAR_M).all())
    return None if near else f"points of a cloud are not finite, or further than {_NEAR_M} m from the hand"


JOINTS = Source(
    name="joint_states",
    short="joints",
    sample=JointSample,
    fields={"pos_rad": None, "vel_rad_s": None},
    problem=_joints_problem,
    stale=FaultCode.JOINTS_STALE,
    invalid=FaultCode.JOINTS_INVALID,
    topic=Topic(
        name="joint_states",
        message="sensor_msgs/msg/JointState",
        qos="sensor",
        rate_hz=100.0,
        max_age_s=0.1,
        recorded=True,
        publisher="hand_node",
        about="measured joints, rad and rad/s; matched by name; stamp = time of measurement",
        owner="system",
    ),
)

OBJECT_POSE = Source(
    name="object_pose",
    short="pose",
    sample=PoseSample,
    fields={"pos_m": ("x_m", "y_m", "z_m"), "quat_wxyz": ("qw", "qx", "qy", "qz")},
    problem=_pose_problem,
    stale=FaultCode.POSE_STALE,
    invalid=FaultCode.POSE_INVALID,
    topic=Topic(
        name="object_pose",
        message="geometry_msgs/msg/PoseWithCovarianceStamped",
        qos="sensor",
        rate_hz=60.0,
        max_age_s=0.15,
        recorded=True,
        publisher="pose_node or sim_node",
        about="T_hand_object as estimated; stamp = time of the image",
        owner="system",
    ),
)

GOAL = Source(
    name="goal",
    short="goal",
    sample=GoalSample,
    fields={"quat_wxyz": ("qw", "qx", "qy", "qz")},
    problem=_goal_problem,
    stale=FaultCode.GOAL_STALE,
    invalid=FaultCode.GOAL_INVALID,
    measured=False,
    topic=Topic(
        name="goal",
        message="geometry_msgs/msg/PoseStamped",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.08,
        recorded=True,
        publisher="goal_node",
        about="wanted rotation of the object in the hand frame; its position is not used; repeated while it is wanted",
        owner="system",
    ),
)

_XYZ = {"points_m": ("x_m", "y_m", "z_m")}

OBJECT_CLOUD = Source(
    name="object_cloud",
    short="cloud",
    sample=CloudSample,
    fields=_XYZ,
    rows=True,
    problem=_cloud_problem,
    topic=Topic(
        name="object_cloud",
        message="sensor_msgs/msg/PointCloud2",
        qos="sensor",
        rate_hz=15.0,
        max_age_s=0.2,
        recorded=True,
        publisher="pose_node",
        about="points of the object as a camera sees them, hand frame, with colours; stamp = time of the image",
        owner="system",
        max_bytes=4_194_304,
    ),
)

GOAL_CLOUD = Source(
    name="goal_cloud",
    short="goal_cloud",
    sample=CloudSample,
    fields=_XYZ,
    rows=True,
    problem=_cloud_problem,
    measured=False,
    topic=Topic(
        name="goal_cloud",
        message="sensor_msgs/msg/PointCloud2",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.08,
        recorded=True,
        publisher="goal_node",
        about="points of the wanted goal round the grasp centre, hand frame: the model turned, or a captured view",
        owner="system",
        max_bytes=4_194_304,
    ),
)

SOURCES: dict[str, Source[Any]] = {s.name: s for s in (JOINTS, OBJECT_POSE, GOAL, OBJECT_CLOUD, GOAL_CLOUD)}


def source_named(name: str) -> Source[Any]:
    """Returns the row of a source."""
    return SOURCES[name]


@dataclass(frozen=True)
class ObservationInputs:
    """What the observation builder may look at in one tick: `inputs[JOINTS]` is a JointSample, and so on.

    samples: by the names of their sources; a policy is given those that it uses.
    """

    samples: Mapping[str, Sample]

    @staticmethod
    def of(**samples: Sample) -> "ObservationInputs":
        """Returns inputs of samples that are called as their sources. Raises KeyError, TypeError."""
        for name, sample in samples.items():
            if not isinstance(sample, SOURCES[name].sample):
                raise TypeError(f"{name} is a {type(sample).__name__}, expected {SOURCES[name].sample.__name__}")
        return ObservationInputs(samples)

    def __getitem__(self, source: Source[S]) -> S:
        sample = self.samples[source.name]
        assert isinstance(sample, source.sample)
        return sample

    def get(self, source: Source[S]) -> S | None:
        """Returns the sample of a source, or None."""
        if source not in self:
            return None
        return self[source]

    def __contains__(self, source: Source[Any]) -> bool:
        return source.name in self.samples

    def having(self, source: Source[S], sample: S) -> "ObservationInputs":
        """Returns the same with another sample of one source."""
        return ObservationInputs({**self.samples, source.name: sample})

    def only(self, sources: Iterable[Source[Any]]) -> "ObservationInputs":
        """Returns the same with nothing but what comes from these sources."""
        return ObservationInputs({s.name: self.samples[s.name] for s in sources if s in self})

    @property
    def sources(self) -> tuple[Source[Any], ...]:
        """What there is a sample of, in the order of the table."""
        return tuple(source for source in SOURCES.values() if source in self)

    @property
    def oldest_ns(self) -> int:
        """When the oldest measurement among them was made; of one hand."""
        return min(int(self.samples[source.name].stamp_ns) for source in self.sources if source.measured)
