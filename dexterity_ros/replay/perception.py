"""Runs recorded images through the eyes again: the same pipeline that pose_node runs, fed in the recorded order."""

from dataclasses import replace
from typing import Any

import numpy as np

from dexterity_ros import wire
from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec, load_camera
from dexterity_ros.contracts.errors import BagError, Fault, FaultCode
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.contracts.sources import OBJECT_CLOUD
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.estimation.object_estimator import FOUND_ONCE, Memory
from dexterity_ros.perception.depth_cloud import CloudConfig
from dexterity_ros.replay.differences import Differences, StageDiff
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.runtime.object_pipeline import WITHOUT_COLOURS, ObjectPipeline

_COLOURS_KEPT = 5
_CLOUD_KEYS = tuple(CloudConfig.__dataclass_fields__)


def repeat_perception(run: RunRecord) -> list[StageDiff]:
    """Returns the stage eyes: every image's pose, or that there was none, beside what pose_node published.

    Where nobody asked for a pose, every image's points.

    Nothing when no images were recorded. What the tracker remembered is recorded with each image, so that the
    repetition can begin anywhere; in a recording without that, where the object is found anew. What pose_node saw
    without joints, or with joints or colours that the recorder missed, cannot be repeated: it may have received what
    the other did not.

    Raises:
        BagError: the bag does not say how its eyes were set up.
    """
    depth = run.bag.topic(TOPICS["depth"].name)
    if depth is None or not run.bag.counts[depth]:
        return []
    return [_Eyes(run).repeat()]


class _Eyes:
    def __init__(self, run: RunRecord) -> None:
        self._run, self._bag = run, run.bag
        self._parameters = _parameters(run)
        self._points = self._parameters.get("sight") == OBJECT_CLOUD.name  # nobody asked for a pose
        self._published = _clouds(run) if self._points else _poses(run)
        said = run.told(TOPICS["pose_basis"].name, ("stamp_ns", "basis", "joints_ns"))
        self._bases = {row["stamp_ns"]: row for _, row in said}
        self._reader = wire.JointReader(run.hand.joint_names)
        messages = self._bag.values(TOPICS["joint_states"].name)
        self._joints = {wire.stamp_ns(value.header): value for _, value in messages}
        self._pipeline: ObjectPipeline | None = None
        self._colours: dict[int, Any] = {}
        self._coloured = self._bag.topic(TOPICS["colour"].name) is not None
        self._known = False
        why = "what the tracker remembered then, or the joints or colours it was given, are not in the bag"
        self._stage = Differences("eyes", self._bag.start_ns, why)

    def repeat(self) -> StageDiff:
        """Feeds colours and depths as they were received; which joints an image was seen with is recorded."""
        keys = {self._bag.topic(TOPICS[key].name): key for key in ("colour", "depth")}
        for message in self._bag.messages([name for name in keys if name is not None]):
            key, value = keys[message.topic], message.value
            stamp = wire.stamp_ns(value.header)
            if key == "colour":
                self._colours[stamp] = value
                while len(self._colours) > _COLOURS_KEPT:
                    self._colours.pop(next(iter(self._colours)))
            else:
                self._see(value, stamp)
        return self._stage.result()

    def _see(self, message: Any, stamp_ns: int) -> None:
        if self._pipeline is None:
            self._pipeline = self._make(message.width)
            return
        row = self._bases.get(stamp_ns)
        if row is None:
            self._known = False  # pose_node never looked at it, so its memory is another
            self._stage.skip()
            return
        if row["joints_ns"] == 0 and row["basis"].startswith(FaultCode.JOINTS_STALE):
            self._stage.skip()  # pose_node had no joints: its tracker saw nothing of this image
            return
        blind = WITHOUT_COLOURS in row["basis"]  # pose_node had no colours, even if the bag has them
        joints, colour = self._joints.get(row["joints_ns"]), None if blind else self._colours.get(stamp_ns)
        unusable = row["joints_ns"] == 0 and row["basis"].startswith(FaultCode.DEPTH_INVALID)
        if joints is None or unusable or (colour is None and self._coloured and not blind):
            self._known = False
            self._stage.skip()
            return
        if not self._known and (FOUND_ONCE in row["basis"] or "memory" in row):
            self._known = True
            self._pipeline.resume(_memory(row.get("memory")))
        seen = self._pipeline.step(wire.depth_sample(message, colour), self._reader.sample(joints))
        if not self._known:
            self._stage.skip()
            return
        recorded = self._published.get(stamp_ns, np.zeros(0))
        self._stage.add(stamp_ns, recorded, _points(seen.cloud) if self._points else _numbers(seen.result))

    def _make(self, width: int) -> ObjectPipeline:
        parameters = self._parameters
        camera = _standing(self._run, load_camera(parameters["camera"])).scaled(width)
        cloud = config.from_mapping(CloudConfig, {key: parameters[key] for key in _CLOUD_KEYS}, where="pose_node")
        return ObjectPipeline(self._run.hand, camera, None if self._points else parameters["object"], cloud)


def _poses(run: RunRecord) -> dict[int, Floats]:
    return dict(zip(run.pose.stamps_ns.tolist(), run.pose.values, strict=True))


def _clouds(run: RunRecord) -> dict[int, Floats]:
    return {int(cloud.stamp_ns): _points(cloud) for cloud in run.each(OBJECT_CLOUD)}


def _points(cloud: CloudSample | None) -> Floats:
    """Returns points as a message holds them, side by side."""
    return np.zeros(0) if cloud is None else cloud.points_m.astype(np.float32).astype(np.float64).ravel()


def _memory(told: Any) -> Memory | None:
    if told is None:
        return None
    memory = config.from_mapping(Memory, told, where=TOPICS["pose_basis"].name)
    sizes = len(memory.pos_m), len(memory.quat_wxyz), len(memory.velocity)
    if sizes != (3, 4, 6):
        raise BagError(
            f"{TOPICS['pose_basis'].name}: a memory of {sizes} numbers, expected position 3, rotation 4, rate 6"
        )
    return memory


def _numbers(result: Any) -> Floats:
    if isinstance(result, Fault):
        return np.zeros(0)
    pose = result.track.pose
    return np.concatenate([pose.pos_m, pose.quat_wxyz])


def _standing(run: RunRecord, camera: CameraSpec) -> CameraSpec:
    """Returns the camera where the bag says that it stood."""
    found = run.bag.values(TOPICS["camera_pose"].name)
    if not found:
        return camera
    shift, turn = found[0][1].transform.translation, found[0][1].transform.rotation
    return replace(camera, pos_m=(shift.x, shift.y, shift.z), quat_wxyz=(turn.w, turn.x, turn.y, turn.z))


def _parameters(run: RunRecord) -> dict[str, Any]:
    parameters = run.parameters("pose_node")
    missing = sorted({*_CLOUD_KEYS, "camera", "object"} - parameters.keys())
    if missing:
        there = sorted(run.started)
        raise BagError(f"{run.bag.path} holds images but no {missing} of pose_node; it has parameters of {there}")
    return parameters
