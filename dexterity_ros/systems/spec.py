"""Which nodes make a system, with their parameters: one list for `dexterity up` and for ros2 launch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import named_resource, resource

_CONFIGURATION = "$configuration"


@dataclass(frozen=True, kw_only=True)
class Argument:
    """An argument of a system, its default and what it means."""

    default: Any
    about: str


@dataclass(frozen=True, kw_only=True)
class NodeEntry:
    """One node. parameters: values; `$name` stands for an argument. lifecycle: safety_node moves it.

    when: name of an argument; the node is left out when that is empty or false. essential: whether the system ends when
    this node does. `$configuration` stands for all nodes that are started and their parameters, as JSON.
    """

    executable: str
    parameters_file: str
    parameters: dict[str, Any] = field(default_factory=dict)
    lifecycle: bool = False
    when: str = ""
    essential: bool = True


@dataclass(frozen=True, kw_only=True)
class SystemSpec:
    """A system in config/systems."""

    name: str
    about: str
    arguments: dict[str, Argument]
    nodes: tuple[NodeEntry, ...]


@dataclass(frozen=True, kw_only=True)
class NodeStart:
    """A node to start, its parameters final."""

    executable: str
    parameters: dict[str, Any]
    essential: bool = True


def load_system(name: str) -> SystemSpec:
    """Returns the system called `name` in config/systems, or in the YAML file `name`. Raises ConfigError."""
    return config.load(SystemSpec, named_resource("config/systems", name))


def resolve(
    system: SystemSpec, arguments: Mapping[str, Any], extra: Mapping[str, Mapping[str, Any]]
) -> list[NodeStart]:
    """Returns the nodes to start.

    Args:
        system: the list.
        arguments: values that replace defaults.
        extra: parameters per executable that replace those of the list.

    Raises:
        ConfigError: an argument or executable the system does not have, or a bad parameter file.
    """
    unknown = sorted(set(arguments) - set(system.arguments))
    if unknown:
        raise ConfigError(f"system {system.name} has no argument {unknown}; it has {sorted(system.arguments)}")
    known = {node.executable for node in system.nodes}
    if set(extra) - known:
        raise ConfigError(f"system {system.name} has no node {sorted(set(extra) - known)}; it has {sorted(known)}")
    values = {name: argument.default for name, argument in system.arguments.items()} | dict(arguments)
    starts = []
    for node in system.nodes:
        if node.when and not _substitute(f"${node.when}", values, system.name):
            continue
        given = {key: _substitute(value, values, system.name) for key, value in node.parameters.items()}
        parameters = (
            node_parameters(node.parameters_file, node.executable) | given | dict(extra.get(node.executable, {}))
        )
        starts.append(NodeStart(executable=node.executable, parameters=parameters, essential=node.essential))
    return _with_configuration(starts)


def _with_configuration(starts: list[NodeStart]) -> list[NodeStart]:
    plain = {start.executable: start.parameters for start in starts if _CONFIGURATION not in start.parameters.values()}
    text = json.dumps(plain)
    return [
        NodeStart(
            executable=start.executable,
            essential=start.essential,
            parameters={k: text if v == _CONFIGURATION else v for k, v in start.parameters.items()},
        )
        for start in starts
    ]


def node_parameters(path: str, node: str) -> dict[str, Any]:
    """Returns the parameters of a node in a ROS parameter file, without the wrapper. Raises ConfigError."""
    content = config.read_mapping(resource(path))
    if set(content) != {node} or set(content[node] or {}) != {"ros__parameters"}:
        raise ConfigError(
            f"{path} must hold {node}: ros__parameters: and nothing else at these levels, found {content}"
        )
    return dict(content[node]["ros__parameters"] or {})


def _substitute(value: Any, values: Mapping[str, Any], system: str) -> Any:
    if not (isinstance(value, str) and value.startswith("$")) or value == _CONFIGURATION:
        return value
    if value[1:] not in values:
        raise ConfigError(f"system {system} uses {value}, its arguments are {sorted(values)}")
    return values[value[1:]]
