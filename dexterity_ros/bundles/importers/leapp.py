"""LEAPP graphs, both dialects: the library's own files, and the graphs that isaac_ros_deploy reads.

Source: leapp 0.7.2, leapp_graph and utils/enums; isaac_ros_deploy 6ba2db9, isaac_deploy_core and the data of its tests.
The library writes `feedback_flow` and `system information`; the other `feedback_connections` and no system information.
"""

import hashlib
import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from dexterity_ros.bundles.importers.foreign import Foreign, State, parse_model
from dexterity_ros.bundles.importers.merge import merged
from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.manifest import MOST_NETWORK_BYTES
from dexterity_ros.contracts.ranges import shown

_BACKENDS = ("onnx-dynamo", "onnx-torchscript", "triton")
_TERMS = {
    "state/joint/position": {"name": "joint_pos"},
    "state/joint/velocity": {"name": "joint_vel"},
    "command/body/rotation": {"name": "goal_rotation", "form": "quat_xyzw"},
    "state/body/rotation": {"name": "object_rotation", "form": "quat_xyzw"},
    "state/body/position": {"name": "object_pos"},
}
_TARGETS = ("target/joint/position", "joint_pos_targets")
_MOST_TENSORS = 50_000_000


def read(path: Path) -> Foreign:
    """Returns what a graph's file and the models beside it say. Raises BundleError, ConfigError."""
    where = shown_path(path)
    content = config.read_mapping(path)
    models, pipeline = _mapping(content, "models", where), _mapping(content, "pipeline", where)
    library = "system information" in content
    graphs = {name: _model(path, name, entry, where) for name, entry in models.items()}
    flow = _flow(pipeline.get("data_flow") or {}, where)
    back = _flow(pipeline.get("feedback_flow") or pipeline.get("feedback_connections") or {}, where)
    first = _initial_values(path, pipeline.get("initial_values"))
    inputs, outputs = _ports(pipeline, "inputs", where), _ports(pipeline, "outputs", where)
    model = merged(graphs, flow, where)
    targets = [port for port in outputs if _kind(models, port, "outputs") in _TARGETS]
    if len(targets) != 1:
        raise BundleError(f"{where} has the joint targets {targets}, expected one output of kind {_TARGETS[0]}")
    return Foreign(
        dialect="LEAPP" if library else "LEAPP isaac_ros_deploy",
        model=model,
        sees=tuple(port for port in inputs if port not in {b for ends in back.values() for b in ends}),
        says=(targets[0],),
        states=tuple(
            State(port=end, after=start, first=first.get(end)) for start, ends in back.items() for end in ends
        ),
        answers=_answers(models, inputs, targets[0]),
        terms={port: (port,) for port in inputs},
    )


def _answers(models: dict[str, Any], inputs: list[str], target: str) -> dict[str, Any]:
    """Returns what the semantics of the tensors say; of kinds that we have no word for, nothing."""
    answers: dict[str, Any] = {"action": {"mode": "targets"}}
    if names := _elements(_tensor(models, target, "outputs")):
        answers["joint_names"] = names
    period = _tensor(models, target, "outputs").get("temporal_period_ms")
    if isinstance(period, int | float) and not isinstance(period, bool) and period > 0:
        answers["control_rate_hz"] = 1e3 / period
    terms = [_TERMS.get(str(_kind(models, port, "inputs"))) for port in inputs]
    if None not in terms:
        told = [{"told": "raw"} if term and term["name"] == "joint_pos" else {} for term in terms]
        answers["observation"] = [
            {**(term or {}), **extra, "port": port} for term, extra, port in zip(terms, told, inputs, strict=True)
        ]
    return answers


def _model(path: Path, name: str, entry: Any, where: str) -> onnx.ModelProto:
    parameters = _mapping(entry, "parameters", f"models.{name} in {where}")
    backend = parameters.get("backend")
    if backend not in _BACKENDS:
        raise BundleError(f"models.{name} in {where} is of backend {shown(backend)}, expected one of {list(_BACKENDS)}")
    relative = parameters.get("model_path")
    if not isinstance(relative, str) or not relative:
        raise BundleError(f"models.{name}.parameters.model_path in {where} is {shown(relative)}, expected a path")
    file = path.parent / relative
    content = read_bounded(file, MOST_NETWORK_BYTES)
    expected = parameters.get("sha256sum")
    if expected and hashlib.sha256(content).hexdigest() != expected:
        raise BundleError(f"{shown_path(file)} has another SHA-256 than {where} says: it was changed")
    return parse_model(content, shown_path(file), file.parent)


def _ports(pipeline: dict[str, Any], key: str, where: str) -> list[str]:
    """Returns the ports of the whole graph as MODEL/NAME."""
    found = pipeline.get(key)
    if not isinstance(found, dict) or not all(isinstance(names, list) for names in found.values()):
        raise BundleError(f"pipeline.{key} in {where} is {shown(found)}, expected names by model")
    return [f"{model}/{name}" for model, names in found.items() for name in names]


def _flow(found: Any, where: str) -> dict[str, list[str]]:
    if not isinstance(found, dict):
        raise BundleError(f"a flow in {where} is {shown(found)}, expected outputs with the inputs that they feed")
    listed = {str(start): ends if isinstance(ends, list) else [ends] for start, ends in found.items()}
    return {start: [str(end) for end in ends] for start, ends in listed.items()}


def _tensor(models: dict[str, Any], port: str, key: str) -> dict[str, Any]:
    model, _, name = port.partition("/")
    entry = models.get(model)
    tensors = entry.get(key) if isinstance(entry, dict) else None
    for tensor in tensors if isinstance(tensors, list) else []:
        if isinstance(tensor, dict) and tensor.get("name") == name:
            return tensor
    return {}


def _kind(models: dict[str, Any], port: str, key: str) -> Any:
    return _tensor(models, port, key).get("kind")


def _elements(tensor: dict[str, Any]) -> tuple[str, ...]:
    """Returns the names of a tensor's numbers: the innermost list of element_names."""
    names = tensor.get("element_names")
    while isinstance(names, list) and names and isinstance(names[-1], list):
        names = names[-1]
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _mapping(content: Any, key: str, where: str) -> dict[str, Any]:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        raise BundleError(f"{key} in {where} is {shown(found)}, expected a mapping: is this a LEAPP graph?")
    return found


def _initial_values(path: Path, name: Any) -> dict[str, Singles]:
    """Returns first values of memories, by MODEL/INPUT, from a safetensors file beside the graph; F32 only."""
    if name is None:
        return {}
    if not isinstance(name, str) or re.search(r"[\n\0]", name):
        raise BundleError(f"initial_values is {shown(name)}, expected the name of a safetensors file")
    content = read_bounded(path.parent / name, _MOST_TENSORS)
    try:
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        return {key: _floats(entry, content[8 + length :]) for key, entry in header.items() if key != "__metadata__"}
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{name} is no safetensors file that can be read: {error}") from error


def _floats(entry: dict[str, Any], values: bytes) -> Singles:
    if entry["dtype"] != "F32":
        raise ValueError(f"type {entry['dtype']}, expected F32")
    begin, end = entry["data_offsets"]
    return np.frombuffer(values[begin:end], dtype="<f4").astype(np.float32)
