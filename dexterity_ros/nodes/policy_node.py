"""Observes, infers and decodes once per control period; publishes joint targets and a record of every tick."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from std_msgs.msg import MultiArrayDimension

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import Fault, WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import bundle_id
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import ObservationInputs
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.ros.leader import Leader
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.guard import SOURCES, Workspace, check_arrivals, invalid
from dexterity_ros.runtime.policy_pipeline import Tick, load_pipeline


@dataclass(frozen=True, kw_only=True)
class PolicyParameters:
    """Parameters of policy_node. workspace_radius_m: the object must stay this near the grasp centre.

    time_scale: how fast /clock runs when it comes from a recording; 1 on a robot.
    """

    hand: str
    policy: str
    workspace_radius_m: float
    time_scale: float = 1.0


class PolicyNode(Node):
    """Runs one bundle."""

    def __init__(self) -> None:
        super().__init__("policy_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, PolicyParameters)
        hand = load_hand(settings.hand)
        bundle: Path = resource(settings.policy)
        workspace = Workspace(centre_m=hand.grasp_centre_m, radius_m=settings.workspace_radius_m)
        self._pipeline = load_pipeline(bundle, hand, workspace=workspace)
        self._reader = wire.JointReader(hand.joint_names)
        self._inbox, self._sender = ros.Inbox(self, SOURCES), ros.Sender()
        self._leader = Leader(self, self._pipeline)
        self._wanted_reset = self._reset = 0
        self._state = "waiting for inputs"
        self._faults: dict[str, int] = {}
        self._targets = ros.publisher(self, "joint_targets")
        self._ticks = ros.publisher(self, "policy_tick")
        self._states, self._sure = ros.publisher(self, "policy_state"), ros.publisher(self, "policy_reached")
        ros.subscribe(self, "policy_reset", lambda m: setattr(self, "_wanted_reset", wire.origin(m.data).number))
        self._last_now = 0
        self.loop = DeadlineLoop(
            round(self._pipeline.manifest.period_ns / settings.time_scale), self._cycle, on_death=ros.end_process
        )
        self._reporter = Reporter(self, f"{bundle.name}@{bundle_id(bundle)}", "loop", self._report)
        self.get_logger().info(f"policy {bundle.name} at {self._pipeline.manifest.control_rate_hz} Hz on {hand.name}")
        self.loop.start("policy")

    def _cycle(self) -> None:
        now = ros.now_ns(self)
        if now == self._last_now:  # a recording is paused: time stands still, and so does the policy
            return
        self._last_now = now
        if self._wanted_reset != self._reset:
            self._pipeline.reset()
            self._reset = self._wanted_reset
        result = self._step(now)
        if isinstance(result, Tick):
            self._publish(result, now)
            self._state = "acting: an operator leads" if result.led else "acting"
        else:
            self._state = str(result)
            self._faults[result.code] = self._faults.get(result.code, 0) + 1
        message = ros.message_class("policy_state")()
        message.data = self._state
        self._states.publish(message)

    def _step(self, now: int) -> Tick | Fault:
        inputs = self._inputs()
        if isinstance(inputs, Fault):
            return inputs
        led = self._leader.action(inputs)
        return led if isinstance(led, Fault) else self._pipeline.step(inputs, now, instead=led)

    def _inputs(self) -> ObservationInputs | Fault:
        if refused := ros.refused(self):
            return refused[0]
        fault = check_arrivals(self._pipeline.manifest, self._inbox.ages_s())
        if fault is not None:
            return fault
        readers = {"joint_states": self._reader.sample, "object_pose": wire.pose_sample, "goal": wire.goal_sample}
        samples: dict[str, Any] = {}
        for source, read in readers.items():
            try:
                samples[source] = read(self._inbox[source])
            except WireError as error:
                return invalid(source, str(error))
        return ObservationInputs(
            joints=samples["joint_states"], object_pose=samples["object_pose"], goal=samples["goal"]
        )

    def _publish(self, tick: Tick, now: int) -> None:
        names = self._pipeline.hand.joint_names
        oldest = min(tick.inputs.joints.stamp_ns, tick.inputs.object_pose.stamp_ns)
        target = wire.fill_joint_state(ros.message_class("joint_targets")(), names, oldest, tick.target.pos_rad)
        target.header.frame_id = str(self._sender.origin(self._reset))
        self._targets.publish(target)
        if tick.reached is not None:
            self._sure.publish(ros.message_class("policy_reached")(data=float(tick.reached)))
        record = wire.TickRecord(
            now_ns=now,
            reset=self._reset,
            inputs=tick.inputs,
            observation=tick.observation,
            raw_action=tick.raw_action,
            target=tick.target,
            led=tick.led,
        )
        self._ticks.publish(_multi_array(*wire.pack_tick(record)))

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        level = "ok" if self._state.startswith("acting") else "warn"
        return level, self._state, loop_values(self.loop) | {"faults": self._faults}


def _multi_array(layout: list[tuple[str, int]], data: "np.ndarray[Any, Any]") -> Any:
    message = ros.message_class("policy_tick")()
    message.layout.dim = [MultiArrayDimension(label=name, size=size, stride=1) for name, size in layout]
    message.data = data.tolist()
    return message


def main() -> None:
    """Entry point."""
    ros.run(PolicyNode, lambda node: node.loop.stop())


if __name__ == "__main__":
    main()
