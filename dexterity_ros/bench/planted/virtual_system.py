"""Policy, goals, supervisor and hand in one thread and virtual time, recorded as a robot records itself."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros import wire
from dexterity_ros.bench.planted.trouble import POLICY, POSE, Trouble
from dexterity_ros.bench.planted.virtual_hand import VirtualHand
from dexterity_ros.bench.run_writer import READ_NS, RunWriter
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.hand import WORKSPACE_M
from dexterity_ros.contracts.object import SHIPPED_OBJECT
from dexterity_ros.contracts.ports import NetworkPort, Ports
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.contracts.samples import GoalSample, JointSample, JointTarget, PoseSample, Sample
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, ObservationInputs, Source
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.drivers.emulated.plants import planted_pose, read_plant
from dexterity_ros.recording import messages
from dexterity_ros.recording.types import blank
from dexterity_ros.runtime.guard import Workspace, usable
from dexterity_ros.runtime.hand_tick import NumberedTarget
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.runtime.supervision import Supervision
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.limits import gate_limits
from dexterity_ros.safety.supervisor import Request, State, watch_limits
from dexterity_ros.sim.pose_feed import PoseFeed
from dexterity_ros.sim.realtime import RealtimeHand
from dexterity_ros.sim.scene import PhysicsConfig
from dexterity_ros.tasks.goal_keeper import GoalEvent, GoalKeeper
from dexterity_ros.tasks.goal_parameters import GoalParameters

_CYCLE_NS = 10_000_000  # of the hand
_HEARTBEAT, _TICK, _REPORT = 2, 5, 100  # cycles of the hand per cycle of supervisor, policy and goals, diagnostics
_PREPARE_S, _ARM_S = 0.5, 0.6
_WATCHED = ("joint_states", "object_pose", "policy_state")
_STARTS = 16  # grasps that a run may begin in


class VirtualSystem:
    """Everything that `dexterity demo` starts, without ROS. Messages arrive at once, or not at all."""

    def __init__(self, trouble: Trouble, folder: Path, seed: int) -> None:
        """Raises ConfigError, BundleError."""
        self.trouble, self.rng = trouble, np.random.default_rng([seed, 3])
        hand = load_robot_hand("leap")
        self.numb = Numb(*load_policy(resource(POLICY)))
        manifest = self.numb.manifest
        workspace = Workspace(centre_m=hand.grasp_centre_m, radius_m=WORKSPACE_M)
        self._policy = PolicyPipeline(manifest, self.numb, hand, workspace=workspace)
        self.sim = RealtimeHand(
            hand, SHIPPED_OBJECT, PhysicsConfig(timestep_s=0.005, substeps=2), pool=_STARTS, seed=seed
        )
        self._plant = read_plant(trouble.plant, hand)
        limits = gate_limits(hand, manifest, trouble.tightening)
        self.hand = VirtualHand(hand, self.sim, limits, manifest.start_pos, self._plant, seed)
        self.feed = PoseFeed(POSE, seed)
        self._supervision = Supervision(hand, watch_limits(_WATCHED))
        told = GoalParameters(hand="leap", task="yaw", seed=seed, margin_rad=0.02, goal_min_rad=0.8, goal_max_rad=1.2)
        self._keeper = GoalKeeper(told.task_spec(), hand.grasp_centre_m, seed=seed)
        self._bag = RunWriter(folder, hand.name, hand.joint_names, POLICY, _started(trouble, told))
        self.goals_go_on, self._tried = True, False
        self._samples: dict[str, Sample] = {}
        self._heard_ns: dict[str, int] = {}
        self._permit = Permit(armed=False, heartbeat_ns=None)
        self._target: NumberedTarget | None = None
        self._policy_reset = 0
        self._began_ns = self.hand.now_ns()

    def run(self, seconds: float) -> None:
        """Runs, and ends the bag."""
        cycle = 0
        while self.elapsed_s < seconds:
            cycle = max(cycle + 1, (self.hand.now_ns() - self._began_ns) // _CYCLE_NS)
            self.hand.sleep_until(self._began_ns + cycle * _CYCLE_NS)
            if self.trouble.happens is not None and self.elapsed_s >= self.trouble.at_s:
                self.trouble.happens(self, self.elapsed_s - self.trouble.at_s)
            self._cycle(cycle)
        self._bag.close()

    @property
    def failed(self) -> int:
        """How many goals were not reached in time, or dropped."""
        return self._keeper.failed

    @property
    def elapsed_s(self) -> float:
        """Since the run began."""
        return (self.hand.now_ns() - self._began_ns) * 1e-9

    def _cycle(self, cycle: int) -> None:
        self._see()
        state = self.hand.cycle(self._target, self._permit, self._bag, self._measured)
        self._supervision.hear_hand(state)
        if cycle % _HEARTBEAT == 0:
            self._supervise()
        if cycle % _TICK == 0:
            self._judge(state)
            self._decide()
        if cycle % _REPORT == 0:
            self.hand.report(self._bag)

    def _see(self) -> None:
        now = self.hand.now_ns()
        truth = self.sim.object_pose(now)
        message = wire.fill_pose(blank(TOPICS["sim_object_pose"].message), truth)
        self._bag.message("sim_object_pose", now + READ_NS, message)
        for pose in self.feed.step(planted_pose(self._plant, truth), now):
            self._hear(OBJECT_POSE, pose)

    def _measured(self, joints: JointSample) -> None:
        self._hear(JOINTS, joints)

    def _hear(self, source: Source[Any], sample: Sample) -> None:
        """Publishes a sample to everybody, unless it gets lost."""
        if self.rng.random() < self.trouble.lost_share:
            return
        now = self.hand.now_ns()
        message = messages.sample_message(source, sample, self._policy.hand.joint_names)
        self._bag.message(source.name, now, message)
        self._samples[source.name], self._heard_ns[source.name] = sample, now
        if source.name in _WATCHED:
            self._supervision.hear(source.name, message, now)

    def _supervise(self) -> None:
        now, supervision = self.hand.now_ns(), self._supervision
        for request, at_s in ((Request.PREPARE, _PREPARE_S), (Request.ARM, _ARM_S)):
            if 0.0 <= self.elapsed_s - at_s < _HEARTBEAT * _CYCLE_NS * 1e-9:
                supervision.request(request, now, "inactive", ())
        verdict = supervision.step((), now)
        self._bag.text("supervisor", now, str(verdict))
        state = verdict.state
        self._permit = Permit(
            armed=state is State.ARMED,
            disarmed=state in (State.DISARMED, State.READY),
            stopped=state is State.STOPPED,
            heartbeat_ns=now,
        )
        if supervision.wanted(now) == "active" and not self.hand.control.powered:
            self.hand.control.activate(self._permit, now)

    def _judge(self, hand_state: str) -> None:
        """What goal_node does in a cycle."""
        now, armed = self.hand.now_ns(), self._supervision.verdict.torque
        if not (armed and hand_state.startswith(("following", "holding")) and self.goals_go_on):
            return
        pose = self._known_pose(now)
        if self._tried:
            for event in self._keeper.step(pose, now):
                self._announce(event, now)
        elif pose is not None:
            self._tried = True
            self._announce(self._keeper.start_trial(pose, now), now)
        if self._keeper.goal is not None:
            self._hear(GOAL, GoalSample(stamp_ns=now, quat_wxyz=self._keeper.goal))

    def _known_pose(self, now: int) -> PoseSample | None:
        pose = self._samples.get(OBJECT_POSE.name)
        limit_s = TOPICS["object_pose"].max_age_s or 0.0
        return pose if isinstance(pose, PoseSample) and usable(OBJECT_POSE, pose, now, limit_s) else None

    def _announce(self, event: GoalEvent, now: int) -> None:
        goal = None if self._keeper.goal is None else self._keeper.goal.tolist()
        issued = goal if event.event == "issued" else None
        self._bag.text("goal_event", now, json.dumps(asdict(event) | {"stamp_ns": now, "goal_quat_wxyz": issued}))

    def _decide(self) -> None:
        """What policy_node does in a tick."""
        if self.hand.reset != self._policy_reset:
            self._policy.reset()
            self._policy_reset = self.hand.reset
        now = self.hand.now_ns()
        ages_s = {source.name: self._age_s(source.name, now) for source in self._policy.guard.sources}
        result = self._policy.guard.check_arrivals(ages_s) or self._policy.step(ObservationInputs(self._samples), now)
        if isinstance(result, Fault):
            self._say(str(result), now)
            return
        target = JointTarget(stamp_ns=result.inputs.oldest_ns, pos_rad=result.target.pos_rad)
        self._target = NumberedTarget(reset=self._policy_reset, target=target)
        frame = str(self._policy_reset)
        self._bag.joints("joint_targets", target.stamp_ns, target.pos_rad, frame=frame, received_ns=now + READ_NS)
        self._bag.message("policy_tick", now + READ_NS, messages.tick_message(result.record(self._policy_reset)))
        self._say(result.doing, now)

    def _age_s(self, name: str, now: int) -> float | None:
        return (now - self._heard_ns[name]) * 1e-9 if name in self._heard_ns else None

    def _say(self, doing: str, now: int) -> None:
        self._bag.text("policy_state", now + READ_NS, doing)
        self._supervision.hear("policy_state", doing, now)


class Numb:
    """A policy's network that can be made to say nothing."""

    def __init__(self, manifest: Any, network: NetworkPort) -> None:
        self.manifest, self._network, self.numb = manifest, network, False

    @property
    def state_width(self) -> int:
        """Length of the state."""
        return self._network.state_width

    def __call__(self, seen: Ports, state: Any) -> tuple[Ports, Any]:
        """Returns (outputs, the next state); zeros while it is numb."""
        outputs, after = self._network(seen, state)
        return {name: np.zeros_like(values) if self.numb else values for name, values in outputs.items()}, after


def _started(trouble: Trouble, goals: GoalParameters) -> dict[str, dict[str, Any]]:
    tightened = {key: value for key, value in asdict(trouble.tightening).items() if value is not None}
    return {
        "sim_node": {"object": SHIPPED_OBJECT, "plant": "", "pose_rate_hz": TOPICS["object_pose"].rate_hz},
        "hand_node": {"hand": "leap", "policy": POLICY, "hardware": "dynamixel", "shadow": False} | tightened,
        "policy_node": {"hand": "leap", "policy": POLICY, "workspace_radius_m": WORKSPACE_M},
        "goal_node": asdict(goals),
        "safety_node": {"hand": "leap", "watch": list(_WATCHED)},
    }
