"""Joins the graphs of several models into one, as a pipeline's data flow says."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import onnx

from dexterity_ros.bundles.importers.foreign import one_line, prefixed, shapes
from dexterity_ros.contracts.errors import BundleError


def merged(graphs: Mapping[str, onnx.ModelProto], flow: Mapping[str, list[str]], where: str) -> onnx.ModelProto:
    """Returns one graph whose ports are called MODEL/NAME; ports that are fed inside are no inputs any more.

    Raises:
        BundleError: a flow names what is not there, runs in a circle, or the models are of different ONNX versions.
    """
    named = {name: prefixed(graph, f"{name}/") for name, graph in graphs.items()}
    fed = {end: start for start, ends in flow.items() for end in ends}
    inputs = {port for graph in named.values() for port in shapes(graph)}
    outputs = {port for graph in named.values() for port in shapes(graph, outputs=True)}
    for end, start in fed.items():
        if end not in inputs or start not in outputs:
            raise BundleError(f"{where} feeds {end} from {start}; there are {sorted(inputs)} and {sorted(outputs)}")
    ordered = [named[name] for name in _order(named, fed, where)]
    if len({_versions(graph) for graph in ordered}) > 1:
        raise BundleError(f"the models of {where} are of different opsets: {[_versions(graph) for graph in ordered]}")
    return _joined(ordered, fed)


def _joined(ordered: list[onnx.ModelProto], fed: Mapping[str, str]) -> onnx.ModelProto:
    graph = onnx.GraphProto(name="pipeline")
    for model in ordered:
        links = [(end, start) for end, start in fed.items() if end in shapes(model)]
        graph.node.extend(onnx.helper.make_node("Identity", [start], [end]) for end, start in links)
        graph.node.extend(model.graph.node)
        graph.initializer.extend(model.graph.initializer)
        graph.input.extend(port for port in model.graph.input if port.name not in fed)
        graph.output.extend(model.graph.output)
    first = ordered[0]
    functions = list({(f.domain, f.name): f for model in ordered for f in model.functions}.values())
    return onnx.helper.make_model(
        graph, opset_imports=first.opset_import, ir_version=first.ir_version, functions=functions
    )


def _order(named: Mapping[str, onnx.ModelProto], fed: Mapping[str, str], where: str) -> list[str]:
    before: dict[str, set[str]] = {name: set() for name in named}
    for end, start in fed.items():
        before[end.partition("/")[0]].add(start.partition("/")[0])
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise BundleError(f"data_flow of {where} runs in a circle: {one_line(error)}") from error


def _versions(model: onnx.ModelProto) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((opset.domain, opset.version) for opset in model.opset_import))
