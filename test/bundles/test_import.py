"""Policies of other programs become bundles that answer as their own runtime does, or are refused by name."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from dexterity_ros.bundles.importers.bundle import write_bundle
from dexterity_ros.bundles.importers.contract import contract_of, missing
from dexterity_ros.bundles.importers.mlp import perceptron
from dexterity_ros.bundles.importers.read import read_policy
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.errors import BundleError, ConfigError, DexterityError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.spec import VECTOR

HAND = load_hand("leap")
N = len(HAND.joints)
ALL = {
    "task": "so3",
    "object": "cube70",
    "control_rate_hz": 20.0,
    "joint_order": list(reversed(HAND.joint_names)),
    "joint_sign": [-1.0],
    "joint_zero_rad": [0.1],
    "default_pos_rad": [0.2],
    "start_pos_rad": [-0.3],
    "base_pos_m": [0.0, 0.0, 0.01],
    "base_quat_wxyz": [0.0, 0.0, 0.0, 1.0],
    "observation": [
        {"name": "joint_pos", "told": "relative_to_default", "history": 3},
        {"name": "actions", "of": "last_action_raw", "limit": [-1.0, 1.0]},
        {"name": "turn", "of": "goal_turn", "form": "quat_xyzw"},
    ],
    "history": {"order": "newest_first", "fill": "zeros", "stacked": "by_term"},
    "action": {"mode": "default", "scale_rad": [0.3], "clip": 5.0, "ema": 1.0, "within_limits": True},
    "latency_s": [0.0, 0.05],
    "current_limit_a": 0.3,
    "stiffness_nm_rad": [3.0],
    "damping_nm_s_rad": [0.1],
}
WIDTH = 3 * N + N + 4


def network(width: int = WIDTH, seed: int = 0) -> onnx.ModelProto:
    rng = np.random.default_rng(seed)
    sizes = [(32, width), (N, 32)]
    return perceptron([(0.3 * rng.normal(size=s), 0.1 * rng.normal(size=s[0])) for s in sizes], "elu")


def saved(model: onnx.ModelProto, path: Path, **metadata: str) -> Path:
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path


def imported(file: Path, given: dict, out: Path):
    foreign = read_policy(file, given)
    contract = contract_of(foreign, given, "contract")
    assert missing(foreign, contract) == []
    write_bundle(foreign, contract, HAND, file, out)
    return load_policy(out)


def answers(file: Path, **inputs) -> list:
    return ort.InferenceSession(str(file)).run(None, inputs)


def without(*names: str) -> dict:
    return {key: value for key, value in ALL.items() if key not in names}


MJLAB = {
    "joint_names": ",".join(f"their_{k}" for k in range(N)),
    "default_joint_pos": ",".join(["0.200"] * N),
    "joint_stiffness": ",".join(["3.000"] * N),
    "joint_damping": ",".join(["0.100"] * N),
    "observation_names": "joint_pos,actions,turn",
    "action_scale": ",".join(["0.300"] * N),
}


def test_a_bare_file_says_nothing_and_everything_is_asked_for_at_once(tmp_path):
    file = saved(network(), tmp_path / "policy.onnx")
    foreign = read_policy(file, {})
    asked = missing(foreign, contract_of(foreign, {}, "contract"))
    assert {"joint_order", "control_rate_hz", "observation", "action.mode", "latency_s", "joint_sign"} <= set(asked)
    assert len(asked) >= 15


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_field_is_taken_for_granted(name, tmp_path):
    file = saved(network(), tmp_path / "policy.onnx")
    given = without(name)
    foreign = read_policy(file, given)
    asked = missing(foreign, contract_of(foreign, given, "contract"))
    expected = [name] if name not in ("action", "history") else [a for a in asked if a.startswith(f"{name}.")]
    assert set(expected) <= set(asked) and asked


def test_a_bare_file_answers_as_its_own_runtime(tmp_path):
    file = saved(network(), tmp_path / "policy.onnx")
    manifest, ours = imported(file, ALL, tmp_path / "mine")
    seen = np.random.default_rng(1).normal(size=(7, WIDTH)).astype(np.float32)
    said, _ = ours({VECTOR: seen}, np.zeros((7, 0), dtype=np.float32))
    np.testing.assert_allclose(said["action"], answers(file, obs=seen)[0], atol=1e-6)
    assert manifest.unverified == ("training_range",)
    assert manifest.imported is not None and manifest.imported.dialect == "rsl_rl"


def test_the_manifest_names_order_sign_frame_history_offset_and_scale(tmp_path):
    manifest, _ = imported(saved(network(), tmp_path / "p.onnx"), ALL, tmp_path / "mine")
    term = manifest.observation.terms[0]
    assert manifest.convention.joint_order == tuple(reversed(HAND.joint_names))
    assert set(manifest.convention.sign) == {-1.0}
    assert (term.history, term.offset, term.width) == (3, (0.2,) * N, 3 * N)
    assert manifest.observation.history_order == "newest_first"
    assert manifest.action.default_pos_rad == (0.2,) * N
    # its -0.3 rad at sign -1 and zero 0.1 is our 0.4 rad
    np.testing.assert_allclose(manifest.start_pos_rad, 0.4)


def test_frames_side_by_side_are_rearranged_in_front_of_the_network(tmp_path):
    terms = [
        {"name": "joint_pos", "told": "raw", "history": 2},
        {"name": "joint_vel", "history": 2},
    ]
    given = ALL | {"observation": terms, "history": {"order": "oldest_first", "fill": "first", "stacked": "by_tick"}}
    file = saved(network(4 * N), tmp_path / "p.onnx")
    _, ours = imported(file, given, tmp_path / "mine")
    p0, p1, v0, v1 = np.random.default_rng(1).normal(size=(4, 1, N)).astype(np.float32)
    said, _ = ours({VECTOR: np.concatenate([p0, p1, v0, v1], axis=1)}, np.zeros((1, 0), dtype=np.float32))
    theirs = answers(file, obs=np.concatenate([p0, v0, p1, v1], axis=1))[0]
    np.testing.assert_allclose(said["action"], theirs, atol=1e-6)


def test_mjlab_says_names_gains_default_pose_and_scale_and_is_asked_for_the_rest(tmp_path):
    file = saved(network(), tmp_path / "p.onnx", **MJLAB)
    foreign = read_policy(file, {})
    asked = missing(foreign, contract_of(foreign, {}, "contract"))
    assert foreign.dialect == "mjlab"
    assert not {"stiffness_nm_rad", "damping_nm_s_rad", "default_pos_rad", "action.scale_rad", "action.mode"} & set(
        asked
    )
    assert {"control_rate_hz", "action.clip", "joint_order", "observation"} <= set(asked)
    manifest, _ = imported(file, ALL, tmp_path / "mine")
    assert "action.mode" in manifest.unverified  # implied by the dialect, said nowhere


def test_a_contract_that_contradicts_the_file_is_refused(tmp_path):
    file = saved(network(), tmp_path / "p.onnx", **MJLAB)
    given = ALL | {"action": ALL["action"] | {"scale_rad": [0.5]}}
    with pytest.raises(ConfigError, match=r"action.scale_rad is .* the policy's file says"):
        contract_of(read_policy(file, given), given, "contract")
    given = ALL | {"observation": ALL["observation"][::-1]}
    with pytest.raises(BundleError, match="lists the terms"):
        contract_of(read_policy(file, given), given, "contract")


def test_terms_that_do_not_fill_the_input_are_listed_with_their_widths(tmp_path):
    file = saved(network(WIDTH + 1), tmp_path / "p.onnx")
    with pytest.raises(BundleError, match=rf"takes {WIDTH + 1} numbers, its terms have {WIDTH}"):
        imported(file, ALL, tmp_path / "mine")


# --- exploy


def exploy_model() -> onnx.ModelProto:
    """A graph as exploy makes them: an If on the count of physics steps runs the network every fourth step."""
    ports = {"obj.hand.joints.pos": N, "obj.hand.joints.vel": N, "memory.actions.in": N}
    rng = np.random.default_rng(0)
    stored = [
        numpy_helper.from_array(0.2 * rng.normal(size=(N, 3 * N)).astype(np.float32), "w"),
        numpy_helper.from_array(np.array([4], dtype=np.int32), "four"),
        numpy_helper.from_array(np.array([0], dtype=np.int32), "zero"),
    ]
    out = helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1, N])
    new = helper.make_graph([helper.make_node("Gemm", ["seen", "w"], ["answer"], transB=1)], "new", [], [out])
    kept_out = helper.make_tensor_value_info("kept", TensorProto.FLOAT, [1, N])
    kept = helper.make_graph([helper.make_node("Identity", ["memory.actions.in"], ["kept"])], "kept", [], [kept_out])
    nodes = [
        helper.make_node("Concat", list(ports), ["seen"], axis=1),
        helper.make_node("Mod", ["ctx.step_count", "four"], ["rest"]),
        helper.make_node("Equal", ["rest", "zero"], ["due_1"]),
        helper.make_node("Squeeze", ["due_1"], ["due"]),
        helper.make_node("If", ["due"], ["actions"], then_branch=new, else_branch=kept),
        helper.make_node("Identity", ["actions"], ["memory.actions.out"]),
        helper.make_node("Identity", ["actions"], ["output.joint_targets.hand.pos"]),
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, w]) for name, w in ports.items()]
    inputs.append(helper.make_tensor_value_info("ctx.step_count", TensorProto.INT32, [1]))
    names = ("actions", "memory.actions.out", "output.joint_targets.hand.pos")
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, N]) for name in names]
    graph = helper.make_graph(nodes, "exploy", inputs, outputs, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


EXPLOY = {
    "exploy_version": '"1.0"',
    "decimation": "4",
    "update_rate": "200.0",
    "obj.hand.joints": json.dumps({"joint_names": [f"their_{k}" for k in range(N)]}),
    "output.joint_targets.hand": json.dumps(
        {"names": [f"their_{k}" for k in range(N)], "stiffness": [3.0] * N, "damping": [0.1] * N}
    ),
}


def test_exploy_is_called_at_the_policys_rate_and_runs_its_network_every_time(tmp_path):
    file = saved(exploy_model(), tmp_path / "p.onnx", **EXPLOY)
    given = without(
        "observation", "history", "action", "control_rate_hz", "default_pos_rad", "base_pos_m", "base_quat_wxyz"
    )
    manifest, ours = imported(file, given, tmp_path / "mine")
    assert manifest.control_rate_hz == 50.0  # 200 Hz of physics, every fourth step
    state = np.zeros((1, manifest.state_width), dtype=np.float32)
    memory = np.zeros((1, N), dtype=np.float32)
    rng = np.random.default_rng(1)
    for tick in range(5):
        pos, vel = rng.normal(size=(2, 1, N)).astype(np.float32)
        said, state = ours({VECTOR: np.concatenate([pos, vel], axis=1)}, state)
        theirs = answers(
            file,
            **{"obj.hand.joints.pos": pos, "obj.hand.joints.vel": vel, "memory.actions.in": memory},
            **{"ctx.step_count": np.array([4 * tick], dtype=np.int32)},
        )
        memory = theirs[1]
        np.testing.assert_allclose(said["action"], theirs[2], atol=1e-5)


def test_graphs_of_one_hand_at_a_time_are_asked_one_after_the_other(tmp_path):
    file = saved(exploy_model(), tmp_path / "p.onnx", **EXPLOY)
    given = without(
        "observation", "history", "action", "control_rate_hz", "default_pos_rad", "base_pos_m", "base_quat_wxyz"
    )
    manifest, ours = imported(file, given, tmp_path / "mine")
    seen = np.random.default_rng(1).normal(size=(3, 2 * N)).astype(np.float32)
    state = np.zeros((3, manifest.state_width), dtype=np.float32)
    together, _ = ours({VECTOR: seen}, state)
    alone = [ours({VECTOR: seen[k : k + 1]}, state[:1])[0]["action"] for k in range(3)]
    np.testing.assert_array_equal(together["action"], np.concatenate(alone))


# --- LEAPP


def linear(inputs: dict[str, int], outputs: dict[str, int], seed: int) -> onnx.ModelProto:
    rng = np.random.default_rng(seed)
    width = sum(inputs.values())
    stored, nodes = [], [helper.make_node("Concat", list(inputs), ["all"], axis=1)]
    for name, size in outputs.items():
        stored.append(numpy_helper.from_array((0.2 * rng.normal(size=(size, width))).astype(np.float32), f"w_{name}"))
        nodes.append(helper.make_node("Gemm", ["all", f"w_{name}"], [name], transB=1))
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in ports.items()]
        for ports in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "g", *ends, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def leapp_graph(folder: Path, *, library: bool) -> Path:
    """Two models, one after the other; the second remembers what it said, beginning with ones."""
    names = [f"their_{k}" for k in range(N)]
    onnx.save(linear({"pos": N, "vel": N}, {"latent": 8}, 0), str(folder / "a.onnx"))
    onnx.save(linear({"latent": 8, "last": N}, {"target": N, "said": N}, 1), str(folder / "b.onnx"))
    semantics = {"type": "tensor", "dtype": "float32", "element_names": [[], names]}
    graph = {
        "models": {
            "a": {
                "inputs": [
                    {"name": "pos", "shape": [1, N], "kind": "state/joint/position", **semantics},
                    {"name": "vel", "shape": [1, N], "kind": "state/joint/velocity", **semantics},
                ],
                "outputs": [{"name": "latent", "shape": [1, 8]}],
                "parameters": {"model_path": "a.onnx", "backend": "onnx-dynamo" if library else "triton"},
            },
            "b": {
                "inputs": [{"name": "latent", "shape": [1, 8]}, {"name": "last", "shape": [1, N]}],
                "outputs": [
                    {"name": "target", "kind": "target/joint/position", "temporal_period_ms": 50, **semantics},
                    {"name": "said", "shape": [1, N]},
                ],
                "parameters": {"model_path": "b.onnx", "backend": "onnx-dynamo" if library else "triton"},
            },
        },
        "pipeline": {
            "inputs": {"a": ["pos", "vel"]},
            "outputs": {"b": ["target"]},
            "data_flow": {"a/latent": ["b/latent"]},
        },
    }
    back = {"b/said": ["b/last"]}
    if library:
        graph["system information"] = {"leapp version": "0.7.2"}
        graph["pipeline"] |= {"feedback_flow": back, "initial_values": "first.safetensors"}
        ones = np.ones((1, N), dtype="<f4").tobytes()
        header = json.dumps({"b/last": {"dtype": "F32", "shape": [1, N], "data_offsets": [0, len(ones)]}}).encode()
        (folder / "first.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + ones)
    else:
        graph["pipeline"] |= {"feedback_connections": back}
    path = folder / "graph.yaml"
    path.write_text(json.dumps(graph))
    return path


@pytest.mark.parametrize("library", [True, False])
def test_both_dialects_of_leapp_run_as_their_models_do_one_after_the_other(library, tmp_path):
    file = leapp_graph(tmp_path, library=library)
    given = without(
        "observation", "history", "action", "control_rate_hz", "default_pos_rad", "base_pos_m", "base_quat_wxyz"
    )
    manifest, ours = imported(file, given, tmp_path / "mine")
    assert manifest.control_rate_hz == 20.0
    state = np.zeros((1, manifest.state_width), dtype=np.float32)
    last = np.full((1, N), 1.0 if library else 0.0, dtype=np.float32)
    for _ in range(3):
        pos, vel = np.random.default_rng(2).normal(size=(2, 1, N)).astype(np.float32)
        said, state = ours({VECTOR: np.concatenate([pos, vel], axis=1)}, state)
        latent = answers(tmp_path / "a.onnx", pos=pos, vel=vel)[0]
        target, last = answers(tmp_path / "b.onnx", latent=latent, last=last)
        np.testing.assert_allclose(said["action"], target, atol=1e-5)


def test_a_leapp_graph_whose_model_was_changed_is_refused(tmp_path):
    file = leapp_graph(tmp_path, library=True)
    graph = json.loads(file.read_text())
    graph["models"]["a"]["parameters"]["sha256sum"] = "0" * 64
    file.write_text(json.dumps(graph))
    with pytest.raises(BundleError, match=r"a.onnx has another SHA-256"):
        read_policy(file, {})


# --- recurrent exports of rsl_rl


def lstm_model(hidden: int = 5, layers: int = 1) -> onnx.ModelProto:
    """obs, h_in, c_in to actions, h_out, c_out, as rsl_rl's exporter names and shapes them."""
    rng = np.random.default_rng(3)
    stored = [
        numpy_helper.from_array(rng.normal(size=(1, 4 * hidden, WIDTH)).astype(np.float32), "W"),
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
            [("obs", [1, WIDTH]), ("h_in", memory), ("c_in", memory)],
            [("actions", [1, N]), ("h_out", memory), ("c_out", memory)],
        )
    ]
    graph = helper.make_graph(nodes, "lstm", *ends, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def test_hidden_states_of_an_rsl_rl_export_become_the_bundles_state(tmp_path):
    file = saved(lstm_model(), tmp_path / "p.onnx")
    manifest, ours = imported(file, ALL, tmp_path / "mine")
    assert (manifest.kind, manifest.state_width) == ("recurrent", 10)
    state, h, c = np.zeros((1, 10), np.float32), np.zeros((1, 1, 5), np.float32), np.zeros((1, 1, 5), np.float32)
    for k in range(4):
        seen = np.random.default_rng(k).normal(size=(1, WIDTH)).astype(np.float32)
        said, state = ours({VECTOR: seen}, state)
        action, h, c = answers(file, obs=seen, h_in=h, c_in=c)
        np.testing.assert_allclose(said["action"], action, atol=1e-5)


# --- 100 corruptions


def _damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Returns bytes with a few of them changed, or a part cut out."""
    changed = bytearray(content)
    if rng.random() < 0.3:
        start = int(rng.integers(len(changed)))
        del changed[start : start + int(rng.integers(1, 400))]
        return bytes(changed)
    for _ in range(int(rng.integers(1, 6))):
        changed[int(rng.integers(len(changed)))] = int(rng.integers(256))
    return bytes(changed)


def _spoilt(given: dict, rng: np.random.Generator) -> dict:
    """Returns a contract in which one answer is gone, of another kind, or absurd."""
    copy = json.loads(json.dumps(given))
    absurd = [None, -1, 1e30, "x", [], {}, True, [1, 2, 3], "\x07", [[0, 1]] * 3, {"mode": 3}]
    place, key = copy, str(rng.choice(sorted(copy)))
    while isinstance(place[key], dict) and place[key] and rng.random() < 0.7:
        place, key = place[key], str(rng.choice(sorted(place[key])))
    place[key] = absurd[int(rng.integers(len(absurd)))]
    if rng.random() < 0.2:
        copy["no_such_field"] = 1
    return copy


def _try(file: Path, given: dict, out: Path) -> None:
    """Imports; whatever is wrong must come as an error of our own, in one line."""
    try:
        foreign = read_policy(file, given)
        contract = contract_of(foreign, given, "contract")
        if missing(foreign, contract):
            return
        write_bundle(foreign, contract, HAND, file, out)
    except DexterityError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("number", range(100))
def test_a_corrupt_contract_or_file_is_refused_by_name_or_harmless(number, tmp_path):
    rng = np.random.default_rng(number)
    kinds = [
        lambda: saved(network(), tmp_path / "p.onnx", **MJLAB),
        lambda: saved(exploy_model(), tmp_path / "p.onnx", **EXPLOY),
        lambda: leapp_graph(tmp_path, library=number % 2 == 0),
        lambda: saved(network(), tmp_path / "p.onnx"),
    ]
    file = kinds[number % 4]()
    given = _spoilt(ALL, rng) if number % 8 < 4 else ALL
    if given is ALL:
        file.write_bytes(_damaged(file.read_bytes(), rng))
    _try(file, given, tmp_path / "mine")
