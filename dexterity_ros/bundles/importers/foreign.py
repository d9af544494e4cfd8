"""What a dialect reads out of a file: a graph, what is fed into it, and which answers the file gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.errors import BundleError, DexterityError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.manifest import MOST_NETWORK_BYTES


@dataclass(frozen=True, kw_only=True)
class State:
    """A memory of a graph: input and output port, and its first value, (size,); None: zeros."""

    port: str
    after: str
    first: Singles | None = None


@dataclass(frozen=True, kw_only=True)
class Counter:
    """An input that counts calls: `step` more at each."""

    port: str
    step: int


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """A policy as its file has it.

    dialect: how it speaks. sees: observed input ports, in the order of the observation. says: outputs that are the
    action, side by side. answers: what the file says, by the fields of Contract. implied: fields that it implies
    without saying so. terms: what the file calls the parts of the observation, by port. needs: further fields that must
    be answered before the graph is what it says.
    """

    dialect: str
    model: onnx.ModelProto
    sees: tuple[str, ...]
    says: tuple[str, ...]
    states: tuple[State, ...] = ()
    counter: Counter | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    implied: tuple[str, ...] = ()
    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


def read_model(path: Path) -> onnx.ModelProto:
    """Returns the graph in an ONNX file, weights in files beside it among it. Raises BundleError, ConfigError."""
    return parse_model(read_bounded(path, MOST_NETWORK_BYTES), shown_path(path), path.parent)


def parse_model(content: bytes, where: str, folder: Path) -> onnx.ModelProto:
    """Returns the graph in the bytes of an ONNX file. Raises BundleError when it is none.

    folder: where files that it keeps weights in lie.
    """
    try:
        model = onnx.load_model_from_string(content)
        if not model.graph.input or not model.graph.output:
            raise BundleError(f"{where} has no inputs or no outputs")
        _check_text(model, where)
        _take_in_weights(model, where, folder)
        onnx.checker.check_model(model)
    except DexterityError:
        raise
    except Exception as error:  # protobuf and the checker raise a class of their own for every kind of damage
        raise BundleError(f"{where} is no ONNX file that can be read: {one_line(error)}") from error
    return model


def _check_text(model: onnx.ModelProto, where: str) -> None:
    entries = [text for entry in model.metadata_props for text in (entry.key, entry.value)]
    if not all(isinstance(text, str) for text in (*entries, *shapes(model), *shapes(model, outputs=True))):
        raise BundleError(f"{where} holds names or metadata that are no text: it is damaged")


def _take_in_weights(model: onnx.ModelProto, where: str, folder: Path) -> None:
    """Reads weights that lie in files beside an ONNX file, as exporters of large models leave them."""
    for tensor in model.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        said = {entry.key: entry.value for entry in tensor.external_data}
        name = said.get("location", "")
        if not name or Path(name).name != name:
            raise BundleError(f"{where} keeps {tensor.name} in {name[:60]!r}, expected a file beside it")
        content = read_bounded(folder / name, MOST_NETWORK_BYTES)
        begin = int(said.get("offset", 0))
        tensor.raw_data = content[begin : begin + int(said.get("length", len(content)))]
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """Returns the strings stored in a model."""
    return {entry.key: entry.value for entry in model.metadata_props}


def shapes(model: onnx.ModelProto, *, outputs: bool = False) -> dict[str, tuple[int | None, ...]]:
    """Returns the shape of every port; None where a dimension is not fixed."""
    stored = {tensor.name for tensor in model.graph.initializer}
    ports = model.graph.output if outputs else [port for port in model.graph.input if port.name not in stored]
    return {port.name: _shape(port) for port in ports}


def prefixed(model: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    """Returns a copy in which every value is called PREFIXname, those that branches take from outside among them."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    _prefix_graph(copy.graph, prefix)
    return copy


def _prefix_graph(graph: onnx.GraphProto, prefix: str) -> None:
    for node in graph.node:
        node.name = node.name and prefix + node.name
        for names in (node.input, node.output):
            names[:] = [name and prefix + name for name in names]
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs] if attribute.HasField("g") else attribute.graphs:
                _prefix_graph(inner, prefix)
    for value in (*graph.initializer, *graph.input, *graph.output, *graph.value_info):
        value.name = prefix + value.name
    for sparse in graph.sparse_initializer:
        sparse.values.name = prefix + sparse.values.name


def _shape(port: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    dims = port.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)


def only(what: str, names: list[str], where: str) -> str:
    """Returns the one name of a list. Raises BundleError."""
    if len(names) != 1:
        raise BundleError(f"{where} has the {what} {names}; which of them is meant must be said: `ports` in --contract")
    return names[0]


def one_line(error: Exception) -> str:
    """Returns what an error says in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
