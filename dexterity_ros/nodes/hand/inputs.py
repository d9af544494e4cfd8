"""What hand_node listens to: the newest target and the supervisor's permission."""

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import FaultCode, WireError
from dexterity_ros.runtime.hand_control import NumberedTarget
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.supervisor import State


class HandInputs:
    """Latest wins: `wanted` and `permit` are read by the control loop, written by the executor."""

    def __init__(self, node: Node, joint_names: Sequence[str], on_fault: Callable[[FaultCode], None]) -> None:
        self._node, self._on_fault = node, on_fault
        self._reader = wire.JointReader(joint_names)
        self.wanted: NumberedTarget | None = None
        self.permit = Permit(armed=False, heartbeat_ns=None)
        ros.subscribe(node, "joint_targets", self._on_target)
        ros.subscribe(node, "supervisor", self._on_supervisor)

    def _on_target(self, message: Any) -> None:
        try:
            target = self._reader.target(message)
            self.wanted = NumberedTarget(reset=int(message.header.frame_id or -1), target=target)
        except (WireError, ValueError) as error:
            self.wanted = None
            self._on_fault(FaultCode.TARGET_INVALID)
            self._node.get_logger().error(f"joint_targets refused: {error}", throttle_duration_sec=1.0)

    def _on_supervisor(self, message: Any) -> None:
        state = message.data.partition(":")[0]
        armed, disarmed = state == State.ARMED.value, state in (State.DISARMED.value, State.READY.value)
        self.permit = Permit(armed=armed, disarmed=disarmed, heartbeat_ns=ros.now_ns(self._node))
