"""A simulated depth camera on the topics of a real one; a process of its own, so that physics never waits for it."""

from dataclasses import dataclass
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.ros.camera_topics import CameraTopics
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
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
        self._topics = CameraTopics(self, self._spec)
        period_ns = round(1e9 / settings.rate_hz)
        self.loop = DeadlineLoop(period_ns, self._cycle, realtime=False, on_death=ros.end_process)
        self._rendered, self._said = 0, False
        self._reporter = Reporter(self, self._spec.name, "loop", self._report)
        self.get_logger().info(f"{self._spec.width}x{self._spec.height} at {settings.rate_hz:g} Hz")
        self.loop.start("camera")

    def _cycle(self) -> None:
        joints, pose = self._joints, self._pose
        if joints is None or pose is None:
            return
        image = self._view.render(self._reader.sample(joints).pos_rad, pose)
        ros.sleep_until(self, image.stamp_ns + self._latency_ns)
        self._topics.publish(image, self._spec.matrix)

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        if self._pose is None:
            return "ok", "waiting for sim_node", loop_values(self.loop)
        rate_hz, self._rendered = self.loop.cycles - self._rendered, self.loop.cycles
        if not self._said and rate_hz and self._rendered > rate_hz:
            self._said = True
            spent = self.loop.duration.milliseconds()["p50"]
            self.get_logger().info(f"achieves {rate_hz} images per second, one every {spent:.0f} ms at most")
        return "ok", f"rendering at {rate_hz} Hz", loop_values(self.loop)


def main() -> None:
    """Entry point."""
    ros.run(SimCameraNode, lambda node: node.loop.stop(), priority="perception", exclusive=False)


if __name__ == "__main__":
    main()
