"""What hand_node publishes."""

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.perception.hand_urdf import hand_urdf
from dexterity_ros.runtime.hand_tick import HandTick, Phase

_ASK_AGAIN_NS = 200_000_000


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
        self._reset, self._asked_ns = 0, 0

    def publish(self, tick: HandTick, state: str) -> None:
        """Publishes one cycle; the state only when it changes, the last reset again and again while the hand holds.

        A stranger's flood may push a reset out of a policy's queue of one; the hand would hold for ever.
        """
        now_ns = ros.steady_ns(self._node)
        again = self._reset and state.startswith(Phase.HOLDING) and now_ns - self._asked_ns > _ASK_AGAIN_NS
        if tick.new_reset is not None or again:
            self._reset, self._asked_ns = tick.new_reset or self._reset, now_ns
            reset = str(self._sender.origin(self._reset))
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
