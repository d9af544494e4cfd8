"""What hand_node listens to: the newest target and the supervisor's permission."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import FaultCode, WireError
from dexterity_ros.runtime.hand_tick import NumberedTarget
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.supervisor import State

_DISARMED = (State.DISARMED.value, State.READY.value)


class HandInputs:
    """Latest wins: `wanted` and `permit` are read by the control loop, written by the executor. Times are monotonic."""

    def __init__(
        self, node: Node, joint_names: Sequence[str], stamps: ros.Stamps, on_fault: Callable[[FaultCode], None]
    ) -> None:
        self._node, self._stamps, self._on_fault = node, stamps, on_fault
        self._reader = wire.JointReader(joint_names)
        self._supervisor: wire.Origin | None = None
        self.wanted: NumberedTarget | None = None
        self.permit = Permit(armed=False, heartbeat_ns=None)
        ros.subscribe(node, "joint_targets", self._on_target)
        ros.subscribe(node, "supervisor", self._on_supervisor)

    def _on_target(self, message: Any) -> None:
        try:
            target = self._reader.target(message)
            reset = wire.origin(message.header.frame_id).number
        except WireError:
            self.wanted = None
            self._on_fault(FaultCode.TARGET_INVALID)
            raise
        own_time = replace(target, stamp_ns=self._stamps.steady(target.stamp_ns))
        self.wanted = NumberedTarget(reset=reset, target=own_time)

    def _on_supervisor(self, message: Any) -> None:
        verdict, sender = wire.heartbeat(message.data)
        state = verdict.partition(":")[0]
        self.permit = Permit(
            armed=state == State.ARMED.value,
            disarmed=state in _DISARMED,
            stopped=state == State.STOPPED.value,
            disarms=self.permit.disarms + self._more_disarms(sender),
            heartbeat_ns=ros.steady_ns(self._node),
        )

    def _more_disarms(self, sender: wire.Origin | None) -> int:
        """Returns how often a person has disarmed since the last heartbeat; a new supervisor begins at none."""
        before, self._supervisor = self._supervisor, sender
        if before is None or sender is None or before.instance != sender.instance:
            return 0
        return max(sender.number - before.number, 0)
