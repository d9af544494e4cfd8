"""Issues goals while the hand can follow them, repeats them, and judges them by the pose or the policy's own word."""

import json
from dataclasses import asdict, replace
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import FaultCode, WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.samples import CloudSample, GoalSample, PoseSample
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.object_sight import ObjectSight
from dexterity_ros.safety.fault_words import fault_code
from dexterity_ros.safety.supervisor import State
from dexterity_ros.tasks.goal_keeper import GoalEvent, GoalKeeper
from dexterity_ros.tasks.goal_parameters import GoalParameters

_CALL_MAX_AGE_S = TOPICS["policy_reached"].max_age_s or 0.0


class GoalNode(Node):
    """A trial starts when the hand is armed and in its start pose, and ends at a failed goal or a disarm.

    While a person has the hand stand still the goal's clock stands still too.

    After a failed goal nothing is wanted (so the hand holds) until the hand has been disarmed and armed again.
    """

    def __init__(self) -> None:
        super().__init__("goal_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, GoalParameters)
        hand = load_hand(settings.hand)
        task = settings.task_spec()
        strict = replace(task, success_rad=task.success_rad - settings.margin_rad)
        self._wanted, self._sight, self._key = settings.wanted(), ObjectSight(settings.sight, hand), settings.sight
        self._keeper = GoalKeeper(
            strict, hand.grasp_centre_m, seed=settings.seed, by_policy=settings.by_policy,
            symmetry=settings.symmetry(), wanted=self._wanted, turns_seen=self._sight.turns,
        )  # fmt: skip
        self._sure, self._said_ns = 0.0, 0
        self._inbox = ros.Inbox(self, (self._key,))
        self._armed = self._held = self._ready = self._tried = False
        self._goals, self._clouds = (ros.publisher(self, key) for key in ("goal", "goal_cloud"))
        self._events = ros.publisher(self, "goal_event")
        ros.subscribe(self, "policy_reached", self._on_reached)
        ros.subscribe(self, "supervisor", self._on_supervisor)
        ros.subscribe(self, "hand_state", self._on_hand)
        self.loop = DeadlineLoop(round(1e9 / TOPICS["goal"].rate_hz), self._cycle, on_death=ros.end_process)
        self._reporter = Reporter(self, settings.task, "goals", self._report)
        self.loop.start("goals")

    def _on_reached(self, message: Any) -> None:
        self._sure, self._said_ns = message.data, ros.steady_ns(self)

    def _on_supervisor(self, message: Any) -> None:
        verdict, _ = wire.heartbeat(message.data)
        self._armed = verdict.startswith((State.ARMED.value, State.HOLD.value))
        self._held = fault_code(verdict) is FaultCode.HELD_BY_PERSON

    def _on_hand(self, message: Any) -> None:
        self._ready = message.data.startswith(("following", "holding"))

    def _cycle(self) -> None:
        if not (self._armed and self._ready):
            self._keeper.end_trial()
            self._tried = False
            return
        now, pose = ros.steady_ns(self), self._known_pose()
        sure = self._sure if (now - self._said_ns) * 1e-9 <= _CALL_MAX_AGE_S else 0.0
        if self._held:
            self._keeper.wait(now)
        elif self._tried:
            for event in self._keeper.step(pose, now, sure=sure):
                self._announce(event)
        elif pose is not None:
            self._tried = True
            self._announce(self._keeper.start_trial(pose, now))
        if self._keeper.goal is not None:
            self._show(self._keeper.goal)

    def _show(self, goal: Floats) -> None:
        """Repeats the goal: its rotation, and what it looks like, as far as either is known."""
        stamp, points = ros.now_ns(self), self._wanted.points_m(goal)
        if self._wanted.turns:
            sample = GoalSample(stamp_ns=stamp, quat_wxyz=goal)
            self._goals.publish(wire.fill_goal(ros.message_class("goal")(), sample))
        if points is not None:
            cloud, field = CloudSample(stamp_ns=stamp, points_m=points), ros.message_field("goal_cloud")
            self._clouds.publish(wire.fill_cloud(ros.message_class("goal_cloud")(), field, cloud))

    def _known_pose(self) -> PoseSample | None:
        """Returns where the object is, or None while that is not known."""
        try:
            return self._sight.pose(self._inbox[self._key], self._inbox.ages_s()[self._key], ros.now_ns(self))
        except WireError as error:
            self.get_logger().warning(f"{self._key} refused: {error}", throttle_duration_sec=1.0)
            return None

    def _announce(self, event: GoalEvent) -> None:
        goal = self._keeper.goal if self._wanted.turns else None
        issued = None if goal is None or event.event != "issued" else goal.tolist()
        content = asdict(event) | {"stamp_ns": ros.now_ns(self), "goal_quat_wxyz": issued}
        self._events.publish(ros.message_class("goal_event")(data=json.dumps(content)))

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        keeper = self._keeper
        counts = {"reached": keeper.reached, "failed": keeper.failed, "consecutive": keeper.consecutive}
        return "ok", f"{keeper.consecutive} in a row", loop_values(self.loop) | counts


def main() -> None:
    """Entry point."""
    ros.run(GoalNode, lambda node: node.loop.stop())


if __name__ == "__main__":
    main()
