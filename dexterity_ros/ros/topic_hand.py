"""A HandPort over topics: the simulated motors of sim_node, or a driver that is already there."""

from dataclasses import replace
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.samples import GatedTarget, JointSample, MotorHealth
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.safety.gate import AHEAD_MAX_S

_MAX_AGE_S = TOPICS["driver_joint_states"].max_age_s or 0.0


class TopicHand:
    """Reads driver/joint_states and writes driver/joint_command."""

    def __init__(self, node: Node, hand: HandSpec) -> None:
        self._hand, self._reader, self._stamps = hand, wire.JointReader(hand.joint_names), ros.Stamps(node)
        self._latest: JointSample | None = None
        self._publisher = ros.publisher(node, "driver_joint_command")
        self._subscription = ros.subscribe(node, "driver_joint_states", self._on_joints)
        self._message = ros.message_class("driver_joint_command")

    def _on_joints(self, message: Any) -> None:
        self._stamps.look()
        sample = self._reader.sample(message)
        self._latest = replace(sample, stamp_ns=self._stamps.steady(sample.stamp_ns))

    def describe(self) -> str:
        """Returns where it is; signs and zeros are its driver's own business."""
        topics = [TOPICS[key].name for key in ("driver_joint_states", "driver_joint_command")]
        return f"{self._hand.name} behind {' and '.join(topics)}"

    def connect(self) -> list[str]:
        """Nothing to open; a driver that is not there is silent."""
        return []

    def reboot(self) -> list[str]:
        """The topics cannot restart a motor."""
        return []

    def read(self, now_ns: int) -> JointSample | Fault:
        """Returns the newest measurement if it is fresh; its stamp is monotonic."""
        sample = self._latest
        if sample is None:
            return Fault(code=FaultCode.HAND_READ_FAILED, detail="nothing on driver/joint_states yet")
        age_s = (now_ns - sample.stamp_ns) * 1e-9
        if age_s > _MAX_AGE_S:
            return Fault(code=FaultCode.HAND_READ_FAILED, detail=f"driver/joint_states silent for {age_s * 1e3:.0f} ms")
        if age_s < -AHEAD_MAX_S:
            return Fault(code=FaultCode.STAMP_AHEAD, detail=f"driver/joint_states is {-age_s:.3f} s ahead of time")
        return sample

    def health(self) -> MotorHealth | None:
        """The topics carry positions and velocities only."""
        return None

    def write(self, target: GatedTarget) -> Fault | None:
        """Commands the motors."""
        stamp = self._stamps.stamp(target.stamp_ns)
        self._publisher.publish(wire.fill_joint_state(self._message(), self._hand.joint_names, stamp, target.pos_rad))
        return None

    def set_torque(self, enabled: bool) -> Fault | None:
        """Torque off is a command without positions; torque comes on with the first positions."""
        if not enabled:
            self._publisher.publish(self._message())
        return None

    def close(self) -> None:
        """Nothing to release."""
