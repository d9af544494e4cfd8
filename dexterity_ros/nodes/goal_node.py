"""Issues goals while the hand can follow them, repeats them, and judges them by the estimated pose."""

import json
from dataclasses import asdict, replace
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.samples import GoalSample
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.safety.supervisor import State
from dexterity_ros.tasks.goal_keeper import GoalEvent, GoalKeeper
from dexterity_ros.tasks.goal_parameters import GoalParameters

_POSE_MAX_AGE_S = TOPICS["object_pose"].max_age_s or 0.0
_CALL_MAX_AGE_S = TOPICS["policy_reached"].max_age_s or 0.0


class GoalNode(Node):
    """A trial starts when the hand is armed and in its start pose, and ends at a failed goal or a disarm.

    After a failed goal nothing is wanted (so the hand holds) until the hand has been disarmed and armed again.
    """

    def __init__(self) -> None:
        super().__init__("goal_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, GoalParameters)
        hand = load_hand(settings.hand)
        task = settings.task_spec()
        strict = replace(task, success_rad=task.success_rad - settings.margin_rad)
        by_policy = settings.reached_by == "policy"
        self._keeper = GoalKeeper(strict, hand.grasp_centre_m, seed=settings.seed, by_policy=by_policy)
        self._sure, self._said_ns = 0.0, 0
        self._pose: Any = None
        self._armed = self._ready = self._tried = False
        self._goals = ros.publisher(self, "goal")
        self._events = ros.publisher(self, "goal_event")
        ros.subscribe(self, "object_pose", lambda m: setattr(self, "_pose", m))
        ros.subscribe(self, "policy_reached", self._on_reached)
        ros.subscribe(self, "supervisor", self._on_supervisor)
        ros.subscribe(self, "hand_state", self._on_hand)
        self.loop = DeadlineLoop(round(1e9 / TOPICS["goal"].rate_hz), self._cycle)
        self._reporter = Reporter(self, settings.task, "goals", self._report)
        self.loop.start("goals")

    def _on_reached(self, message: Any) -> None:
        self._sure, self._said_ns = message.data, ros.now_ns(self)

    def _on_supervisor(self, message: Any) -> None:
        self._armed = message.data.startswith((State.ARMED.value, State.HOLD.value))

    def _on_hand(self, message: Any) -> None:
        self._ready = message.data.startswith(("following", "holding"))

    def _cycle(self) -> None:
        now = ros.now_ns(self)
        if not (self._armed and self._ready):
            self._keeper.end_trial()
            self._tried = False
            return
        if self._pose is None:
            return
        pose = wire.pose_sample(self._pose)
        known = (now - pose.stamp_ns) * 1e-9 <= _POSE_MAX_AGE_S
        sure = self._sure if (now - self._said_ns) * 1e-9 <= _CALL_MAX_AGE_S else 0.0
        if self._tried:
            for event in self._keeper.step(pose if known else None, now, sure=sure):
                self._announce(event, now)
        elif known:
            self._tried = True
            self._announce(self._keeper.start_trial(pose, now), now)
        if self._keeper.goal is not None:
            goal = GoalSample(stamp_ns=now, quat_wxyz=self._keeper.goal)
            self._goals.publish(wire.fill_goal(ros.message_class("goal")(), goal))

    def _announce(self, event: GoalEvent, now: int) -> None:
        goal = None if self._keeper.goal is None else self._keeper.goal.tolist()
        content = asdict(event) | {"stamp_ns": now, "goal_quat_wxyz": goal if event.event == "issued" else None}
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
