"""What policy_node publishes: targets, a record of every tick, what the network says besides, its state."""

from typing import Any

from rclpy.node import Node
from std_msgs.msg import MultiArrayDimension

from dexterity_ros import ros, wire
from dexterity_ros.contracts.outputs import OUTPUTS
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.runtime.tick import Tick


class PolicyTopics:
    """The publishers of a policy."""

    def __init__(self, node: Node, joint_names: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        """outputs: what the network says (contracts/outputs.py), the action among it."""
        self._names, self._sender = joint_names, ros.Sender()
        self._targets = ros.publisher(node, "joint_targets")
        self._ticks = ros.publisher(node, "policy_tick")
        self._states = ros.publisher(node, "policy_state")
        said = [(name, OUTPUTS[name].topic) for name in outputs]
        self._said = {name: (topic, ros.publisher(node, topic)) for name, topic in said if topic is not None}

    def tick(self, tick: Tick, reset: int) -> None:
        """Publishes a tick and all that follows from it. reset: the number of the reset it follows."""
        self.target(JointTarget(stamp_ns=tick.inputs.oldest_ns, pos_rad=tick.target.pos_rad), reset)
        for name, (topic, publisher) in self._said.items():
            publisher.publish(ros.message_class(topic)(data=float(tick.outputs[name][0])))
        message: Any = ros.message_class("policy_tick")()
        layout, data = wire.pack_tick(tick.record(reset))
        message.layout.dim = [MultiArrayDimension(label=name, size=size, stride=1) for name, size in layout]
        message.data = data.tolist()
        self._ticks.publish(message)

    def target(self, target: JointTarget, reset: int) -> None:
        """Publishes wanted joints; their stamp is that of the oldest measurement behind them."""
        message = ros.message_class("joint_targets")()
        message = wire.fill_joint_state(message, self._names, int(target.stamp_ns), target.pos_rad)
        message.header.frame_id = str(self._sender.origin(reset))
        self._targets.publish(message)

    def state(self, text: str) -> None:
        """Publishes what the policy does, or why it does not."""
        self._states.publish(ros.message_class("policy_state")(data=text))
