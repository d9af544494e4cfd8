"""Policies of other programs become bundles that answer as their own runtime does, or are refused by name."""

import numpy as np
import pytest

from dexterity_ros.bundles.importers.contract import contract_of, missing
from dexterity_ros.bundles.importers.read import read_policy
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.spec import VECTOR

N = 16  # joints of the hand leap
FIELDS = (
    "action",
    "base_pos_m",
    "base_quat_wxyz",
    "control_rate_hz",
    "current_limit_a",
    "damping_nm_s_rad",
    "default_pos_rad",
    "history",
    "joint_order",
    "joint_sign",
    "joint_zero_rad",
    "latency_s",
    "object",
    "observation",
    "start_pos_rad",
    "stiffness_nm_rad",
    "task",
)


def test_a_bare_file_says_nothing_and_everything_is_asked_for_at_once(others, tmp_path):
    file = others.saved(others.network(), tmp_path / "policy.onnx")
    foreign = read_policy(file, {})
    asked = missing(foreign, contract_of(foreign, {}, "contract"))
    assert {"joint_order", "control_rate_hz", "observation", "action.mode", "latency_s", "joint_sign"} <= set(asked)
    assert len(asked) >= 15 and set(FIELDS) == set(others.contract)


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_is_taken_for_granted(others, name, tmp_path):
    file = others.saved(others.network(), tmp_path / "policy.onnx")
    given = others.without(name)
    foreign = read_policy(file, given)
    asked = missing(foreign, contract_of(foreign, given, "contract"))
    expected = [name] if name not in ("action", "history") else [a for a in asked if a.startswith(f"{name}.")]
    assert set(expected) <= set(asked) and asked


def test_a_bare_file_answers_as_its_own_runtime(others, tmp_path):
    file = others.saved(others.network(), tmp_path / "policy.onnx")
    manifest, ours = others.imported(file, others.contract, tmp_path / "mine")
    seen = np.random.default_rng(1).normal(size=(7, others.width)).astype(np.float32)
    said, _ = ours({VECTOR: seen}, np.zeros((7, 0), dtype=np.float32))
    np.testing.assert_allclose(said["action"], others.answers(file, obs=seen)[0], atol=1e-6)
    assert manifest.unverified == ("training_range",)
    assert manifest.imported is not None and manifest.imported.dialect == "ONNX"


def test_the_manifest_names_order_sign_frame_history_offset_and_scale(others, tmp_path):
    manifest, _ = others.imported(
        others.saved(others.network(), tmp_path / "p.onnx"), others.contract, tmp_path / "mine"
    )
    term = manifest.observation.terms[0]
    assert manifest.convention.joint_order == tuple(reversed(others.hand.joint_names))
    assert set(manifest.convention.sign) == {-1.0}
    assert (term.history, term.offset, term.width) == (3, (0.2,) * N, 3 * N)
    assert manifest.observation.history_order == "newest_first"
    assert manifest.action.default_pos_rad == (0.2,) * N
    # its -0.3 rad at sign -1 and zero 0.1 is our 0.4 rad
    np.testing.assert_allclose(manifest.start_pos_rad, 0.4)


def test_frames_side_by_side_are_rearranged_in_front_of_the_network(others, tmp_path):
    terms = [
        {"name": "joint_pos", "told": "raw", "history": 2},
        {"name": "joint_vel", "history": 2},
    ]
    given = others.contract | {
        "observation": terms,
        "history": {"order": "oldest_first", "fill": "first", "stacked": "by_tick"},
    }
    file = others.saved(others.network(4 * N), tmp_path / "p.onnx")
    _, ours = others.imported(file, given, tmp_path / "mine")
    p0, p1, v0, v1 = np.random.default_rng(1).normal(size=(4, 1, N)).astype(np.float32)
    said, _ = ours({VECTOR: np.concatenate([p0, p1, v0, v1], axis=1)}, np.zeros((1, 0), dtype=np.float32))
    theirs = others.answers(file, obs=np.concatenate([p0, v0, p1, v1], axis=1))[0]
    np.testing.assert_allclose(said["action"], theirs, atol=1e-6)


def test_mjlab_says_names_gains_default_pose_and_scale_and_is_asked_for_the_rest(others, tmp_path):
    file = others.saved(others.network(), tmp_path / "p.onnx", **others.mjlab)
    foreign = read_policy(file, {})
    asked = missing(foreign, contract_of(foreign, {}, "contract"))
    assert foreign.dialect == "mjlab"
    assert not {"stiffness_nm_rad", "damping_nm_s_rad", "default_pos_rad", "action.scale_rad", "action.mode"} & set(
        asked
    )
    assert {"control_rate_hz", "action.clip", "joint_order", "observation"} <= set(asked)
    manifest, _ = others.imported(file, others.contract, tmp_path / "mine")
    assert "action.mode" in manifest.unverified  # implied by the dialect, said nowhere


def test_a_contract_that_contradicts_the_file_is_refused(others, tmp_path):
    file = others.saved(others.network(), tmp_path / "p.onnx", **others.mjlab)
    given = others.contract | {"action": others.contract["action"] | {"scale_rad": [0.5]}}
    with pytest.raises(ConfigError, match=r"action.scale_rad is .* the policy's file says"):
        contract_of(read_policy(file, given), given, "contract")
    given = others.contract | {"observation": others.contract["observation"][::-1]}
    with pytest.raises(BundleError, match="lists the terms"):
        contract_of(read_policy(file, given), given, "contract")


def test_terms_that_do_not_fill_the_input_are_listed_with_their_widths(others, tmp_path):
    file = others.saved(others.network(others.width + 1), tmp_path / "p.onnx")
    with pytest.raises(BundleError, match=rf"takes {others.width + 1} numbers, its terms have {others.width}"):
        others.imported(file, others.contract, tmp_path / "mine")
