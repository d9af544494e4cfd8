"""Moves joint after joint in place of a policy: for a hand that has none yet, and for looking at its tracking."""

from dataclasses import dataclass
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.action.exercise import Exercise
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.runtime.deadline_loop import DeadlineLoop


@dataclass(frozen=True, kw_only=True)
class ExerciseParameters:
    """Parameters of exercise_node."""

    hand: str


class ExerciseNode(Node):
    """Publishes joint_targets and policy/state as policy_node does; starts afresh at every reset."""

    def __init__(self) -> None:
        super().__init__("exercise_node", automatically_declare_parameters_from_overrides=True)
        self._hand = load_hand(ros.parameters(self, ExerciseParameters).hand)
        self._reader = wire.JointReader(self._hand.joint_names)
        self._joints: Any = None
        self._sender = ros.Sender()
        self._wanted_reset = self._reset = 0
        self._exercise: Exercise | None = None
        self._state = "waiting for joint_states"
        self._targets, self._states = ros.publisher(self, "joint_targets"), ros.publisher(self, "policy_state")
        ros.subscribe(self, "joint_states", lambda m: setattr(self, "_joints", m))
        ros.subscribe(self, "policy_reset", lambda m: setattr(self, "_wanted_reset", wire.origin(m.data).number))
        self.loop = DeadlineLoop(round(1e9 / TOPICS["joint_targets"].rate_hz), self._cycle, on_death=ros.end_process)
        self._reporter = Reporter(self, self._hand.name, "loop", self._report)
        self.loop.start("exercise")

    def _cycle(self) -> None:
        if refused := ros.refused(self):
            self._state = str(refused[0])
        elif self._joints is not None:
            self._move(ros.steady_ns(self))
        self._states.publish(ros.message_class("policy_state")(data=self._state))

    def _move(self, now: int) -> None:
        try:
            measured = self._reader.sample(self._joints)
        except WireError as error:
            self._state = str(error)
            return
        if self._exercise is None or self._wanted_reset != self._reset:
            self._reset = self._wanted_reset
            self._exercise = Exercise(self._hand, measured.pos_rad, now)
        target = self._exercise.step(now)
        message = wire.fill_joint_state(
            ros.message_class("joint_targets")(), self._hand.joint_names, measured.stamp_ns, target
        )
        message.header.frame_id = str(self._sender.origin(self._reset))
        self._targets.publish(message)
        self._state = f"exercising, round {self._exercise.rounds(now) + 1}"

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        return "ok", self._state, loop_values(self.loop)


def main() -> None:
    """Entry point."""
    ros.run(ExerciseNode, lambda node: node.loop.stop())


if __name__ == "__main__":
    main()
