"""A simulated depth camera on the topics of a real one; a process of its own, so that physics never waits for it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node

from dexterity_ros.contracts import wire
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.samples import DepthSample, PoseSample
from dexterity_ros.drivers.deadline_loop import DeadlineLoop
from dexterity_ros.nodes import ros
from dexterity_ros.nodes.diagnostics import Reporter, loop_values
from dexterity_ros.sim.rendered_view import STEREO, RenderedView


@dataclass(frozen=True, kw_only=True)
class SimCameraParameters:
    """Parameters of sim_camera_node. width: of the images; the view stays the camera's. latency_s: to publication."""

    hand: str
    object: str
    camera: str
    width: int
    rate_hz: float
    latency_s: float
    seed: int


class SimCameraNode(Node):
    """Renders what sim_node says is true."""

    def __init__(self) -> None:
        super().__init__("sim_camera_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, SimCameraParameters)
        hand = load_hand(settings.hand)
        self._spec = load_camera(settings.camera).scaled(settings.width)
        self._view = RenderedView(hand, settings.object, self._spec, STEREO, settings.seed)
        self._reader = wire.JointReader(hand.joint_names)
        self._latency_ns = round(settings.latency_s * 1e9)
        self._joints: Any = None
        self._pose: PoseSample | None = None
        ros.subscribe(self, "sim_joint_states", lambda m: setattr(self, "_joints", m))
        ros.subscribe(self, "sim_object_pose", lambda m: setattr(self, "_pose", wire.pose_sample(m)))
        self._depth, self._colour = ros.publisher(self, "depth"), ros.publisher(self, "colour")
        self._info = ros.publisher(self, "camera_info")
        self.loop = DeadlineLoop(round(1e9 / settings.rate_hz), self._cycle, realtime=False)
        self._reporter = Reporter(self, self._spec.name, "loop", self._report)
        self.get_logger().info(f"{self._spec.width}x{self._spec.height} at {settings.rate_hz:g} Hz")
        self.loop.start("camera")

    def _cycle(self) -> None:
        joints, pose = self._joints, self._pose
        if joints is None or pose is None:
            return
        image = self._view.render(self._reader.sample(joints).pos_rad, pose)
        ros.sleep_until(self, image.stamp_ns + self._latency_ns)
        self._publish(image)

    def _publish(self, image: DepthSample) -> None:
        make = ros.message_class("depth")
        info = ros.message_class("camera_info")(width=self._spec.width, height=self._spec.height)
        wire.fill_stamp(info.header, image.stamp_ns)
        info.header.frame_id, info.k = wire.CAMERA_FRAME, self._spec.matrix
        self._info.publish(info)
        self._colour.publish(wire.fill_image(make(), image.stamp_ns, "rgb8", np.ascontiguousarray(image.rgb)))
        self._depth.publish(wire.fill_image(make(), image.stamp_ns, "16UC1", image.depth_mm))

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        return "ok", "rendering" if self._pose is not None else "waiting for sim_node", loop_values(self.loop)


def main() -> None:
    """Entry point."""
    ros.run(SimCameraNode, lambda node: node.loop.stop(), realtime=False)


if __name__ == "__main__":
    main()
