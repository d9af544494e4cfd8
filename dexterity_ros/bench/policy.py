"""One tick of a policy's pipeline, and its network alone."""

import numpy as np

from dexterity_ros.bench.timing import Timing
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

_REPEATS = 2000


def bench_policy() -> dict[str, dict[str, float]]:
    """Returns {tick, network: figures of one call}, of models/policies/leap_yaw."""
    hand = load_hand("leap")
    manifest, network = load_policy(shipped("models/policies/leap_yaw"))
    pipeline = PolicyPipeline(manifest, network, hand)
    inputs = _inputs(hand, manifest)
    seen = {name: np.zeros((1, *shape), dtype=np.float32) for name, shape in manifest.inputs.items()}
    nothing = np.zeros((1, manifest.state_width), dtype=np.float32)
    tick, alone = Timing(), Timing()
    for _ in range(_REPEATS):
        tick.run(lambda: pipeline.step(inputs, 0))
    for _ in range(_REPEATS):
        alone.run(lambda: network(seen, nothing))
    return {"tick": tick.row(), "network": alone.row()}


def _inputs(hand: HandSpec, manifest: PolicyManifest) -> ObservationInputs:
    """Returns a hand that stands at the policy's start with the object in its middle."""
    still = np.array([1.0, 0.0, 0.0, 0.0])
    return ObservationInputs.of(
        joint_states=JointSample(stamp_ns=0, pos_rad=manifest.start_pos, vel_rad_s=np.zeros(len(hand.joints))),
        object_pose=PoseSample(stamp_ns=0, pos_m=np.array(hand.grasp_centre_m), quat_wxyz=still),
        goal=GoalSample(stamp_ns=0, quat_wxyz=still),
    )
