"""A policy that counts in its own way moves our hand like one that counts as we do; unverified ones need leave."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import load_manifest, save_manifest
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, load_pipeline

HAND = load_hand("leap")
N = len(HAND.joints)
BUNDLE = shipped("models/policies/leap_so3")
OF_JOINTS = ("joint_pos", "joint_vel", "joint_error", "last_action")


def inputs(tick: int) -> ObservationInputs:
    rng = np.random.default_rng(tick)
    stamp = np.int64(1_000_000_000 + tick * 50_000_000)
    return ObservationInputs.of(
        joint_states=JointSample(
            stamp_ns=stamp, pos_rad=np.array(HAND.home_pos_rad) + 0.1 * rng.normal(size=N), vel_rad_s=rng.normal(size=N)
        ),
        object_pose=PoseSample(stamp_ns=stamp, pos_m=np.array(HAND.grasp_centre_m), quat_wxyz=np.array([1.0, 0, 0, 0])),
        goal=GoalSample(stamp_ns=stamp, quat_wxyz=np.array([0.0, 1.0, 0, 0])),
    )


class Elsewhere:
    """The shipped network, asked and answering in another order and sign of joints."""

    state_width = 0

    def __init__(self, manifest, network, order, sign):
        self._network, self._slices = network, manifest.observation.slices
        self._order, self._sign, self._back = order, sign, np.argsort(order)

    def __call__(self, seen, state):
        vector = seen[VECTOR].copy()
        for name in OF_JOINTS:
            part = vector[:, self._slices[name]] * self._sign
            vector[:, self._slices[name]] = part[:, self._back]
        outputs, after = self._network({VECTOR: vector.astype(np.float32)}, state)
        return {ACTION.name: (outputs[ACTION.name][:, self._order] * self._sign).astype(np.float32)}, after


def test_a_policy_of_another_order_and_sign_commands_the_same():
    manifest, network = load_policy(BUNDLE)
    rng = np.random.default_rng(0)
    order, sign = rng.permutation(N), rng.choice([-1.0, 1.0], size=N)
    convention = Convention(
        joint_order=tuple(HAND.joint_names[k] for k in order), sign=tuple(sign), zero_rad=(0.0,) * N,
        base_pos_m=(0.0, 0.0, 0.0), base_quat_wxyz=(1.0, 0.0, 0.0, 0.0),
    )  # fmt: skip
    ours = PolicyPipeline(manifest, network, HAND)
    theirs = PolicyPipeline(replace(manifest, convention=convention), Elsewhere(manifest, network, order, sign), HAND)
    for tick in range(5):
        now_ns = int(inputs(tick).oldest_ns) + 1_000_000
        a, b = (p.step(inputs(tick), now_ns) for p in (ours, theirs))
        np.testing.assert_allclose(a.target.pos_rad, b.target.pos_rad, atol=1e-6)
        ours.overrule(a.target.pos_rad), theirs.overrule(a.target.pos_rad)


def test_an_unverified_bundle_runs_only_where_that_is_allowed(tmp_path):
    manifest = load_manifest(BUNDLE)
    for name in ("policy.onnx", "golden_io.npz"):
        (tmp_path / name).write_bytes((BUNDLE / name).read_bytes())
    marked = replace(manifest, unverified=("latency_s",))
    save_manifest(marked, tmp_path)
    assert load_pipeline(tmp_path, HAND).manifest.unverified == ("latency_s",)
    with pytest.raises(BundleError, match=r"unverified in \['latency_s'\].*allow_unverified:=true"):
        load_pipeline(tmp_path, HAND, unverified=False)
    assert load_pipeline(BUNDLE, HAND, unverified=False)
