"""What hand_node publishes."""

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.perception.hand_urdf import hand_urdf
from dexterity_ros.runtime.hand_tick import HandTick


class HandTopics:
    """Publishers of measured joints, gated targets, resets and the hand's state."""

    def __init__(self, node: Node, hand: HandSpec, stamps: ros.Stamps) -> None:
        """Publishes what the hand looks like, once for all. stamps: turns the loop's time into ROS time."""
        self._node, self._names, self._stamps, self._sender = node, hand.joint_names, stamps, ros.Sender()
        self._description = ros.publisher(node, "robot_description")
        try:
            text = hand_urdf(hand, load_shape(hand))
            self._description.publish(ros.message_class("robot_description")(data=text))
        except ConfigError as error:  # a hand without a shape can be driven, only not be drawn
            node.get_logger().info(f"no robot_description: {error}")
        self.state = ""
        self._message = ros.message_class("joint_states")
        self._joints = ros.publisher(node, "joint_states")
        self._gated = ros.publisher(node, "gated_targets")
        self._states = ros.publisher(node, "hand_state")
        self._resets = ros.publisher(node, "policy_reset")

    def publish(self, tick: HandTick, state: str) -> None:
        """Publishes one cycle; the state only when it changes."""
        if tick.new_reset is not None:
            reset = str(self._sender.origin(tick.new_reset))
            self._resets.publish(ros.message_class("policy_reset")(data=reset))
        if tick.measured is not None:
            m, stamp = tick.measured, self._stamps.stamp(tick.measured.stamp_ns)
            self._joints.publish(wire.fill_joint_state(self._message(), self._names, stamp, m.pos_rad, m.vel_rad_s))
        if tick.output is not None:
            stamp = self._stamps.stamp(tick.output.stamp_ns)
            self._gated.publish(wire.fill_joint_state(self._message(), self._names, stamp, tick.output.pos_rad))
        if state != self.state:
            self.state = state
            self._states.publish(ros.message_class("hand_state")(data=state))
            self._node.get_logger().info(state)
