"""Arms, disarms and stops the hand; alone moves lifecycle nodes; its heartbeat permits motion."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from dexterity_ros import ros, wire
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.sources import OBJECT_POSE
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.ros.lifecycle import LifecycleClient
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.supervision import Supervision, level
from dexterity_ros.safety.supervisor import Request, Verdict, watch_limits


@dataclass(frozen=True, kw_only=True)
class SafetyParameters:
    """Parameters of safety_node. lifecycle_nodes: those it configures at start and activates when armed.

    watch: keys of the topics table whose silence makes it hold. With `deadman` among them, motion needs a person who
    keeps sending true on that topic. sight: what is watched in place of object_pose.
    """

    hand: str
    lifecycle_nodes: tuple[str, ...]
    watch: tuple[str, ...]
    sight: str = OBJECT_POSE.name

    def limits(self) -> dict[str, float]:
        """Returns the largest age in s of each topic that is watched. Raises ConfigError."""
        return watch_limits(tuple(self.sight if key == OBJECT_POSE.name else key for key in self.watch))


class SafetyNode(Node):
    """Services ~/prepare, ~/arm, ~/disarm, ~/estop; publishes supervisor/state."""

    def __init__(self) -> None:
        super().__init__("safety_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, SafetyParameters)
        hand, watched = load_hand(settings.hand), settings.limits()
        self._supervision, self._sender = Supervision(hand, watched), ros.Sender()
        told = (
            partial(self._on_unexpected, self._supervision.refused),
            partial(self._on_unexpected, self._supervision.stop),
        )
        self._movers = [LifecycleClient(self, name, *told) for name in settings.lifecycle_nodes]
        self._said = ""
        self._heartbeat = ros.publisher(self, "supervisor")
        for key in watched:
            ros.subscribe(self, key, partial(self._on_message, key))
        ros.subscribe(self, "hand_state", lambda m: self._supervision.hear_hand(m.data))
        for request in Request:
            self.create_service(Trigger, f"~/{request}", partial(self._on_request, request))
        self.loop = DeadlineLoop(round(1e9 / TOPICS["supervisor"].rate_hz), self._cycle, on_death=ros.end_process)
        self._reporter = Reporter(self, hand.name, "supervisor", self._report)
        self._lifecycle_timer = self.create_timer(0.2, self._move_nodes)
        self.loop.start("supervisor")

    def _on_message(self, key: str, message: Any) -> None:
        self._supervision.hear(key, message, ros.steady_ns(self))

    def _cycle(self) -> None:
        verdict = self._supervision.step(ros.refused(self), ros.steady_ns(self))
        self._publish(verdict)
        kind = f"{verdict.state} {verdict.reason.partition(':')[0]}"  # ages in the reason change with every tick
        if kind != self._said:
            self._said = kind
            self.get_logger().info(str(verdict))

    def _publish(self, verdict: Verdict) -> None:
        text = wire.heartbeat_text(str(verdict), self._sender.origin(self._supervision.disarms))
        self._heartbeat.publish(ros.message_class("supervisor")(data=text))

    def _on_request(self, request: Request, _message: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        now, states = ros.steady_ns(self), [client.state for client in self._movers]
        not_ready = next((state for state in states if state not in ("inactive", "active")), states[0])
        response.success, response.message = self._supervision.request(request, now, not_ready, ros.refused(self))
        self.get_logger().info(f"{request}: {response.message}")
        self._publish(self._supervision.verdict)  # hand_node acts on this at once, before it is moved
        self._move_nodes()
        return response

    def _move_nodes(self) -> None:
        wanted = self._supervision.wanted(ros.steady_ns(self))
        for client in self._movers:
            client.drive(wanted)

    def _on_unexpected(self, consequence: Callable[[str], None], node: str, problem: str) -> None:
        # rclpy refuses one call that logs at different levels, so there are two.
        if not self._supervision.verdict.torque:
            self.get_logger().warning(f"{node} {problem}", throttle_duration_sec=5.0)
        else:
            self.get_logger().error(f"{node} {problem}")
            consequence(f"{node} {problem}")

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        verdict = self._supervision.verdict
        nodes = {client.name: client.state for client in self._movers}
        return level(verdict), str(verdict), loop_values(self.loop) | {"lifecycle": nodes}


def main() -> None:
    """Entry point."""
    ros.run(SafetyNode, lambda node: node.loop.stop())


if __name__ == "__main__":
    main()
