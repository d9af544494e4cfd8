"""The person at the robot, in code: waits, arms, puts the object back; judges goals on the simulator's truth."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import DexterityError, WireError
from dexterity_ros.evaluation.in_order import InOrder
from dexterity_ros.evaluation.pose_judge import PoseJudge
from dexterity_ros.evaluation.truth_judge import TruthJudge
from dexterity_ros.ros.asking import Asking
from dexterity_ros.ros.diagnostics import readings
from dexterity_ros.systems.goal_events import goal_event
from dexterity_ros.systems.presence import absence
from dexterity_ros.systems.processes import ros_environment

_ANSWER_S = 10.0  # a busy machine takes seconds
_ARM_S = 30.0
_SLICE_S = 0.005
_KEPT = 500  # poses that wait for the judges: 5 s of a machine that does not run them
_READ = ("policy_node: loop", "hand_node: loop", "sim_node: loop", "recorder_node: recording")  # of /diagnostics
_OF_THE_SYSTEM = ("supervisor", "hand_state", "policy_state")  # a stranger's would mislead the person


class OperatorError(DexterityError):
    """The system did not do what the operator asked for."""


def _nothing() -> None:
    """Who waits has nothing to look after."""


class Operator:
    """Talks to a running system from outside, on its own node."""

    def __init__(
        self, judge: TruthJudge | None = None, pose_judge: PoseJudge | None = None, *, visitor: bool = False
    ) -> None:
        """Joins the graph; rclpy must be initialised. judge, pose_judge: follow goals and poses on the truth.

        visitor: looks at whatever system runs, which is not its own.
        """
        self.node = Node("operator")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.supervisor = self.hand_state = self.policy_state = ""
        self.diagnostics: dict[str, dict[str, Any]] = {}
        self._services: dict[str, Any] = {}
        self._checked = () if visitor else _OF_THE_SYSTEM
        judges = [one for one in (judge, pose_judge) if one is not None]
        if judges:
            order = InOrder(judges)
            self._follow("sim_object_pose", lambda m: order.see(wire.pose_sample(m)), keep=_KEPT)
            self._follow("goal_event", lambda m: order.event(goal_event(m.data)))
        if pose_judge is not None:
            self._follow("object_pose", lambda m: pose_judge.estimate(wire.pose_sample(m)), keep=_KEPT)
        self._follow("supervisor", lambda m: setattr(self, "supervisor", wire.state_text(m.data)))
        self._follow("hand_state", lambda m: setattr(self, "hand_state", m.data))
        self._follow("policy_state", lambda m: setattr(self, "policy_state", m.data))
        self._follow("diagnostics", lambda m: self.diagnostics.update(readings(m, _READ)))

    def _follow(self, key: str, take: Callable[[Any], object], *, keep: int | None = None) -> None:
        """Listens to a topic; a message that is not what the topic promises is nobody's business here."""

        def tolerant(message: Any) -> None:
            with contextlib.suppress(WireError):
                take(message)

        if key in self._checked:
            ros.subscribe(self.node, key, tolerant)
        else:
            ros.observe(self.node, key, tolerant, keep=keep)

    def spin(self, duration_s: float) -> None:
        """Handles messages for a while."""
        end = time.monotonic() + duration_s
        while time.monotonic() < end:
            # Always the same time-out: with another one the executor begins anew with the first of what waits, and
            # who cannot keep up with a topic never comes to the answer of a service.
            self._executor.spin_once(timeout_sec=_SLICE_S)

    def wait_for(
        self, what: str, condition: Callable[[], bool], timeout_s: float, alive: Callable[[], None] = _nothing
    ) -> None:
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

    def call(
        self, service: str, timeout_s: float = _ANSWER_S, alive: Callable[[], None] = _nothing
    ) -> tuple[bool, str]:
        """Returns (success, message) of a Trigger service. Raises OperatorError when nobody answers."""
        asking = Asking(self._client(service), Trigger.Request())
        try:
            self.wait_for(f"an answer of {service}", asking.step, timeout_s, alive)
        finally:
            asking.give_up()
        return asking.answer.success, asking.answer.message

    def _client(self, service: str) -> Any:
        if service not in self._services:
            self._services[service] = self.node.create_client(Trigger, service)
        return self._services[service]

    def find_system(self) -> None:
        """Waits until somebody offers to arm. Raises OperatorError, which says what to start, when nobody does."""
        why = absence("safety_node", self._client("safety_node/arm").service_is_ready, self.spin)
        if why:
            raise OperatorError(why)

    def arm(self, alive: Callable[[], None] = _nothing) -> None:
        """Arms, retrying while preflight still waits for topics. Raises OperatorError with the last refusal."""
        end = time.monotonic() + _ARM_S
        while True:
            granted, why = self.call("safety_node/prepare", alive=alive)
            if granted:
                granted, why = self.call("safety_node/arm", alive=alive)
            if granted:
                return
            alive()
            if time.monotonic() > end:
                raise OperatorError(f"arming was refused: {why}")
            self.spin(0.3)

    def restart_trial(self, alive: Callable[[], None] = _nothing) -> None:
        """Disarms, puts the object back, arms."""
        self.let_go(alive)
        self.start_trial(alive)

    def start_trial(self, alive: Callable[[], None] = _nothing) -> None:
        """Puts the object back into the simulated hand, which is limp, and arms."""
        self.call("sim/reset", alive=alive)
        self.spin(0.2)
        self.arm(alive)

    def let_go(self, alive: Callable[[], None] = _nothing) -> None:
        """Disarms and waits until the torque is off."""
        self.call("safety_node/disarm", alive=alive)
        self.wait_for(
            "torque off",
            lambda: self.supervisor.startswith("disarmed") and self.hand_state.startswith("limp"),
            10.0,
            alive,
        )

    def hold(self, alive: Callable[[], None] = _nothing) -> bool:
        """Has the armed hand stand still until `resume`; returns whether it does: one that was stopped need not.

        Raises OperatorError for a hand that moves on.
        """
        granted, _ = self.call("safety_node/hold", alive=alive)
        if granted:
            self.wait_for("the hand to stand still", self._stands_still, _ANSWER_S, alive)
        return granted

    def _stands_still(self) -> bool:
        return not self.supervisor.startswith("armed") and not self.hand_state.startswith("following")

    def resume(self, alive: Callable[[], None] = _nothing) -> None:
        """Ends `hold`. One that was stopped or disarmed meanwhile stays so."""
        self.call("safety_node/resume", alive=alive)

    def close(self) -> None:
        """Leaves the graph."""
        self.node.destroy_node()
        rclpy.try_shutdown()


@contextlib.contextmanager
def visit() -> Iterator[Operator]:
    """Joins the graph that `dexterity up` or ros2 launch runs."""
    os.environ.update(ros_environment())
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    operator = Operator(visitor=True)
    try:
        yield operator
    finally:
        operator.close()
