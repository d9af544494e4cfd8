"""Policies as other programs write them, and their import."""

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
from dexterity_ros.contracts.hand import load_hand

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
MJLAB = {
    "joint_names": ",".join(f"their_{k}" for k in range(N)),
    "default_joint_pos": ",".join(["0.200"] * N),
    "joint_stiffness": ",".join(["3.000"] * N),
    "joint_damping": ",".join(["0.100"] * N),
    "observation_names": "joint_pos,actions,turn",
    "action_scale": ",".join(["0.300"] * N),
}
EXPLOY = {
    "exploy_version": '"1.0"',
    "decimation": "4",
    "update_rate": "200.0",
    "obj.hand.joints": json.dumps({"joint_names": [f"their_{k}" for k in range(N)]}),
    "output.joint_targets.hand": json.dumps(
        {"names": [f"their_{k}" for k in range(N)], "stiffness": [3.0] * N, "damping": [0.1] * N}
    ),
}


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


class Others:
    """Files of other programs, and what a person would say about them."""

    hand, width, contract, mjlab, exploy = HAND, WIDTH, ALL, MJLAB, EXPLOY
    network = staticmethod(network)
    saved = staticmethod(saved)
    imported = staticmethod(imported)
    answers = staticmethod(answers)
    without = staticmethod(without)
    exploy_model = staticmethod(exploy_model)
    leapp_graph = staticmethod(leapp_graph)


@pytest.fixture(scope="session")
def others():
    """What makes policies of other programs."""
    return Others
