"""Camera, cloud and estimator in one object: images and joints in; the object's pose out, or its points alone."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.robot import NO_ROBOT
from dexterity_ros.contracts.samples import CloudSample, DepthSample, JointSample
from dexterity_ros.contracts.sources import OBJECT_POSE
from dexterity_ros.estimation.object_estimator import Estimate, Memory, ObjectEstimator
from dexterity_ros.estimation.surface_tracker import TrackerConfig
from dexterity_ros.perception.camera_watch import CameraWatch, Displacement, WatchConfig
from dexterity_ros.perception.depth_cloud import CloudConfig, DepthCloud
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.runtime.tracked_object import TrackedObject, tracked_object

WITHOUT_COLOURS = "an image without colours does not tell which way round the object is"
_JOINTS_KEPT_NS = 500_000_000
_JOINTS_MAX_AGE_NS = 60_000_000  # joints further from the image than this are not the image's


@dataclass(frozen=True, kw_only=True)
class PoseParameters(CloudConfig):
    """Parameters of pose_node: how a cloud is made, and of what. robot: robot.yaml, for where the camera stands.

    sight: object_cloud looks for no pose, and needs no model of the object.
    """

    hand: str
    object: str
    camera: str
    robot: str = NO_ROBOT
    sight: Literal["object_pose", "object_cloud"] = "object_pose"

    @property
    def followed(self) -> str | None:
        """Name of the object whose pose is wanted, or None."""
        return self.object if self.sight == OBJECT_POSE.name else None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One image's result: the estimate, or why there is none, and what it rests on; None where nobody asks for a pose.

    joints_ns: stamp of the joints by which the hand was taken out of the image; 0 when it did not come to that.
    camera: why the camera is thought to have been moved; a warning, the result stands.
    """

    result: Estimate | Fault | None
    cloud: CloudSample | None
    joints_ns: int = 0
    camera: Fault | None = None


class ObjectPipeline:
    """A stage: `joints` keeps the hand's recent positions, `step` takes an image."""

    def __init__(self, hand: HandSpec, camera: CameraSpec, object_name: str | None, config: CloudConfig) -> None:
        """object_name: in models/objects; None: nobody asks for a pose, no model is needed. Raises ConfigError."""
        body = HandBody(hand, load_shape(hand))
        self._cloud = DepthCloud(camera, np.array(hand.grasp_centre_m), config, body)
        self._watch = CameraWatch(hand, camera, body, WatchConfig())
        self._object = None if object_name is None else tracked_object(object_name, camera)
        self._estimator = None if self._object is None else _estimator(self._object)
        self._joints: deque[JointSample] = deque()
        self._last_ns = 0

    def reset(self) -> None:
        """Forgets the object; the next image has to find it."""
        if self._estimator is not None:
            self._estimator.reset()

    @property
    def memory(self) -> Memory | None:
        """What the next image is judged by; None while the object is not known."""
        return None if self._estimator is None else self._estimator.memory

    def resume(self, memory: Memory | None) -> None:
        """Goes on from what `memory` was."""
        if self._estimator is not None:
            self._estimator.resume(memory)

    @property
    def displacement(self) -> Displacement | None:
        """How far from where it should be the hand itself is seen; None while the images say too little."""
        return self._watch.displacement

    def joints(self, sample: JointSample) -> Fault | None:
        """Remembers where the hand was; positions that are not numbers are refused."""
        if not np.isfinite(sample.pos_rad).all():
            return Fault(code=FaultCode.JOINTS_INVALID, detail=f"joint positions are {sample.pos_rad}")
        self._joints.append(sample)
        while int(sample.stamp_ns) - int(self._joints[0].stamp_ns) > _JOINTS_KEPT_NS:
            self._joints.popleft()
        return None

    def step(self, image: DepthSample, joints: JointSample | None = None) -> Seen:
        """Returns what an image shows. joints: those to use; None takes the nearest in time of those remembered."""
        if image.stamp_ns <= self._last_ns:
            self.reset()
            back_ms = (self._last_ns - image.stamp_ns) * 1e-6
            self._last_ns = image.stamp_ns
            detail = f"the image's stamp is {back_ms:.0f} ms before the last one's: two cameras, or a clock set back"
            return Seen(result=Fault(code=FaultCode.DEPTH_INVALID, detail=detail), cloud=None)
        self._last_ns = image.stamp_ns
        nearest = joints or min(self._joints, key=lambda j: abs(int(j.stamp_ns) - image.stamp_ns), default=None)
        if nearest is None or abs(int(nearest.stamp_ns) - image.stamp_ns) > _JOINTS_MAX_AGE_NS:
            said = "no joints from the time of the image: the hand cannot be taken out of it"
            return Seen(result=Fault(code=FaultCode.JOINTS_STALE, detail=said), cloud=None)
        used_ns = int(nearest.stamp_ns)
        cloud = self._cloud.step(image, np.asarray(nearest.pos_rad))
        usable = not isinstance(cloud, Fault) or cloud.code is FaultCode.CLOUD_EMPTY
        moved = self._watch.step(image, np.asarray(nearest.pos_rad)) if usable else None
        if isinstance(cloud, Fault):
            self.reset()
            return Seen(result=cloud, cloud=None, joints_ns=used_ns, camera=moved)
        return Seen(result=self._estimate(image, cloud), cloud=cloud, joints_ns=used_ns, camera=moved)

    def _estimate(self, image: DepthSample, cloud: CloudSample) -> Estimate | Fault | None:
        if self._object is None or self._estimator is None:
            return None
        if cloud.rgb is None and self._object.needs_colour:
            return Fault(code=FaultCode.DEPTH_INVALID, detail=WITHOUT_COLOURS)
        return self._estimator.step(cloud, self._object.evidence(image, cloud))


def _estimator(known: TrackedObject) -> ObjectEstimator:
    return ObjectEstimator(known.surface, known.vote, TrackerConfig(), known.symmetry)
