"""Graphs that other programs export run in one session as they do in their own runtime, memory and all."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dexterity_ros.bundles.importers.read import read_policy
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.spec import VECTOR

N = 16  # joints of the hand leap


def lstm_model(width: int, hidden: int = 5, layers: int = 1) -> onnx.ModelProto:
    """obs, h_in, c_in to actions, h_out, c_out, as rsl_rl's exporter names and shapes them."""
    rng = np.random.default_rng(3)
    stored = [
        numpy_helper.from_array(rng.normal(size=(1, 4 * hidden, width)).astype(np.float32), "W"),
        numpy_helper.from_array(rng.normal(size=(1, 4 * hidden, hidden)).astype(np.float32), "R"),
        numpy_helper.from_array(rng.normal(size=(N, hidden)).astype(np.float32), "out"),
        numpy_helper.from_array(np.array([0], dtype=np.int64), "axis"),
    ]
    nodes = [
        helper.make_node("Unsqueeze", ["obs", "axis"], ["sequence"]),
        helper.make_node(
            "LSTM", ["sequence", "W", "R", "", "", "h_in", "c_in"], ["", "h_out", "c_out"], hidden_size=hidden
        ),
        helper.make_node("Squeeze", ["h_out", "axis"], ["h"]),
        helper.make_node("Gemm", ["h", "out"], ["actions"], transB=1),
    ]
    memory = [layers, 1, hidden]
    ends = [
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in ports]
        for ports in (
            [("obs", [1, width]), ("h_in", memory), ("c_in", memory)],
            [("actions", [1, N]), ("h_out", memory), ("c_out", memory)],
        )
    ]
    graph = helper.make_graph(nodes, "lstm", *ends, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def test_exploy_is_called_at_the_policys_rate_and_runs_its_network_every_time(others, tmp_path):
    file = others.saved(others.exploy_model(), tmp_path / "p.onnx", **others.exploy)
    given = others.without(
        "observation", "history", "action", "control_rate_hz", "default_pos_rad", "base_pos_m", "base_quat_wxyz"
    )
    manifest, ours = others.imported(file, given, tmp_path / "mine")
    assert manifest.control_rate_hz == 50.0  # 200 Hz of physics, every fourth step
    state = np.zeros((1, manifest.state_width), dtype=np.float32)
    memory = np.zeros((1, N), dtype=np.float32)
    rng = np.random.default_rng(1)
    for tick in range(5):
        pos, vel = rng.normal(size=(2, 1, N)).astype(np.float32)
        said, state = ours({VECTOR: np.concatenate([pos, vel], axis=1)}, state)
        theirs = others.answers(
            file,
            **{"obj.hand.joints.pos": pos, "obj.hand.joints.vel": vel, "memory.actions.in": memory},
            **{"ctx.step_count": np.array([4 * tick], dtype=np.int32)},
        )
        memory = theirs[1]
        np.testing.assert_allclose(said["action"], theirs[2], atol=1e-5)


def test_graphs_of_one_hand_at_a_time_are_asked_one_after_the_other(others, tmp_path):
    file = others.saved(others.exploy_model(), tmp_path / "p.onnx", **others.exploy)
    given = others.without(
        "observation", "history", "action", "control_rate_hz", "default_pos_rad", "base_pos_m", "base_quat_wxyz"
    )
    manifest, ours = others.imported(file, given, tmp_path / "mine")
    seen = np.random.default_rng(1).normal(size=(3, 2 * N)).astype(np.float32)
    state = np.zeros((3, manifest.state_width), dtype=np.float32)
    together, _ = ours({VECTOR: seen}, state)
    alone = [ours({VECTOR: seen[k : k + 1]}, state[:1])[0]["action"] for k in range(3)]
    np.testing.assert_array_equal(together["action"], np.concatenate(alone))


@pytest.mark.parametrize("library", [True, False])
def test_both_dialects_of_leapp_run_as_their_models_do_one_after_the_other(others, library, tmp_path):
    file = others.leapp_graph(tmp_path, library=library)
    given = others.without(
        "observation", "history", "action", "control_rate_hz", "default_pos_rad", "base_pos_m", "base_quat_wxyz"
    )
    manifest, ours = others.imported(file, given, tmp_path / "mine")
    assert manifest.control_rate_hz == 20.0
    state = np.zeros((1, manifest.state_width), dtype=np.float32)
    last = np.full((1, N), 1.0 if library else 0.0, dtype=np.float32)
    for _ in range(3):
        pos, vel = np.random.default_rng(2).normal(size=(2, 1, N)).astype(np.float32)
        said, state = ours({VECTOR: np.concatenate([pos, vel], axis=1)}, state)
        latent = others.answers(tmp_path / "a.onnx", pos=pos, vel=vel)[0]
        target, last = others.answers(tmp_path / "b.onnx", latent=latent, last=last)
        np.testing.assert_allclose(said["action"], target, atol=1e-5)


def test_a_leapp_graph_whose_model_was_changed_is_refused(others, tmp_path):
    file = others.leapp_graph(tmp_path, library=True)
    graph = json.loads(file.read_text())
    graph["models"]["a"]["parameters"]["sha256sum"] = "0" * 64
    file.write_text(json.dumps(graph))
    with pytest.raises(BundleError, match=r"a.onnx has another SHA-256"):
        read_policy(file, {})


def test_hidden_states_of_an_rsl_rl_export_become_the_bundles_state(others, tmp_path):
    file = others.saved(lstm_model(others.width), tmp_path / "p.onnx")
    manifest, ours = others.imported(file, others.contract, tmp_path / "mine")
    assert (manifest.kind, manifest.state_width) == ("recurrent", 10)
    state, h, c = np.zeros((1, 10), np.float32), np.zeros((1, 1, 5), np.float32), np.zeros((1, 1, 5), np.float32)
    for k in range(4):
        seen = np.random.default_rng(k).normal(size=(1, others.width)).astype(np.float32)
        said, state = ours({VECTOR: seen}, state)
        action, h, c = others.answers(file, obs=seen, h_in=h, c_in=c)
        np.testing.assert_allclose(said["action"], action, atol=1e-5)
