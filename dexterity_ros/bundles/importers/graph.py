"""Gives a foreign graph the ports of a bundle: observation and state in, action and next_state out.

Only what has no meaning is done here: names, shapes, types, the order of columns. What numbers mean is in the manifest.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dexterity_ros.bundles.importers.foreign import Foreign, State, prefixed, shapes
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.spec import VECTOR

_PREFIX = "policy/"


def port_sizes(foreign: Foreign) -> dict[str, int]:
    """Returns how many numbers each observed port takes in one tick. Raises BundleError where the file does not say."""
    found = shapes(foreign.model)
    return {port: _size(found[port], port) for port in foreign.sees}


def action_size(foreign: Foreign) -> int | None:
    """Returns how many numbers the action has; None where the file leaves it open."""
    shape = shapes(foreign.model, outputs=True)[foreign.says[0]]
    return shape[-1] if shape else None


def adapted(foreign: Foreign, columns: Mapping[str, Sequence[int]], joints: int) -> onnx.ModelProto:
    """Returns the graph with a bundle's ports. columns: of the observation, for each observed port."""
    builder = _Builder(foreign, sum(len(part) for part in columns.values()), joints)
    for port, part in columns.items():
        builder.feed(port, part)
    return builder.finished()


def state_width(foreign: Foreign) -> int:
    """Returns the length of what it remembers, its count of calls among it."""
    return sum(_state_size(foreign, state) for state in foreign.states) + (foreign.counter is not None)


