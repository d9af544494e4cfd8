"""Publishes an operator's wanted joints, from a second hand without torque or from a gamepad; policy_node follows."""

from dataclasses import dataclass
from typing import Any, Literal

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.action.gamepad import Gamepad, GamepadLayout, Synergies
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError, Fault
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.robot import NO_ROBOT
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.drivers.open import hand_on_port
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.ros.gamepad import GamepadTopics
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.leader_hand import LeaderHand

_SYNERGIES = "config/synergies"
_CURRENT_LIMIT_A = 0.0  # of a hand that is only read


@dataclass(frozen=True, kw_only=True)
class LeaderParameters(GamepadLayout):
    """Parameters of leader_node: those of a gamepad's layout, and these.

    device: hand = a second hand of the same model, on `port`, with its own robot.yaml; joy = a gamepad on topic joy.
    synergies: file in config/synergies, or path; empty = that of the hand, if there is one.
    """

    hand: str
    device: Literal["hand", "joy"]
    port: str
    robot: str = NO_ROBOT
    synergies: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.device == "hand" and not self.port:
            raise ConfigError("port is empty: name the port of the hand that leads, leader_port:=PORT")


class LeaderNode(Node):
    """Publishes leader/joint_targets while its device says something; silence makes the policy go on by itself."""

    def __init__(self) -> None:
        super().__init__("leader_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, LeaderParameters)
        self._hand = load_robot_hand(settings.hand, settings.robot)
        self._device: LeaderHand | GamepadTopics
        if settings.device == "hand":
            ros.refuse_sim_time(self, "motors do not wait for a clock that can be set")
            port = hand_on_port(self._hand, settings.port, current_limit_a=_CURRENT_LIMIT_A)
            self._device = LeaderHand(port, self._hand)
        else:
            gamepad = Gamepad(self._hand, settings, _synergies(settings.synergies, self._hand))
            self._device = GamepadTopics(self, self._hand, gamepad, self.get_logger().info)
        self._targets = ros.publisher(self, "leader")
        self._level, self._state, self._sent = "warn", "begins", 0
        self._faults: dict[str, int] = {}
        self.loop = DeadlineLoop(round(1e9 / TOPICS["leader"].rate_hz), self._cycle, on_death=ros.end_process)
        self._reporter = Reporter(self, settings.device, "loop", self._report)
        self.loop.start("leader")

    def _cycle(self) -> None:
        stamp = ros.now_ns(self)
        wanted = self._device.step(ros.steady_ns(self))
        if isinstance(wanted, Fault):
            self._level, self._state = "warn", f"does not lead: {wanted}"
            self._faults[wanted.code] = self._faults.get(wanted.code, 0) + 1
            self.get_logger().warning(self._state, throttle_duration_sec=5.0)
        elif wanted is None:
            self._level, self._state = "ok", "does not lead: the dead-man button is not held"
        else:
            message = ros.message_class("leader")()
            self._targets.publish(wire.fill_joint_state(message, self._hand.joint_names, stamp, wanted))
            self._level, self._state, self._sent = "ok", "leads", self._sent + 1

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        sent = {"sent": self._sent, "faults": self._faults}
        return self._level, self._state, loop_values(self.loop) | sent | self._device.values()

    def close(self) -> None:
        """Ends the loop, then lets go of the device."""
        self.loop.stop()
        self._device.close()


def _synergies(name: str, hand: HandSpec) -> Synergies | None:
    """Returns the synergies that are named, or those of the hand; None where it has none. Raises ConfigError."""
    if not name and not (data_root() / _SYNERGIES / f"{hand.name}.yaml").exists():
        return None
    return config.load_named(Synergies, _SYNERGIES, name or hand.name)


def main() -> None:
    """Entry point."""
    ros.run(LeaderNode, LeaderNode.close)


if __name__ == "__main__":
    main()
