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
from dexterity_ros.contracts.outputs import OUTPUTS
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import Sample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.ros.leader import Leader
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.guard import Workspace, invalid
from dexterity_ros.runtime.policy_pipeline import Tick, load_pipeline


@dataclass(frozen=True, kw_only=True)
class PolicyParameters:
    """Parameters of policy_node. workspace_radius_m: the object must stay this near the grasp centre.

    recovery: whether the policy may recover as it declares where it makes no progress. allow_unverified: an imported
    policy may run though not all is confirmed. time_scale: how fast /clock runs in a recording; 1 on a robot.
    """

    hand: str
    policy: str
    workspace_radius_m: float
    recovery: bool = True
    allow_unverified: bool = False
    time_scale: float = 1.0


class PolicyNode(Node):
    """Runs one bundle."""

    def __init__(self) -> None:
        super().__init__("policy_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, PolicyParameters)
        hand = load_hand(settings.hand)
        bundle: Path = resource(settings.policy)
        workspace = Workspace(centre_m=hand.grasp_centre_m, radius_m=settings.workspace_radius_m)
        allowed = {"recovery": settings.recovery, "unverified": settings.allow_unverified}
        self._pipeline = load_pipeline(bundle, hand, workspace=workspace, beside=True, **allowed)
        self._sources = self._pipeline.guard.sources
        self._reader = wire.SourceReaders(self._sources, hand.joint_names)
        self._inbox, self._sender = ros.Inbox(self, [source.name for source in self._sources]), ros.Sender()
        self._leader = Leader(self, self._pipeline)
        self._wanted_reset = self._reset = 0
        self._state = "waiting for inputs"
        self._faults: dict[str, int] = {}
        self._targets = ros.publisher(self, "joint_targets")
        self._ticks = ros.publisher(self, "policy_tick")
        self._states = ros.publisher(self, "policy_state")
        said = [(name, OUTPUTS[name].topic) for name in self._pipeline.manifest.output_names]
        self._said = {name: (topic, ros.publisher(self, topic)) for name, topic in said if topic is not None}
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
        if isinstance(result := self._step(now), Tick):
            self._publish(result)
            self._state = result.doing
        else:
            self._state, self._faults[result.code] = str(result), self._faults.get(result.code, 0) + 1
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
        fault = self._pipeline.guard.check_arrivals(self._inbox.ages_s())
        if fault is not None:
            return fault
        samples: dict[str, Sample] = {}
        for source in self._sources:
            try:
                samples[source.name] = self._reader.sample(source, self._inbox[source.name])
            except WireError as error:
                return invalid(source, str(error))
        return ObservationInputs(samples)

    def _publish(self, tick: Tick) -> None:
        names = self._pipeline.hand.joint_names
        target = ros.message_class("joint_targets")()
        target = wire.fill_joint_state(target, names, tick.inputs.oldest_ns, tick.target.pos_rad)
        target.header.frame_id = str(self._sender.origin(self._reset))
        self._targets.publish(target)
        for name, (topic, publisher) in self._said.items():
            publisher.publish(ros.message_class(topic)(data=float(tick.outputs[name][0])))
        self._ticks.publish(_multi_array(*wire.pack_tick(tick.record(self._reset))))

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        level = "ok" if self._state.startswith("acting") else "warn"
        return level, self._state, loop_values(self.loop) | {"faults": self._faults} | self._pipeline.figures()

    def close(self) -> None:
        """Ends the loop, then what runs beside it."""
        self.loop.stop()
        self._pipeline.close()


def _multi_array(layout: list[tuple[str, int]], data: "np.ndarray[Any, Any]") -> Any:
    message = ros.message_class("policy_tick")()
    message.layout.dim = [MultiArrayDimension(label=name, size=size, stride=1) for name, size in layout]
    message.data = data.tolist()
    return message


def main() -> None:
    """Entry point."""
    ros.run(PolicyNode, PolicyNode.close)


if __name__ == "__main__":
    main()