class _Builder:
    """Nodes before and after the foreign graph."""

    def __init__(self, foreign: Foreign, width: int, joints: int) -> None:
        self._foreign, self._width, self._joints = foreign, width, joints
        self._model = prefixed(foreign.model, _PREFIX)
        self._shapes = shapes(foreign.model)
        fixed = [self._shapes[port][:1] for port in foreign.sees]
        self._batch: int | None = 1 if any(shape != (None,) for shape in fixed) else None
        self._before: list[onnx.NodeProto] = []
        self._after: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def feed(self, port: str, columns: Sequence[int]) -> None:
        """Feeds an input from columns of the observation."""
        picked = self._op("Gather", [VECTOR, self._ints(columns)], axis=1)
        self._into(port, picked, self._with_batch(self._shapes[port]))

    def finished(self) -> onnx.ModelProto:
        """Returns the whole."""
        width = state_width(self._foreign)
        if width:
            self._remember()
        self._say_action()
        batch = "batch" if self._batch is None else 1
        ports = {VECTOR: self._width, "state": width}
        said = {"action": self._joints, "next_state": width}
        graph = self._model.graph
        whole = helper.make_graph(
            [*self._before, *graph.node, *self._after],
            "imported",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, [batch, w]) for n, w in ports.items() if w],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, [batch, w]) for n, w in said.items() if w],
            [*graph.initializer, *self._constants],
            sparse_initializer=list(graph.sparse_initializer),
        )
        model = helper.make_model(
            whole, opset_imports=self._model.opset_import, functions=list(self._model.functions),
            ir_version=self._model.ir_version,
        )  # fmt: skip
        model.metadata_props.extend(self._foreign.model.metadata_props)
        return model

    def _remember(self) -> None:
        at, afters = 0, []
        for state in self._foreign.states:
            size = _state_size(self._foreign, state)
            part = self._op("Gather", ["state", self._ints(range(at, at + size))], axis=1)
            first = None if state.first is None else self._floats(state.first)
            if first is not None:
                part = self._op("Add", [part, first])
            self._into_state(state, part)
            afters.append(self._out_of_state(state, size, first))
            at += size
        if self._foreign.counter is not None:
            count = self._op("Gather", ["state", self._ints([at])], axis=1)
            self._into(self._foreign.counter.port, count, self._with_batch(self._shapes[self._foreign.counter.port]))
            step = self._floats(np.array([self._foreign.counter.step], dtype=np.float32))
            afters.append(self._op("Add", [count, step], late=True))
        self._op("Concat", afters, late=True, output="next_state", axis=1)

    def _say_action(self) -> None:
        parts = [self._flat(_PREFIX + port, late=True) for port in self._foreign.says]
        whole = self._op("Concat", parts, late=True, axis=1)
        rows = -1 if self._batch is None else 1
        self._op("Reshape", [whole, self._ints([rows, self._joints])], late=True, output="action")

    def _into_state(self, state: State, part: str) -> None:
        shape, axis = self._shapes[state.port], _batch_axis(self._shapes[state.port])
        rest = [size for k, size in enumerate(shape) if k != axis]
        rows = -1 if self._batch is None else 1
        turned = self._op("Reshape", [part, self._ints([rows, *(size or 1 for size in rest)])])
        order = [*range(1, axis + 1), 0, *range(axis + 1, len(shape))]
        self._cast(state.port, self._op("Transpose", [turned], perm=order) if axis else turned)

    def _out_of_state(self, state: State, size: int, first: str | None) -> str:
        shape = self._shapes[state.port]
        axis = _batch_axis(shape)
        value = self._float(_PREFIX + state.after)
        order = [axis, *(k for k in range(len(shape)) if k != axis)]
        turned = self._op("Transpose", [value], late=True, perm=order) if axis else value
        rows = -1 if self._batch is None else 1
        flat = self._op("Reshape", [turned, self._ints([rows, size])], late=True)
        return flat if first is None else self._op("Sub", [flat, first], late=True)

    def _into(self, port: str, value: str, shape: Sequence[int]) -> None:
        self._cast(port, self._op("Reshape", [value, self._ints(shape)]))

    def _cast(self, port: str, value: str) -> None:
        kind = next(p.type.tensor_type.elem_type for p in self._foreign.model.graph.input if p.name == port)
        self._op("Cast", [value], output=_PREFIX + port, to=kind)

    def _with_batch(self, shape: Sequence[int | None]) -> list[int]:
        if self._batch is None:
            return [-1, *(size or 1 for size in shape[1:])]
        return [size or 1 for size in shape]

    def _float(self, value: str) -> str:
        return self._op("Cast", [value], late=True, to=TensorProto.FLOAT)

    def _flat(self, value: str, *, late: bool) -> str:
        rows = -1 if self._batch is None else 1
        width = [-1] if rows == 1 else [self._joints]
        return self._op("Reshape", [self._float(value), self._ints([rows, *width])], late=late)

    def _op(
        self, kind: str, inputs: Sequence[str], *, late: bool = False, output: str = "", **attributes: object
    ) -> str:
        name = output or f"port/{len(self._before) + len(self._after)}"
        (self._after if late else self._before).append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _ints(self, values: Sequence[int]) -> str:
        return self._constant(np.array(list(values), dtype=np.int64))

    def _floats(self, values: np.ndarray) -> str:  # type: ignore[type-arg]
        return self._constant(values.astype(np.float32).reshape(1, -1))

    def _constant(self, values: np.ndarray) -> str:  # type: ignore[type-arg]
        name = f"constant/{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values, name))
        return name


def _size(shape: tuple[int | None, ...], port: str) -> int:
    rest = shape[1:] if len(shape) > 1 else shape
    if not rest or any(size is None for size in rest):
        raise BundleError(f"the input {port} has the shape {shape}: how many numbers it takes is not fixed in the file")
    return math.prod(size or 1 for size in rest)


def _state_size(foreign: Foreign, state: State) -> int:
    shape = shapes(foreign.model)[state.port]
    axis = _batch_axis(shape)
    sizes = [size for k, size in enumerate(shape) if k != axis]
    if any(size is None for size in sizes):
        raise BundleError(f"the memory {state.port} has the shape {shape}: more than its batch is not fixed")
    return math.prod(size or 1 for size in sizes)


def _batch_axis(shape: Sequence[int | None]) -> int:
    """Returns where the batch of a memory is: the open dimension, or the second of three, as in recurrent layers."""
    if None in shape:
        return list(shape).index(None)
    return 1 if len(shape) == 3 else 0
