"""A recorded run as arrays and samples: what replay and compare work on."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dexterity_ros import wire
from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError, DexterityError, WireError
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.manifest import PolicyManifest, bundle_id
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import Sample
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE, Source
from dexterity_ros.recording.bag_reader import Bag, BagMessage

S = TypeVar("S", bound=Sample)
STATES = {"supervisor": "supervisor/state", "hand": "hand/state", "policy": "policy/state"}  # who says how it is


@dataclass(frozen=True, kw_only=True)
class Series:
    """Samples over time. stamps_ns, log_ns: (t,). values: (t, n)."""

    stamps_ns: NDArray[np.int64]
    log_ns: NDArray[np.int64]
    values: Floats

    def at(self, times_ns: NDArray[np.int64]) -> Floats:
        """Returns values at other times, between samples in a straight line, (len(times_ns), n)."""
        origin = int(self.stamps_ns[0])
        return np.stack(
            [np.interp((times_ns - origin) * 1e-9, (self.stamps_ns - origin) * 1e-9, v) for v in self.values.T], axis=1
        )


class RunRecord:
    """Reads a bag topic by topic, each once, when first asked for."""

    def __init__(self, bag: Bag, hand: HandFile | None = None) -> None:
        """hand: in place of the one that the bag names. Raises BagError, ConfigError."""
        self.bag = bag
        self.hand = hand or load_hand(bag.info.get("hand", "leap"))
        self._joints = wire.JointReader(self.hand.joint_names)
        self._samples: dict[str, Series] = {}

    @cached_property
    def started(self) -> dict[str, dict[str, Any]]:
        """{node: parameters} of what was started; empty when the bag does not say. Raises BagError."""
        try:
            told = json.loads(self.bag.info.get("configuration") or "{}")
        except (ValueError, RecursionError) as error:
            raise BagError(f"{self.bag.path}: what was started is not JSON: {error}") from error
        if not isinstance(told, dict) or not all(isinstance(node, dict) for node in told.values()):
            raise BagError(f"{self.bag.path}: what was started is no table of nodes and their parameters")
        return told

    def parameters(self, node: str) -> dict[str, Any]:
        """Returns the parameters of a node that was started; empty when it was not."""
        return self.started.get(node, {})

    @cached_property
    def ticks(self) -> list[wire.TickRecord]:
        """Every policy tick in order. Raises BagError when there is none."""
        self.bag.need("policy/tick")
        return [wire.tick_record(value) for _, value in self.bag.values("policy/tick")]

    @cached_property
    def has_ticks(self) -> bool:
        """Whether the policy acted at all."""
        return self.holds("policy/tick")

    def holds(self, name: str) -> bool:
        """Whether any message of a topic was recorded."""
        topic = self.bag.topic(name)
        return topic is not None and self.bag.counts[topic] > 0

    def samples(self, source: Source[Any]) -> Series:
        """Returns all samples of a source, the fields of each side by side. Raises BagError when there are none."""
        if source.name not in self._samples:
            self._samples[source.name] = self._series(source.topic.name, self._row_of(source))
        return self._samples[source.name]

    def each(self, source: Source[S]) -> Iterator[S]:
        """Yields all samples of a source; for what is too large to hold at once."""
        reader = wire.SourceReaders((source,), self.hand.joint_names)
        for _, value in self.bag.values(source.topic.name):
            yield reader.sample(source, value)

    def has(self, source: Source[Any]) -> bool:
        """Whether any sample of a source was recorded."""
        return self.holds(source.topic.name)

    def _row_of(self, source: Source[Any]) -> Callable[[Any], Floats]:
        readers = wire.SourceReaders((source,), self.hand.joint_names)
        return lambda message: row_of(source, readers.sample(source, message))

    @cached_property
    def joint_pos(self) -> Series:
        """Measured positions, rad, policy order."""
        joints = self.samples(JOINTS)
        return replace(joints, values=joints.values[:, : len(self.hand.joints)])

    @cached_property
    def joint_vel(self) -> Series:
        """Measured speeds, rad/s, policy order."""
        joints = self.samples(JOINTS)
        return replace(joints, values=joints.values[:, len(self.hand.joints) :])

    @cached_property
    def targets(self) -> Series:
        """What the policy published, rad, policy order."""
        return self._series("joint_targets", lambda m: self._joints.target(m).pos_rad)

    @cached_property
    def gated(self) -> Series:
        """What passed the gate, rad, policy order."""
        return self._series("gated_targets", lambda m: self._joints.target(m).pos_rad)

    @cached_property
    def pose(self) -> Series:
        """The object's pose as estimated: position m and quaternion wxyz, (t, 7)."""
        return self.samples(OBJECT_POSE)

    @cached_property
    def true_pose(self) -> Series:
        """The simulator's truth, as `pose`; the sign of a quaternion does not jump. Raises BagError without one."""
        series = self._series("sim/object_pose", self._row_of(OBJECT_POSE))
        quat = series.values[:, 3:]
        flips = np.where((quat[1:] * quat[:-1]).sum(axis=1) < 0.0, -1.0, 1.0)
        quat[1:] *= np.cumprod(flips)[:, None]
        return series

    def told(self, name: str, keys: tuple[str, ...]) -> list[tuple[BagMessage, dict[str, Any]]]:
        """Returns the messages of a topic of JSON texts with their content. Raises BagError when one lacks a key."""
        found = []
        for message, value in self.bag.values(name):
            try:
                content = json.loads(value.data)
            except (ValueError, RecursionError) as error:
                raise BagError(f"{self.bag.path}: {message.topic} holds {value.data[:60]!r}, expected JSON") from error
            missing = [key for key in keys if not isinstance(content, dict) or key not in content]
            if missing:
                raise BagError(f"{self.bag.path}: {message.topic} holds {value.data[:60]!r}, without {missing}")
            found.append((message, content))
        return found

    @cached_property
    def goal(self) -> Series:
        """The wanted rotations as they were repeated: quaternion wxyz, (t, 4)."""
        return self._series("goal", lambda m: np.asarray(wire.goal_sample(m).quat_wxyz))

    @cached_property
    def states(self) -> dict[str, list[tuple[int, str]]]:
        """{one of STATES: (time, what it said) in order}."""
        return {
            who: [(message.log_ns, wire.state_text(value.data)) for message, value in self.bag.values(topic)]
            for who, topic in STATES.items()
        }

    @cached_property
    def hand_states(self) -> list[tuple[int, str]]:
        """(time, state) of the hand whenever it changed."""
        return [(message.log_ns, value.data) for message, value in self.bag.values("hand/state")]

    def following(self) -> list[tuple[int, int]]:
        """Returns (begin, end) in ns of the times in which the hand followed the policy."""
        spans, begin = [], None
        for time, state in [*self.hand_states, (self.bag.end_ns, "")]:
            if begin is not None and state != "following":
                spans.append((begin, time))
                begin = None
            if state == "following" and begin is None:
                begin = time
        return spans

    def manifest(self) -> PolicyManifest:
        """Returns the manifest of the policy that ran. Raises BagError when the bag does not hold it."""
        if "manifest" not in self.bag.info:
            raise BagError(f"{self.bag.path} does not carry the manifest of the policy that ran, which this needs")
        return config.from_mapping(PolicyManifest, self.recorded_manifest(), where=f"the manifest in {self.bag.path}")

    def recorded_manifest(self) -> dict[str, Any]:
        """Returns the manifest as it is written in the bag, of whatever version; empty without one."""
        where = f"the manifest in {self.bag.path}"
        return dict(config.parse_mapping(self.bag.info.get("manifest", "{}"), where=where))

    def bundle(self, *, other: str) -> Path:
        """Returns the bundle that ran, as it is on this machine. Raises BagError when it is another one by now.

        other: the option with which a person names another bundle.
        """
        if not {"bundle_id", "policy"} <= self.bag.info.keys():
            raise BagError(f"{self.bag.path} does not say which policy ran; name it with {other}")
        wanted, name = self.bag.info["bundle_id"], self.bag.info["policy"]
        try:
            folder = resource(name)
            found = bundle_id(folder)
        except DexterityError as error:
            raise BagError(
                f"the policy that ran, {name} ({wanted}), is not here: {error}; name a bundle with {other}"
            ) from error
        if found != wanted:
            raise BagError(f"{name} is {found} here, what ran was {wanted}; name a bundle with {other}")
        return folder

    def _series(self, name: str, row: Callable[[Any], Floats]) -> Series:
        self.bag.need(name)
        rows = _readable(self.bag.values(name), row)
        return Series(
            stamps_ns=np.array([stamp for stamp, _, _ in rows], dtype=np.int64),
            log_ns=np.array([log_ns for _, log_ns, _ in rows], dtype=np.int64),
            values=np.array([values for _, _, values in rows]),
        )


def _readable(
    messages: Iterable[tuple[BagMessage, Any]], row: Callable[[Any], Floats]
) -> list[tuple[int, int, Floats]]:
    """Returns (stamp, log time, row) of the messages that a policy can have read. Raises WireError for none of many."""
    rows, refused = [], None
    for message, value in messages:
        try:
            rows.append((wire.stamp_ns(value.header), message.log_ns, row(value)))
        except WireError as error:
            refused = error
    if refused is not None and not rows:
        raise refused
    return rows


def newest(series: Series, times_ns: NDArray[np.int64]) -> Floats:
    """Returns the newest sample at each time, (t, n), the first before there is one."""
    at = np.searchsorted(series.stamps_ns, times_ns, side="right") - 1
    values: Floats = series.values[np.maximum(at, 0)]
    return values


def row_of(source: Source[Any], sample: Sample) -> Floats:
    """Returns the recorded fields of a sample side by side, (n,)."""
    return np.concatenate([np.ravel(getattr(sample, name)) for name in source.fields])
