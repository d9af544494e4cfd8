"""The person at the robot, in code: waits, arms, puts the object back; judges goals on the simulator's truth."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.evaluation.pose_judge import PoseJudge
from dexterity_ros.evaluation.truth_judge import TruthJudge
from dexterity_ros.systems.processes import ros_environment


class OperatorError(DexterityError):
    """The system did not do what the operator asked for."""


class Operator:
    """Talks to a running system from outside, on its own node."""

    def __init__(self, judge: TruthJudge | None = None, pose_judge: PoseJudge | None = None) -> None:
        """Joins the graph; rclpy must be initialised. judge, pose_judge: follow goals and poses on the truth."""
        self.node = Node("operator")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.supervisor = self.hand_state = self.policy_state = ""
        self.diagnostics: dict[str, dict[str, Any]] = {}
        self._services: dict[str, Any] = {}
        if judge is not None:
            ros.subscribe(self.node, "sim_object_pose", lambda m: judge.see(wire.pose_sample(m)))
            ros.subscribe(self.node, "goal_event", lambda m: judge.event(json.loads(m.data)))
        if pose_judge is not None:
            ros.subscribe(self.node, "sim_object_pose", lambda m: pose_judge.see(wire.pose_sample(m)))
            ros.subscribe(self.node, "object_pose", lambda m: pose_judge.estimate(wire.pose_sample(m)))
            ros.subscribe(self.node, "goal_event", lambda m: pose_judge.event(json.loads(m.data)))
        ros.subscribe(self.node, "supervisor", lambda m: setattr(self, "supervisor", m.data))
        ros.subscribe(self.node, "hand_state", lambda m: setattr(self, "hand_state", m.data))
        ros.subscribe(self.node, "policy_state", lambda m: setattr(self, "policy_state", m.data))
        ros.subscribe(self.node, "diagnostics", self._on_diagnostics)

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            self.diagnostics[status.name] = {v.key: json.loads(v.value) for v in status.values}

    def spin(self, duration_s: float) -> None:
        """Handles messages for a while."""
        end = time.monotonic() + duration_s
        while (remaining := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=remaining)

    def wait_for(self, what: str, condition: Callable[[], bool], timeout_s: float, alive: Callable[[], None]) -> None:
        """Spins until `condition`; `alive` may raise. Raises OperatorError with `what` after timeout_s."""
        end = time.monotonic() + timeout_s
        while not condition():
            alive()
            if time.monotonic() > end:
                raise OperatorError(
                    f"waited {timeout_s:.0f} s for {what}; supervisor: {self.supervisor or 'silent'}, "
                    f"hand: {self.hand_state or 'silent'}, policy: {self.policy_state or 'silent'}"
                )
            self.spin(0.05)

    def call(self, service: str, timeout_s: float = 5.0) -> tuple[bool, str]:
        """Returns (success, message) of a Trigger service. Raises OperatorError when nobody answers."""
        if service not in self._services:
            self._services[service] = self.node.create_client(Trigger, service)
        client = self._services[service]
        if not client.wait_for_service(timeout_sec=timeout_s):
            raise OperatorError(f"no service {service} within {timeout_s:.0f} s")
        future = client.call_async(Trigger.Request())
        end = time.monotonic() + timeout_s
        while not future.done():
            if time.monotonic() > end:
                raise OperatorError(f"{service} did not answer within {timeout_s:.0f} s")
            self.spin(0.02)
        return future.result().success, future.result().message

    def arm(self, alive: Callable[[], None]) -> None:
        """Arms, retrying while preflight still waits for topics. Raises OperatorError with the last refusal."""
        end = time.monotonic() + 20.0
        while True:
            granted, why = self.call("safety_node/prepare")
            if granted:
                granted, why = self.call("safety_node/arm")
            if granted:
                return
            alive()
            if time.monotonic() > end:
                raise OperatorError(f"arming was refused: {why}")
            self.spin(0.3)

    def restart_trial(self, alive: Callable[[], None]) -> None:
        """Disarms, puts the object back, arms."""
        self.call("safety_node/disarm")
        self.wait_for("torque off", lambda: self.hand_state.startswith("limp"), 5.0, alive)
        self.call("sim/reset")
        self.spin(0.2)
        self.arm(alive)

    def close(self) -> None:
        """Leaves the graph."""
        self.node.destroy_node()
        rclpy.try_shutdown()


@contextlib.contextmanager
def visit() -> Iterator[Callable[[str], tuple[bool, str]]]:
    """Joins the graph that `dexterity up` or ros2 launch runs; gives what calls a service there."""
    os.environ.update(ros_environment())
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    operator = Operator()
    try:
        yield operator.call
    finally:
        operator.close()
