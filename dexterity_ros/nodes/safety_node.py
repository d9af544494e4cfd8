"""Arms, disarms and stops the hand; alone moves lifecycle nodes; its heartbeat permits motion."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.ros.lifecycle import LifecycleClient
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.safety import preflight
from dexterity_ros.safety.supervisor import Request, State, Supervisor, watch_limits


@dataclass(frozen=True, kw_only=True)
class SafetyParameters:
    """Parameters of safety_node. lifecycle_nodes: those it configures at start and activates when armed.

    watch: keys of the topics table whose silence makes it hold. With `deadman` among them, motion needs a person who
    keeps sending true on that topic.
    """

    hand: str
    lifecycle_nodes: tuple[str, ...]
    watch: tuple[str, ...]


class SafetyNode(Node):
    """Services ~/prepare, ~/arm, ~/disarm, ~/estop; publishes supervisor/state."""

    def __init__(self) -> None:
        super().__init__("safety_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, SafetyParameters)
        self._hand = load_hand(settings.hand)
        self._watched = watch_limits(settings.watch)
        self._supervisor = Supervisor(self._watched)
        self._latest: dict[str, tuple[int, Any]] = {}
        self._movers = [LifecycleClient(self, name, self._on_unexpected) for name in settings.lifecycle_nodes]
        self._said = ""
        self._heartbeat = ros.publisher(self, "supervisor")
        for key in self._watched:
            ros.subscribe(self, key, partial(self._on_message, key))
        for request in Request:
            self.create_service(Trigger, f"~/{request}", partial(self._on_request, request))
        self.loop = DeadlineLoop(round(1e9 / TOPICS["supervisor"].rate_hz), self._cycle)
        self._reporter = Reporter(self, self._hand.name, "supervisor", self._report)
        self._lifecycle_timer = self.create_timer(0.2, self._move_nodes)
        self.loop.start("supervisor")

    def _on_message(self, key: str, message: Any) -> None:
        if key == "deadman" and not message.data:  # only a pressed one counts
            self._latest.pop(key, None)
            return
        self._latest[key] = (ros.now_ns(self), message)

    def _ages_s(self, now: int) -> dict[str, float | None]:
        latest = dict(self._latest)
        return {key: (now - latest[key][0]) * 1e-9 if key in latest else None for key in self._watched}

    def _cycle(self) -> None:
        now = ros.now_ns(self)
        verdict = self._supervisor.step(self._ages_s(now), (), now)
        self._heartbeat.publish(ros.message_class("supervisor")(data=str(verdict)))
        kind = f"{verdict.state} {verdict.reason.partition(':')[0]}"  # ages in the reason change with every tick
        if kind != self._said:
            self._said = kind
            self.get_logger().info(str(verdict))

    def _on_request(self, request: Request, _message: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        failures = self._preflight() if request in (Request.PREPARE, Request.ARM) else ()
        response.success, response.message = self._supervisor.request(request, ros.now_ns(self), failures)
        self.get_logger().info(f"{request}: {response.message}")
        self._cycle()  # hand_node hears why before it is moved
        self._move_nodes()
        return response

    def _preflight(self) -> tuple[str, ...]:
        try:
            joints = self._read("joint_states", wire.JointReader(self._hand.joint_names).sample)
            pose = self._read("object_pose", wire.pose_sample)
        except WireError as error:
            return (str(error),)
        states = [client.state for client in self._movers]
        not_ready = next((state for state in states if state not in ("inactive", "active")), states[0])
        seen = preflight.PreflightInputs(
            ages_s=self._ages_s(ros.now_ns(self)),
            watched=self._watched,
            joints=joints,
            object_pose=pose,
            hand_state=not_ready,
        )
        return preflight.failures(self._hand, seen)

    def _read(self, key: str, reader: Any) -> Any:
        return reader(self._latest[key][1]) if key in self._latest else None

    def _move_nodes(self) -> None:
        wanted = "active" if self._supervisor.verdict.torque else "inactive"
        for client in self._movers:
            client.drive(wanted)

    def _on_unexpected(self, node: str, problem: str) -> None:
        # rclpy refuses one call that logs at different levels, so there are two.
        if not self._supervisor.verdict.torque:
            self.get_logger().warning(f"{node} {problem}", throttle_duration_sec=5.0)
        else:
            self.get_logger().error(f"{node} {problem}")
            self._supervisor.stop(f"{node} {problem}")

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        verdict = self._supervisor.verdict
        level = {State.HOLD: "warn", State.STOPPED: "error"}.get(verdict.state, "ok")
        nodes = {client.name: client.state for client in self._movers}
        return level, str(verdict), loop_values(self.loop) | {"lifecycle": nodes}


def main() -> None:
    """Entry point."""
    ros.run(SafetyNode, lambda node: node.loop.stop())


if __name__ == "__main__":
    main()
