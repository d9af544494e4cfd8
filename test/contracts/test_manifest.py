"""A manifest that contradicts itself or the hand is refused with both sides of the contradiction."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.chunk import ChunkSpec
from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.manifest import PolicyManifest, TermRange, bundle_id, load_manifest, save_manifest
from dexterity_ros.contracts.motor import MotorCeilings, load_ceilings
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.resources import resource

CHUNK = ChunkSpec(horizon=8, executed=4, blend="prefix", noise_width=3)


@pytest.fixture
def manifest(bundle) -> PolicyManifest:
    return load_manifest(bundle)


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "copy")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ((0.0,), (1.0, 1.0), "low has 1 numbers, high 2"),
        ((0.0, 2.0), (1.0, 1.0), r"low\[1\] is 2.0, above high\[1\] 1.0"),
    ],
)
def test_a_range_that_holds_nothing_is_refused(low, high, said):
    with pytest.raises(ConfigError, match=said):
        TermRange(low=low, high=high)


def test_a_range_of_one_value_is_one():
    assert TermRange(low=(1.0,), high=(1.0,)).low == (1.0,)


@pytest.mark.parametrize("name", ["stiffness_nm_rad", "damping_nm_s_rad", "start_pos_rad"])
def test_each_joint_has_its_numbers(manifest, name):
    with pytest.raises(ConfigError, match=f"{name} has 2 numbers, expected 16: one per joint"):
        replace(manifest, **{name: (0.5, 0.5)})


def test_each_vector_has_a_training_range_of_its_width(manifest):
    name = manifest.observation.vectors[0].name
    ranges = dict(manifest.training_range) | {name: TermRange(low=(0.0,), high=(1.0,))}
    with pytest.raises(
        ConfigError, match=rf"training_range has the widths .*'{name}': 1.*, the vectors of observation"
    ):
        replace(manifest, training_range=ranges)
    ranges.pop(name)
    with pytest.raises(ConfigError, match="training_range has the widths"):
        replace(manifest, training_range=ranges)


@pytest.mark.parametrize(("kind", "width"), [("step", 4), ("recurrent", 0)])
def test_only_a_recurrent_policy_has_a_state(manifest, kind, width):
    with pytest.raises(BundleError, match=f"is of kind {kind} and has a state of {width}"):
        replace(manifest, kind=kind, state_width=width)
    assert replace(manifest, kind="recurrent", state_width=4).state_width == 4


def test_a_policy_says_chunks_exactly_where_its_manifest_says_how_they_are_done(manifest):
    with pytest.raises(BundleError, match=f"policy {manifest.name} is of kind chunk and its manifest has no chunk"):
        replace(manifest, kind="chunk")
    with pytest.raises(BundleError, match=f"policy {manifest.name} is of kind step and its manifest has a chunk"):
        replace(manifest, chunk=CHUNK)


def test_a_policy_that_says_chunks_says_nothing_besides(manifest):
    said = f"policy {manifest.name} says chunks and has the outputs ['action', 'reached'] besides"
    with pytest.raises(BundleError, match=re.escape(said)):
        replace(manifest, format=2, kind="chunk", chunk=CHUNK, outputs=("reached",))


def test_the_network_of_a_chunk_says_all_its_actions_and_takes_what_the_chunk_needs(manifest):
    chunked = replace(manifest, kind="chunk", chunk=CHUNK)
    assert chunked.said == {"chunk": (8, 16)}
    own = {"noise": (3,), "prefix": (8, 16), "prefix_weight": (8,)}
    assert chunked.inputs == {"observation": (88,)} | own
    assert manifest.inputs == {"observation": (88,)}


def test_the_network_of_a_step_says_an_action_and_its_outputs_in_their_order(manifest):
    assert manifest.said == {"action": (16,)}
    further = replace(manifest, format=2, outputs=("distance", "reached"))
    assert list(further.said.items()) == [("action", (16,)), ("distance", (1,)), ("reached", (1,))]
    assert replace(manifest, stop_head=True).said == {"action": (16,), "reached": (1,)}


def test_a_convention_counts_the_joints_of_its_policy(manifest):
    names = manifest.joint_names[::-1]
    own = Convention(
        joint_order=names,
        sign=(1.0,) * 16,
        zero_rad=(0.0,) * 16,
        base_pos_m=(0.0, 0.0, 0.0),
        base_quat_wxyz=(1.0, 0.0, 0.0, 0.0),
    )
    assert replace(manifest, convention=own).convention == own
    with pytest.raises(BundleError, match=r"convention.joint_order is \['elbow', .*expected each of .*'if_mcp'"):
        replace(manifest, convention=replace(own, joint_order=("elbow", *names[1:])))


def test_the_shortest_latency_comes_first(manifest):
    with pytest.raises(ConfigError, match=r"latency_s is \[0.1, 0.0\], expected the shortest first"):
        replace(manifest, latency_s=(0.1, 0.0))


def test_the_period_is_that_of_the_rate(manifest):
    assert replace(manifest, control_rate_hz=20.0).period_ns == 50_000_000
    assert replace(manifest, control_rate_hz=30.0).period_ns == 33_333_333


def test_a_policy_fits_its_hand_and_no_other(manifest, leap):
    manifest.check_hand(leap)
    with pytest.raises(BundleError, match="was trained for the hand claw, this is leap"):
        replace(manifest, hand="claw").check_hand(leap)
    with pytest.raises(BundleError, match=r"digest 000000000000, the hand leap has .*names, limits or MJCF differ"):
        replace(manifest, hand_digest="0" * 64).check_hand(leap)
    with pytest.raises(BundleError, match=r"commands the joints .*\(order counts\)"):
        replace(manifest, joint_names=manifest.joint_names[::-1]).check_hand(leap)
    with pytest.raises(BundleError, match="needs 9.0 A, the hand leap allows 0.55 A"):
        replace(manifest, current_limit_a=9.0).check_hand(leap)


def test_a_start_pose_that_the_hand_cannot_take_is_refused(manifest, leap):
    start = (3.0, *manifest.start_pos_rad[1:])
    np.testing.assert_array_equal(replace(manifest, start_pos_rad=start).start_pos, start)
    with pytest.raises(ConfigError, match=f"start_pos_rad of policy {manifest.name} of {leap.joint_names[0]} is 3.0"):
        replace(manifest, start_pos_rad=start).check_hand(leap)


def test_a_folder_that_is_no_bundle_says_what_is_missing_and_what_is_there(copy, tmp_path):
    with pytest.raises(BundleError, match=r"manifest.yaml is missing \(there: 'no such directory'\)"):
        load_manifest(tmp_path / "nowhere")
    (copy / "golden_io.npz").unlink()
    with pytest.raises(BundleError, match=r"golden_io.npz is missing \(there: .*policy.onnx"):
        load_manifest(copy)


@pytest.mark.parametrize("name", ["policy.onnx", "golden_io.npz"])
def test_a_file_that_was_changed_is_refused(copy, name):
    (copy / name).write_bytes(b"other")
    with pytest.raises(BundleError, match=rf"{name} has SHA-256 d9298a10d1b0, the manifest says .*: it was changed"):
        load_manifest(copy)


def test_what_is_saved_is_what_is_loaded_and_only_the_results_do_not_count(copy, bundle, manifest):
    save_manifest(replace(manifest, results={"note": "again"}), copy)
    assert load_manifest(copy).results == {"note": "again"}
    assert bundle_id(copy) == bundle_id(bundle)
    save_manifest(replace(manifest, current_limit_a=0.1), copy)
    assert bundle_id(copy) != bundle_id(bundle)


def test_a_part_that_may_be_left_out_counts_when_it_says_something(copy, bundle, manifest):
    save_manifest(replace(manifest, stop_head=True), copy)
    assert bundle_id(copy) != bundle_id(bundle)
    path = copy / "manifest.yaml"
    path.write_text((bundle / "manifest.yaml").read_text() + "\nrecovery: null\noutputs: []\n")
    assert bundle_id(copy) == bundle_id(bundle)


def test_a_decoy_that_leads_for_longer_than_a_detour_is_refused():
    spec = config.load(RecoverySpec, resource("config/recovery/decoy.yaml"))
    with pytest.raises(ConfigError, match="lead_s is 20.0, expected less than 10 times after_s"):
        replace(spec, after_s=2.0, lead_s=20.0)
    assert replace(spec, after_s=2.0, lead_s=19.9).lead_s == 19.9


def test_a_motor_with_the_higher_voltage_first_is_refused():
    motor: MotorCeilings = load_ceilings("XC330-M288")
    with pytest.raises(ConfigError, match=r"voltage_range_v is \[7.0, 3.5\], expected the lower voltage first"):
        replace(motor, voltage_range_v=(7.0, 3.5))


def test_motors_come_in_policy_order_whatever_the_order_of_the_file(leap_content, leap):
    leap_content["drive"]["motors"] = dict(reversed(leap_content["drive"]["motors"].items()))
    hand = config.from_mapping(HandFile, leap_content, where="hand")
    assert hand.motor_ids == leap.motor_ids and hand.motors == leap.motors
