"""An operator's wanted joints, from whatever they hold: followed while they come, in place of the policy's own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import Fault, FaultCode, WireError
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

_MAX_AGE_NS = round((TOPICS["leader"].max_age_s or 0.0) * 1e9)


class Leader:
    """Listens to leader/joint_targets for a pipeline.

    How old a message is counts from its arrival: the clock of an operator's device may be wrong, and one that is ahead
    must not go on leading when the device is gone.
    """

    def __init__(self, node: Node, pipeline: PolicyPipeline) -> None:
        self._pipeline, self._reader = pipeline, wire.JointReader(pipeline.hand.joint_names)
        self._node, self._arrived_ns = node, 0
        self._message: Any = None
        ros.subscribe(node, "leader", self._on_message)

    def _on_message(self, message: Any) -> None:
        self._message, self._arrived_ns = message, ros.steady_ns(self._node)

    def action(self, inputs: ObservationInputs) -> NDArray[np.float32] | Fault | None:
        """Returns the operator's action, None while there is no operator, or why what they send cannot be followed."""
        if self._message is None or ros.steady_ns(self._node) - self._arrived_ns > _MAX_AGE_NS:
            return None
        try:
            wanted = self._reader.target(self._message).pos_rad
        except WireError as error:
            return Fault(code=FaultCode.TARGET_INVALID, detail=f"leader/joint_targets: {error}")
        if not np.isfinite(wanted).all():
            return Fault(code=FaultCode.TARGET_INVALID, detail=f"leader/joint_targets: not finite: {wanted}")
        return self._pipeline.towards(wanted, inputs)
