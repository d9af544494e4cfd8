"""A multilayer perceptron as an ONNX graph, from its weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BundleError

ACTIVATIONS = {"elu": "Elu", "relu": "Relu", "tanh": "Tanh", "selu": "Selu", "leaky_relu": "LeakyRelu", "silu": "silu"}
_OPSET = 18


@dataclass(frozen=True, kw_only=True)
class Normaliser:
    """(x - mean) / deviation, then kept within limit; limit None: not."""

    mean: Floats
    deviation: Floats
    limit: float | None = None


def layers(weights: Mapping[str, Any], prefix: str, where: str) -> list[tuple[Floats, Floats]]:
    """Returns weight and bias of PREFIX.0, PREFIX.2 and so on. Raises BundleError when they do not fit together."""
    names = [name for name in weights if name.startswith(f"{prefix}.") and name.endswith(".weight")]
    numbered = sorted((int(part), part) for name in names if (part := name.split(".")[-2]).isdigit())
    found = [(weights[f"{prefix}.{k}.weight"], weights.get(f"{prefix}.{k}.bias")) for _, k in numbered]
    for i, (weight, bias) in enumerate(found):
        fits = i == 0 or weight.shape[-1:] == found[i - 1][0].shape[:1]
        if weight.ndim != 2 or bias is None or bias.shape != weight.shape[:1] or not fits:
            raise BundleError(f"layer {i} of {prefix} in {where} has the shape {weight.shape}: not a plain perceptron")
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise BundleError(f"layer {i} of {prefix} in {where} holds numbers that are not finite")
    return [(np.asarray(weight), np.asarray(bias)) for weight, bias in found]


def perceptron(
    parts: Sequence[tuple[Floats, Floats]],
    activation: str,
    *,
    normaliser: Normaliser | None = None,
    squash: bool = False,
) -> onnx.ModelProto:
    """Returns a graph from obs to actions; the last layer is linear, or tanh of it.

    parts: weight (out, in) and bias (out,) of every layer.
    """
    nodes: list[onnx.NodeProto] = []
    stored: list[onnx.TensorProto] = []
    at = "obs"

    def constant(values: Any) -> str:
        stored.append(numpy_helper.from_array(np.asarray(values, dtype=np.float32), f"c{len(stored)}"))
        return stored[-1].name

    def step(kind: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, list(inputs), [f"n{len(nodes)}"], **attributes))
        return f"n{len(nodes) - 1}"

    if normaliser is not None:
        at = step("Div", step("Sub", at, constant(normaliser.mean)), constant(normaliser.deviation))
        if normaliser.limit is not None:
            at = step("Clip", at, constant(-normaliser.limit), constant(normaliser.limit))
    for i, (weight, bias) in enumerate(parts):
        at = step("Gemm", at, constant(weight), constant(bias), transB=1)
        if i < len(parts) - 1:
            kind = ACTIVATIONS[activation]
            at = step("Mul", at, step("Sigmoid", at)) if kind == "silu" else step(kind, at)
    at = step("Tanh", at) if squash else at
    nodes.append(helper.make_node("Identity", [at], ["actions"]))
    ports = (("obs", parts[0][0].shape[1]), ("actions", parts[-1][0].shape[0]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width]) for name, width in ports]
    graph = helper.make_graph(nodes, "perceptron", ends[:1], ends[1:], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=10)
