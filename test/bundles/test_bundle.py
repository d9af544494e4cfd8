"""A bundle that is not what it says is refused, with what was expected and what was found."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import yaml

from dexterity_ros.bundles.onnx_network import GOLDEN_TOLERANCE, golden_difference, load_policy
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.manifest import MANIFEST_FILE, bundle_id, load_manifest, save_manifest, sha256
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, load_pipeline

NOTHING = np.zeros((1, 0), np.float32)  # the state of a policy without memory


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "copy")


def edit(folder, change):
    path = folder / MANIFEST_FILE
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))


def test_the_shipped_bundle_loads_and_reproduces_its_golden_pair(bundle, leap):
    manifest, network = load_policy(bundle)
    manifest.check_hand(leap)
    assert golden_difference(bundle, manifest, network) <= GOLDEN_TOLERANCE


def test_the_start_pose_is_within_the_hands_limits(bundle, leap):
    start = load_manifest(bundle).start_pos
    assert ((start >= leap.lower_rad) & (start <= leap.upper_rad)).all()


def test_the_network_answers_alike_for_one_and_for_many(bundle):
    manifest, network = load_policy(bundle)
    batch = np.random.default_rng(0).normal(size=(7, manifest.observation.width)).astype(np.float32)
    single = np.concatenate([network({"observation": row[None]}, NOTHING)[0]["action"] for row in batch])
    np.testing.assert_allclose(single, network({"observation": batch}, NOTHING)[0]["action"], atol=1e-5)


def test_a_changed_byte_in_the_network_is_refused(copy):
    path = copy / "policy.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match="policy.onnx has SHA-256"):
        load_policy(copy)


def test_a_network_of_another_bundle_is_refused_even_with_its_digest(copy):
    edit(copy, lambda m: m["action"].update(scale_rad=0.1))
    with pytest.raises(BundleError, match=r"action_scale_rad in policy.onnx .* is 0.2, the manifest says 0.1"):
        load_policy(copy)


def test_a_golden_pair_that_is_not_reproduced_is_refused(copy):
    with np.load(copy / "golden_io.npz") as golden:
        observation, action = golden["observation"], golden["action"] + 1e-3
    np.savez(copy / "golden_io.npz", observation=observation, action=action)
    edit(copy, lambda m: m.update(golden_sha256=sha256(copy / "golden_io.npz")))
    with pytest.raises(BundleError, match="golden pair"):
        load_policy(copy)


def test_a_file_that_is_no_network_is_refused(copy):
    (copy / "policy.onnx").write_bytes(b"not a network")
    edit(copy, lambda m: m.update(network_sha256=sha256(copy / "policy.onnx")))
    with pytest.raises(BundleError, match="cannot load"):
        load_policy(copy)


def test_swapped_joints_are_refused(copy, leap):
    def swap(manifest):
        names = manifest["joint_names"]
        names[0], names[1] = names[1], names[0]

    edit(copy, swap)
    with pytest.raises(BundleError, match="joint_names in policy.onnx"):
        load_pipeline(copy, leap)


def test_a_hand_with_swapped_joints_is_refused(bundle, leap):
    joints = (leap.joints[1], leap.joints[0], *leap.joints[2:])
    home = (leap.home_pos_rad[1], leap.home_pos_rad[0], *leap.home_pos_rad[2:])
    with pytest.raises(BundleError, match="order counts"):
        load_pipeline(bundle, replace(leap, joints=joints, home_pos_rad=home))


def test_a_hand_with_other_limits_is_refused(bundle, leap_content):
    leap_content["joints"][4]["upper_rad"] = 2.0
    with pytest.raises(BundleError, match="names, limits or MJCF differ"):
        load_pipeline(bundle, config.from_mapping(HandFile, leap_content, where="hand"))


def test_a_policy_that_needs_more_current_than_the_hand_allows_is_refused(bundle, leap):
    manifest = load_manifest(bundle)
    with pytest.raises(BundleError, match="needs 0.9 A"):
        replace(manifest, current_limit_a=0.9).check_hand(leap)


def test_an_unknown_observation_term_is_refused(bundle, leap):
    manifest, network = load_policy(bundle)
    first = replace(manifest.observation.terms[0], name="force")
    spec = replace(manifest.observation, terms=(first, *manifest.observation.terms[1:]))
    ranges = {term.name: seen for term, seen in zip(spec.terms, manifest.training_range.values(), strict=True)}
    with pytest.raises(ConfigError, match="'force' is unknown"):
        PolicyPipeline(replace(manifest, observation=spec, training_range=ranges), network, leap)


def test_a_term_with_another_unit_is_refused(bundle, leap):
    manifest, network = load_policy(bundle)
    first = replace(manifest.observation.terms[0], unit="deg")
    spec = replace(manifest.observation, terms=(first, *manifest.observation.terms[1:]))
    with pytest.raises(ConfigError, match="differs from what this version builds"):
        PolicyPipeline(replace(manifest, observation=spec), network, leap)


def test_an_unknown_key_in_the_manifest_is_refused(copy):
    edit(copy, lambda m: m.update(ema=0.3))
    with pytest.raises(ConfigError, match="manifest.yaml.ema is not a known key"):
        load_manifest(copy)


def test_a_folder_that_is_no_bundle_says_what_is_missing(tmp_path):
    with pytest.raises(BundleError, match="manifest.yaml is missing"):
        load_manifest(tmp_path)


def test_results_do_not_change_what_a_bundle_is(copy, bundle):
    manifest = load_manifest(copy)
    save_manifest(replace(manifest, results={"note": "measured again"}), copy)
    assert load_manifest(copy).results == {"note": "measured again"}
    assert bundle_id(copy) == bundle_id(bundle)
