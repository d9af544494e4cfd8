"""Estimates the object's pose from depth and colour, and says when it cannot."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node

from dexterity_ros.contracts import wire
from dexterity_ros.contracts.box_object import load_box
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import Fault, FaultCode, WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.drivers.deadline_loop import Histogram
from dexterity_ros.estimation.object_estimator import Estimate
from dexterity_ros.nodes import ros
from dexterity_ros.nodes.diagnostics import Reporter
from dexterity_ros.perception.depth_cloud import CloudConfig
from dexterity_ros.pipeline.object_pipeline import ObjectPipeline

_INTRINSICS_SHARE = 0.02  # CameraInfo may differ from the camera's file by this


@dataclass(frozen=True, kw_only=True)
class PoseParameters:
    """Parameters of pose_node. The rest of a cloud is taken round the hand's grasp centre."""

    hand: str
    object: str
    camera: str
    stride: int
    radius_m: float
    jump_m: float
    hand_margin_m: float
    voxel_m: float
    points: int


class PoseNode(Node):
    """Publishes object_pose while it is sure of it; its silence makes the supervisor hold."""

    def __init__(self) -> None:
        super().__init__("pose_node", automatically_declare_parameters_from_overrides=True)
        self._settings = ros.parameters(self, PoseParameters)
        self._hand, self._camera = load_hand(self._settings.hand), load_camera(self._settings.camera)
        self._box = load_box(self._settings.object)
        self._reader = wire.JointReader(self._hand.joint_names)
        self._pipeline: ObjectPipeline | None = None
        self._colour: dict[int, Any] = {}
        self._faults: Counter[str] = Counter()
        self._basis: Counter[str] = Counter()
        self._ages, self._state = Histogram(), "waiting for camera_info"
        self._poses = ros.publisher(self, "object_pose")
        ros.subscribe(self, "camera_info", self._on_info)
        ros.subscribe(self, "colour", self._on_colour)
        ros.subscribe(self, "depth", self._on_depth)
        ros.subscribe(self, "joint_states", self._on_joints)
        self._reporter = Reporter(self, self._camera.name, "pose", self._report)

    def _on_info(self, message: Any) -> None:
        if self._pipeline is not None:
            return
        spec = self._camera.scaled(message.width) if message.width else self._camera
        if not np.allclose(message.k, spec.matrix, rtol=_INTRINSICS_SHARE, atol=1e-6):
            found = np.asarray(message.k)[[0, 4, 2, 5]].round(1).tolist()
            wanted = spec.matrix[[0, 4, 2, 5]].round(1).tolist()
            detail = f"camera_info says fx fy cx cy {found}, {self._camera.name} has {wanted}"
            self._fault(Fault(code=FaultCode.DEPTH_INVALID, detail=detail))
            return
        s = self._settings
        config = CloudConfig(
            stride=s.stride,
            centre_m=self._hand.grasp_centre_m,
            radius_m=s.radius_m,
            jump_m=s.jump_m,
            hand_margin_m=s.hand_margin_m,
            voxel_m=s.voxel_m,
            points=s.points,
        )
        self._pipeline = ObjectPipeline(self._hand, spec, self._box, config)

    def _on_colour(self, message: Any) -> None:
        self._colour[wire.stamp_ns(message.header)] = message
        while len(self._colour) > 5:
            self._colour.pop(next(iter(self._colour)))

    def _on_joints(self, message: Any) -> None:
        if self._pipeline is None:
            return
        try:
            fault = self._pipeline.joints(self._reader.sample(message))
        except WireError as error:
            fault = Fault(code=FaultCode.JOINTS_INVALID, detail=str(error))
        if fault is not None:
            self._fault(fault)

    def _on_depth(self, message: Any) -> None:
        if self._pipeline is None:
            return
        try:
            image = wire.depth_sample(message, self._colour.get(wire.stamp_ns(message.header)))
        except WireError as error:
            self._fault(Fault(code=FaultCode.DEPTH_INVALID, detail=str(error)))
            return
        seen = self._pipeline.step(image)
        if isinstance(seen.result, Fault):
            self._fault(seen.result)
        else:
            self._publish(seen.result)

    def _publish(self, estimate: Estimate) -> None:
        message = wire.fill_pose(ros.message_class("object_pose")(), estimate.track.pose)
        message.pose.covariance = estimate.track.covariance.ravel()
        self._poses.publish(message)
        self._basis[estimate.basis] += 1
        self._ages.add((ros.now_ns(self) - int(estimate.track.pose.stamp_ns)) * 1e-9)
        self._state = f"{estimate.basis}, {100 * estimate.agreement:.0f} % of the colours fit"

    def _fault(self, fault: Fault) -> None:
        self._faults[str(fault.code)] += 1
        self._state = str(fault)
        self.get_logger().warning(str(fault), throttle_duration_sec=2.0)

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        level = "warn" if ": " in self._state or not self._basis else "ok"
        values = {"faults": dict(self._faults), "basis": dict(self._basis), "age_ms": self._ages.milliseconds()}
        return level, self._state, values


def main() -> None:
    """Entry point."""
    ros.run(PoseNode, lambda node: None, realtime=False)


if __name__ == "__main__":
    main()
