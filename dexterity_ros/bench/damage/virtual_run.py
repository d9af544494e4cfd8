"""A short run with images in virtual time: policy, gate and eyes are the robot's, the hand is where it has to be."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.bench.perception import demo_cloud
from dexterity_ros.bench.run_writer import BEGIN_NS, READ_NS, RunWriter
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.frames import quat_normalise, rotvec_to_quat
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.object import SHIPPED_OBJECT
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import GoalSample, JointSample, JointTarget, PoseSample
from dexterity_ros.contracts.sources import GOAL, OBJECT_POSE, ObservationInputs
from dexterity_ros.estimation.object_estimator import Estimate
from dexterity_ros.recording import messages
from dexterity_ros.runtime.object_pipeline import ObjectPipeline
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, load_pipeline
from dexterity_ros.safety.gate import Gate, Permit
from dexterity_ros.safety.limits import Tightening, gate_limits
from dexterity_ros.sim.rendered_view import STEREO, RenderedView

POLICY, _OBJECT, _CAMERA = "models/policies/leap_yaw", SHIPPED_OBJECT, "demo"
_CYCLE_NS, _TICK, _IMAGE = 10_000_000, 5, 20  # of the hand; cycles per tick of the policy and per image
_WIDTH = 160  # pixels
_SENT_NS = 2_000_000  # how much later a message is received than it was decided


def write_run(folder: Path, seconds: float, *, max_file_bytes: int = 512 * 1024 * 1024) -> None:
    """Writes the run as a bag. It is repeated bit by bit by `replay`, images included."""
    _Run(folder, max_file_bytes).record(round(seconds * 1e9) // _CYCLE_NS)


class _Run:
    def __init__(self, folder: Path, max_file_bytes: int) -> None:
        self._hand = load_hand("leap")
        self._pipeline: PolicyPipeline = load_pipeline(resource(POLICY), self._hand)
        hand, names = self._hand.name, self._hand.joint_names
        self._bag = RunWriter(folder, hand, names, POLICY, _started(), max_file_bytes=max_file_bytes)
        camera = load_camera(_CAMERA).scaled(_WIDTH)
        self._view = RenderedView(self._hand, _OBJECT, camera, STEREO, seed=0)
        self._eyes = ObjectPipeline(self._hand, camera, _OBJECT, demo_cloud())
        self._limits = gate_limits(self._hand, self._pipeline.manifest, Tightening())
        self._rng = np.random.default_rng(0)
        self._joints = JointSample(stamp_ns=0, pos_rad=self._pipeline.manifest.start_pos, vel_rad_s=np.zeros(16))
        self._pose = PoseSample(stamp_ns=0, pos_m=np.zeros(3), quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0]))
        self._goal = GoalSample(stamp_ns=0, quat_wxyz=rotvec_to_quat(np.array([0.0, 0.0, 0.8])))
        self._target: JointTarget | None = None

    def record(self, cycles: int) -> None:
        """Runs and writes."""
        gate = Gate(self._limits, self._joints.pos_rad, BEGIN_NS)
        self._bag.text("policy_reset", BEGIN_NS, "1")
        self._bag.text("hand_state", BEGIN_NS, "following")
        goal = {"event": "issued", "stamp_ns": BEGIN_NS, "angle_rad": 0.8, "trial": 0, "index": 0}
        self._bag.text("goal_event", BEGIN_NS, json.dumps(goal | {"goal_quat_wxyz": self._goal.quat_wxyz.tolist()}))
        for cycle in range(1, cycles):
            now = BEGIN_NS + cycle * _CYCLE_NS
            self._measure(now, gate.last_rad, cycle)
            if cycle % _TICK == 0:
                self._tick(now)
            gate.step(self._target, Permit(armed=True, heartbeat_ns=now), now)
            self._bag.joints("gated_targets", now, gate.last_rad)
            self._bag.text("supervisor", now, "armed")
        self._bag.close()

    def _measure(self, now: int, pos_rad: Floats, cycle: int) -> None:
        speed = (pos_rad - self._joints.pos_rad) / (_CYCLE_NS * 1e-9)
        self._joints = JointSample(stamp_ns=now, pos_rad=pos_rad, vel_rad_s=speed)
        self._bag.joints("joint_states", now, pos_rad, speed)
        truth = self._true_pose(now)
        if cycle % _IMAGE == 0:
            self._see(now, truth)
        else:
            noise = self._rng.normal(scale=5e-4, size=3)
            self._publish_pose(dataclasses.replace(truth, pos_m=truth.pos_m + noise), now + READ_NS)

    def _true_pose(self, now: int) -> PoseSample:
        swing = np.sin(2.0 * (now - BEGIN_NS) * 1e-9)
        position = np.array(self._hand.grasp_centre_m) + np.array([0.0, 0.003 * swing, 0.02])
        turn = quat_normalise(rotvec_to_quat(np.array([0.0, 0.0, 0.3 * swing])))
        return PoseSample(stamp_ns=now, pos_m=position, quat_wxyz=turn)

    def _see(self, now: int, truth: PoseSample) -> None:
        """The camera's images, and the pose that the eyes make of them."""
        image = self._view.render(self._joints.pos_rad, truth)
        self._bag.message("colour", now + READ_NS, messages.image_message(now, "rgb8", image.rgb))
        self._bag.message("depth", now + READ_NS, messages.image_message(now, "16UC1", image.depth_mm))
        result: Estimate | Fault | None = Fault(code=FaultCode.DEPTH_INVALID, detail="no message on camera_info yet")
        joints_ns = 0
        if now > BEGIN_NS + _IMAGE * _CYCLE_NS:  # the first image comes before the camera is known
            seen = self._eyes.step(image, self._joints)
            result, joints_ns = seen.result, seen.joints_ns
        basis = result.basis if isinstance(result, Estimate) else str(result)
        said = {"stamp_ns": now, "basis": basis, "joints_ns": joints_ns}
        self._bag.text("pose_basis", now + _SENT_NS, json.dumps(said))
        if isinstance(result, Estimate):
            self._publish_pose(result.track.pose, now + _SENT_NS)

    def _publish_pose(self, pose: PoseSample, received_ns: int) -> None:
        self._pose = pose
        self._bag.message("object_pose", received_ns, messages.sample_message(OBJECT_POSE, pose))

    def _tick(self, now: int) -> None:
        self._goal = dataclasses.replace(self._goal, stamp_ns=now)
        self._bag.message("goal", now + READ_NS, messages.sample_message(GOAL, self._goal))
        inputs = ObservationInputs.of(joint_states=self._joints, object_pose=self._pose, goal=self._goal)
        decided = now + _SENT_NS
        result = self._pipeline.step(inputs, decided)
        if isinstance(result, Fault):
            raise RuntimeError(f"the run of the benchmark is none: {result}")
        oldest = inputs.oldest_ns
        self._target = JointTarget(stamp_ns=oldest, pos_rad=result.target.pos_rad)
        self._bag.message("policy_tick", decided, messages.tick_message(result.record(reset=1)))
        self._bag.joints("joint_targets", oldest, result.target.pos_rad, frame="1", received_ns=decided)
        self._bag.text("policy_state", decided, "acting")


def _started() -> dict[str, dict[str, Any]]:
    eyes = dataclasses.asdict(demo_cloud()) | {"hand": "leap", "object": _OBJECT, "camera": _CAMERA}
    return {"pose_node": eyes, "sim_camera_node": {"rate_hz": 100.0}}
