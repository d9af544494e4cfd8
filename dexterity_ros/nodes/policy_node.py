"""Observes, infers and decodes once per control period; publishes joint targets and a record of every tick."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import Fault, WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import bundle_id
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import JointTarget, Sample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.ros.leader import Leader
from dexterity_ros.ros.policy_topics import PolicyTopics
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.guard import Workspace, invalid
from dexterity_ros.runtime.policy_pipeline import Tick, load_pipeline
from dexterity_ros.runtime.unfamiliar import Reaction, Unfamiliar


@dataclass(frozen=True, kw_only=True)
class PolicyParameters:
    """Parameters of policy_node. workspace_radius_m: the object must stay this near the grasp centre.

    recovery: whether the policy may recover as it declares where it makes no progress. allow_unverified: an imported
    policy may run though not all is confirmed. time_scale: how fast /clock runs in a recording; 1 on a robot.
    outside_training: what happens while most of what it sees was not seen in training.
    """

    hand: str
    policy: str
    workspace_radius_m: float
    recovery: bool = True
    allow_unverified: bool = False
    time_scale: float = 1.0
    outside_training: Reaction = "warn"


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
        self._inbox = ros.Inbox(self, [source.name for source in self._sources])
        self._leader, self._unfamiliar = (
            Leader(self, self._pipeline),
            Unfamiliar(self._pipeline, settings.outside_training),
        )
        self._wanted_reset = self._reset = 0
        self._state = "waiting for inputs"
        self._faults: dict[str, int] = {}
        self._topics = PolicyTopics(self, hand.joint_names, self._pipeline.manifest.output_names)
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
        self._topics.state(self._done(self._step(now)))

    def _done(self, result: Tick | JointTarget | Fault) -> str:
        """Publishes what came of a cycle; returns and keeps what people are told."""
        fault = result if isinstance(result, Fault) else self._unfamiliar.fault
        if fault is not None:
            self._faults[fault.code] = self._faults.get(fault.code, 0) + 1
        if isinstance(result, Tick):
            self._topics.tick(result, self._reset)
            self._state = result.doing if fault is None else f"{result.doing}: {fault}"
        elif isinstance(result, JointTarget):
            self._topics.target(result, self._reset)
            self._state = f"easing: {fault}"
        else:
            self._state = str(fault)
        return self._state

    def _step(self, now: int) -> Tick | JointTarget | Fault:
        inputs = self._inputs()
        if isinstance(inputs, Fault):
            return inputs
        led = self._leader.action(inputs)
        if isinstance(led, Fault):
            return led
        if self._unfamiliar.holds:
            held = self._unfamiliar.held(inputs, self._reset, now, led=led is not None)
            if held is not None:
                return held
        tick = self._pipeline.step(inputs, now, instead=led)
        return tick if isinstance(tick, Fault) else self._unfamiliar.step(tick, self._reset) or tick

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

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        level = "ok" if self._state.startswith("acting") and self._unfamiliar.fault is None else "warn"
        figures = self._pipeline.figures() | self._unfamiliar.figures()
        return level, self._state, loop_values(self.loop) | {"faults": self._faults} | figures

    def close(self) -> None:
        """Ends the loop, then what runs beside it."""
        self.loop.stop()
        self._pipeline.close()


def main() -> None:
    """Entry point."""
    ros.run(PolicyNode, PolicyNode.close)


if __name__ == "__main__":
    main()
