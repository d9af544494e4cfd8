"""Estimates the object's pose from depth and colour, or takes no more than its points; says when it cannot."""

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import Fault, FaultCode, WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import load_placed_camera
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.estimation.object_estimator import Estimate
from dexterity_ros.perception.camera_watch import figures
from dexterity_ros.ros.diagnostics import Reporter
from dexterity_ros.ros.pose_topics import PoseTopics
from dexterity_ros.runtime.deadline_loop import Histogram
from dexterity_ros.runtime.object_pipeline import ObjectPipeline, PoseParameters


class PoseNode(Node):
    """Publishes object_pose while it is sure of it; its silence makes the supervisor hold."""

    def __init__(self) -> None:
        super().__init__("pose_node", automatically_declare_parameters_from_overrides=True)
        self._settings = ros.parameters(self, PoseParameters)
        self._hand = load_hand(self._settings.hand)
        self._camera = load_placed_camera(load_camera(self._settings.camera), self._settings.robot)
        self._reader = wire.JointReader(self._hand.joint_names)
        self._pipeline: ObjectPipeline | None = None
        self._refused = ""  # why camera_info was not believed
        self._colour: dict[int, Any] = {}
        self._faults: Counter[str] = Counter()
        self._basis: Counter[str] = Counter()
        self._moved: Fault | None = None
        self._ages, self._state = Histogram(), "waiting for camera_info"
        self._topics = PoseTopics(self)
        ros.subscribe(self, "camera_info", self._on_info)
        ros.subscribe(self, "colour", self._on_colour)
        ros.subscribe(self, "depth", self._on_depth)
        ros.subscribe(self, "joint_states", self._on_joints)
        self._reporter = Reporter(self, self._camera.name, "pose", self._report)

    def _on_info(self, message: Any) -> None:
        if self._pipeline is None:
            spec = self._camera.scaled(message.width) if message.width else self._camera
            self._refused = spec.disagreement(np.asarray(message.k))
            if not self._refused:
                self._pipeline = ObjectPipeline(self._hand, spec, self._settings.followed, self._settings)

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
        if (fault := self._misplaced()) is not None:
            self._fault(fault, message)
            return
        assert self._pipeline is not None
        try:
            image = wire.depth_sample(message, self._colour.get(wire.stamp_ns(message.header)))
        except WireError as error:
            self._fault(Fault(code=FaultCode.DEPTH_INVALID, detail=str(error)), message)
            return
        memory = self._pipeline.memory
        seen = self._pipeline.step(image)
        basis = {"joints_ns": seen.joints_ns, "memory": memory and asdict(memory)}
        self._moved = seen.camera
        if isinstance(seen.result, Fault):
            self._fault(seen.result, message, **basis)
        elif seen.result is not None:
            self._publish(seen.result, **basis)
        if seen.cloud is not None:
            self._topics.cloud(seen.cloud)
        if seen.cloud is not None and seen.result is None:
            self._count(seen.cloud.stamp_ns, "points", f"{len(seen.cloud.points_m)} points", **basis)

    def _misplaced(self) -> Fault | None:
        """Returns why no image can be used at present: nobody says what camera took it, or there are two."""
        for key in ("depth", "colour"):
            count = self.count_publishers(TOPICS[key].name)
            if count > 1:
                detail = f"{count} publishers on {TOPICS[key].name}, expected one camera"
                return Fault(code=FaultCode.DEPTH_INVALID, detail=detail)
        if self._pipeline is None:
            detail = self._refused or f"no message on {TOPICS['camera_info'].name} yet"
            return Fault(code=FaultCode.DEPTH_INVALID, detail=detail)
        return None

    def _publish(self, estimate: Estimate, **basis: Any) -> None:
        self._topics.pose(estimate)
        track = estimate.track
        basis |= {"residual_mm": round(track.residual_m * 1e3, 2), "agreement": round(estimate.agreement, 3)}
        state = f"{estimate.basis}, {100 * estimate.agreement:.0f} % of the colours fit"
        self._count(int(track.pose.stamp_ns), estimate.basis, state, inliers=track.inliers, **basis)

    def _count(self, stamp_ns: int, basis: str, state: str, **more: Any) -> None:
        """Says what an image gave, and counts it."""
        self._topics.basis(stamp_ns, basis, **more)
        self._basis[basis] += 1
        self._ages.add((ros.now_ns(self) - stamp_ns) * 1e-9)
        self._state = state

    def _fault(self, fault: Fault, image: Any = None, **basis: Any) -> None:
        if image is not None:
            self._topics.basis(wire.stamp_ns(image.header), str(fault), **basis)
        self._faults[str(fault.code)] += 1
        self._state = str(fault)
        self.get_logger().warning(str(fault), throttle_duration_sec=2.0)

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        state = self._state if self._moved is None else f"{self._moved}; {self._state}"
        level = "warn" if ": " in state or not self._basis else "ok"
        values = {"faults": dict(self._faults), "basis": dict(self._basis), "age_ms": self._ages.milliseconds()}
        return level, state, values | figures(None if self._pipeline is None else self._pipeline.displacement)


def main() -> None:
    """Entry point."""
    ros.run(PoseNode, lambda _node: None, priority="perception")


if __name__ == "__main__":
    main()
