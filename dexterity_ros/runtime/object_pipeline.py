"""Camera, cloud and estimator in one object: images and joints in, the object's pose out."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.samples import CloudSample, DepthSample, JointSample
from dexterity_ros.estimation.object_estimator import Estimate, Memory, ObjectEstimator
from dexterity_ros.estimation.surface_tracker import TrackerConfig
from dexterity_ros.perception.camera_watch import CameraWatch, Displacement, WatchConfig
from dexterity_ros.perception.depth_cloud import CloudConfig, DepthCloud
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.runtime.tracked_object import tracked_object

WITHOUT_COLOURS = "an image without colours does not tell which way round the object is"
_JOINTS_KEPT_NS = 500_000_000
_JOINTS_MAX_AGE_NS = 60_000_000  # joints further from the image than this are not the image's


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One image's result: the estimate, or why there is none, and what it rests on.

    joints_ns: stamp of the joints by which the hand was taken out of the image; 0 when it did not come to that.
    camera: why the camera is thought to have been moved; a warning, the result stands.
    """

    result: Estimate | Fault
    cloud: CloudSample | None
    joints_ns: int = 0
    camera: Fault | None = None


class ObjectPipeline:
    """A stage: `joints` keeps the hand's recent positions, `step` takes an image."""

    def __init__(self, hand: HandSpec, camera: CameraSpec, object_name: str, config: CloudConfig) -> None:
        """object_name: in models/objects. Raises ConfigError."""
        body = HandBody(hand, load_shape(hand))
        self._cloud = DepthCloud(camera, np.array(hand.grasp_centre_m), config, body)
        self._watch = CameraWatch(hand, camera, body, WatchConfig())
        self._object = tracked_object(object_name, camera)
        self._estimator = ObjectEstimator(
            self._object.surface, self._object.vote, TrackerConfig(), self._object.symmetry
        )
        self._joints: deque[JointSample] = deque()
        self._last_ns = 0

    def reset(self) -> None:
        """Forgets the object; the next image has to find it."""
        self._estimator.reset()

    @property
    def memory(self) -> Memory | None:
        """What the next image is judged by; None while the object is not known."""
        return self._estimator.memory

    def resume(self, memory: Memory | None) -> None:
        """Goes on from what `memory` was."""
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
            self._estimator.reset()
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
            self._estimator.reset()
            return Seen(result=cloud, cloud=None, joints_ns=used_ns, camera=moved)
        if cloud.rgb is None and self._object.needs_colour:
            blind = Fault(code=FaultCode.DEPTH_INVALID, detail=WITHOUT_COLOURS)
            return Seen(result=blind, cloud=cloud, joints_ns=used_ns, camera=moved)
        result = self._estimator.step(cloud, self._object.evidence(image, cloud))
        return Seen(result=result, cloud=cloud, joints_ns=used_ns, camera=moved)
