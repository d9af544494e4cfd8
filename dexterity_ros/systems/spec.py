"""Which nodes make a system, with their parameters: one list for `dexterity up` and for ros2 launch."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from dexterity_ros.contracts import config, yaml_text
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import NAME, PART_NAME, PATH, Checked, Length, Range, shown
from dexterity_ros.contracts.resources import shipped_or_own
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.systems.trained import as_trained

_CONFIGURATION = "$configuration"
_LEFT_OUT = ("", False, "none")  # values of an argument without which a node is not started
_NODES = Path(__file__).parents[1] / "nodes"  # one file per executable; imported by the processes alone


@dataclass(frozen=True, kw_only=True)
class Argument(Checked):
    """An argument of a system, its default and what it means.

    The default says the type: a text, a whole number, a number, or a yes or no. range: of a number. one_of: of a text.
    """

    default: Any
    about: str
    range: Annotated[tuple[float, float] | None, Range(-(2**53), 2**53, "what a float holds exactly")] = None
    one_of: Annotated[tuple[str, ...], Length(0, 20, "what a person can oversee")] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.default, bool | int | float | str):
            raise ConfigError(f"default is {shown(self.default)}, expected a text, a number, yes or no")
        is_number = isinstance(self.default, int | float) and not isinstance(self.default, bool)
        if (self.range is not None and not is_number) or (self.one_of and not isinstance(self.default, str)):
            raise ConfigError(f"default is {self.default!r}, but range is of numbers and one_of of texts")
        self.check(self.default, "default")

    def check(self, value: Any, name: str) -> Any:
        """Returns a value of the default's type and within what is allowed. Raises ConfigError that says all this."""
        try:
            value = config.convert(value, type(self.default), name)
            if self.range is not None:
                Range(*self.range, why=self.about).check(value, name)
            if self.one_of and value not in self.one_of:
                raise ConfigError(f"{name} is {shown(value)}, expected one of {list(self.one_of)}")
        except ConfigError as error:
            raise ConfigError(f"{error}; its default is {self.default!r} ({self.about})") from error
        return value


BRINGS = Argument(default="", about="topics that people bring themselves, keys of the topics table: leader,object_pose")


@dataclass(frozen=True, kw_only=True)
class NodeEntry(Checked):
    """One node. parameters: values; `$name` stands for an argument. lifecycle: safety_node moves it.

    when: name of an argument; the node is left out when that is empty, false or none. essential: whether the system
    ends when this node does. brings: keys of people's topics that it publishes in their place; nobody else may then.
    `$configuration` stands for all nodes that are started and their parameters, as JSON.
    """

    executable: Annotated[str, PART_NAME]
    parameters_file: Annotated[str, PATH]
    parameters: dict[str, Any] = field(default_factory=dict)
    lifecycle: bool = False
    when: str = ""
    essential: bool = True
    brings: Annotated[tuple[str, ...], Length(0, 20, "as many as there are topics")] = ()

    def starts_with(self, values: Mapping[str, Any]) -> bool:
        """Returns whether it is among the nodes that are started. values: of the system's arguments."""
        return not self.when or values[self.when] not in _LEFT_OUT

    def variables(self) -> set[str]:
        """Returns the names of the arguments that it uses."""
        used = {value for value in self.parameters.values() if _is_variable(value)}
        return {value[1:] for value in used} | ({self.when} if self.when else set())


@dataclass(frozen=True, kw_only=True)
class SystemSpec(Checked):
    """A system in config/systems. brings: keys of topics that people bring themselves, such as a pose or a leader."""

    name: Annotated[str, NAME]
    about: str
    arguments: Annotated[dict[str, Argument], Length(0, 100, "what a person can oversee")]
    brings: Annotated[tuple[str, ...], Length(0, 20, "as many as there are topics")] = ()
    nodes: Annotated[tuple[NodeEntry, ...], Length(1, 100, "a system without nodes would wait for ever")]

    def __post_init__(self) -> None:
        super().__post_init__()
        there = sorted(path.stem for path in _NODES.glob("*_node.py"))
        names = [node.executable for node in self.nodes]
        _check_brings(self.brings)
        for node in self.nodes:
            _check_brings(node.brings)
            if node.executable not in there:
                raise ConfigError(f"system {self.name} has the executable {node.executable}; there are {there}")
            if names.count(node.executable) > 1:
                raise ConfigError(
                    f"system {self.name} has {node.executable} more than once: they would act as one node"
                )
            for name in sorted(node.variables() - set(self.arguments)):
                raise ConfigError(f"system {self.name} uses ${name}, its arguments are {sorted(self.arguments)}")

    def values(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the value of every argument: the one given, or its default. Raises ConfigError."""
        defaults = {name: argument.default for name, argument in self.arguments.items()}
        given = {name: value for name, value in arguments.items() if name in defaults}
        return defaults | self.checked(given)

    def checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns values of arguments as they are used. Raises ConfigError: another type, or not what is allowed."""
        return {name: self.arguments[name].check(value, name) for name, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class NodeStart:
    """A node to start, its parameters final. lifecycle: it may hold torque, and is the first to be stopped."""

    executable: str
    parameters: dict[str, Any]
    essential: bool = True
    lifecycle: bool = False


def load_system(name: str) -> SystemSpec:
    """Returns the system called `name` in config/systems, or in the YAML file `name`. Raises ConfigError."""
    return config.load_named(SystemSpec, "config/systems", name)


def resolve(
    system: SystemSpec, arguments: Mapping[str, Any], extra: Mapping[str, Mapping[str, Any]]
) -> list[NodeStart]:
    """Returns the nodes to start.

    Args:
        system: the list.
        arguments: values that replace defaults. Every system has `brings` as well: see BRINGS.
        extra: parameters per executable that replace those of the list.

    Raises:
        ConfigError: an argument or executable the system does not have, or a bad parameter file.
    """
    arguments = dict(arguments)
    brings = sorted({*system.brings, *_keys(arguments.pop("brings", ""))})
    _check_brings(brings)
    unknown = sorted(set(arguments) - set(system.arguments))
    if unknown:
        raise ConfigError(f"system {system.name} has no argument {unknown}; it has {sorted(system.arguments)}")
    known = {node.executable for node in system.nodes}
    if set(extra) - known:
        raise ConfigError(f"system {system.name} has no node {sorted(set(extra) - known)}; it has {sorted(known)}")
    values = system.checked(as_trained(system.values(arguments)))
    nodes = [node for node in system.nodes if node.starts_with(values)]
    declared = _declared(brings, nodes)
    starts = []
    for node in nodes:
        given = {key: values[value[1:]] if _is_variable(value) else value for key, value in node.parameters.items()}
        parameters = (
            node_parameters(node.parameters_file, node.executable) | given | dict(extra.get(node.executable, {}))
        )
        starts.append(
            NodeStart(
                executable=node.executable,
                parameters=parameters | declared,
                essential=node.essential,
                lifecycle=node.lifecycle,
            )
        )
    if not starts:
        raise ConfigError(f"system {system.name} starts no node with {values}: every `when` is empty")
    return _with_configuration(starts)


def read_arguments(known: Mapping[str, Argument], texts: Mapping[str, str]) -> dict[str, Any]:
    """Returns the values of arguments as a person typed them. Raises ConfigError."""
    unknown = sorted(set(texts) - set(known))
    if unknown:
        raise ConfigError(f"there is no argument {unknown}; there are {sorted(known)}")
    return {name: parse_argument(text, known[name], name) for name, text in texts.items()}


def parse_argument(text: str, argument: Argument, name: str = "argument") -> Any:
    """Returns the value of an argument that a person typed: a text as it is, everything else as YAML reads it.

    Raises:
        ConfigError: another type than the default's, or outside what is allowed; the message names all of it.
    """
    value = text if isinstance(argument.default, str) else yaml_text.parse(text, name)
    return argument.check(value, name)


def _keys(text: str) -> list[str]:
    return [key.strip() for key in text.strip("[] ").split(",") if key.strip()]


def _check_brings(keys: Iterable[str]) -> None:
    known = sorted(key for key, topic in TOPICS.items() if topic.owner in ("system", "people"))
    for key in keys:
        if key not in known:
            raise ConfigError(f"brings has {shown(key)}; people may bring {known}")


def _declared(brings: list[str], nodes: Iterable[NodeEntry]) -> dict[str, list[str]]:
    """Returns what every node is told of people's topics: whose they are. Raises ConfigError for one of both."""
    bringing = {key: node.executable for node in nodes for key in node.brings}
    for key in sorted(bringing.keys() & set(brings)):
        raise ConfigError(f"brings has {key!r}, which {bringing[key]} of this system brings; only one may be there")
    said = {"brings": brings, "nodes_bring": sorted(bringing)}
    return {name: keys for name, keys in said.items() if keys}


def _with_configuration(starts: list[NodeStart]) -> list[NodeStart]:
    plain = {start.executable: start.parameters for start in starts if _CONFIGURATION not in start.parameters.values()}
    text = json.dumps(plain)
    return [
        replace(start, parameters={k: text if v == _CONFIGURATION else v for k, v in start.parameters.items()})
        for start in starts
    ]


def node_parameters(path: str, node: str) -> dict[str, Any]:
    """Returns the parameters of a node in a ROS parameter file, without the wrapper. Raises ConfigError."""
    content = config.read_mapping(shipped_or_own(path))
    inner = content.get(node)
    parameters = inner.get("ros__parameters") if isinstance(inner, dict) else None
    if len(content) != 1 or not isinstance(inner, dict) or len(inner) != 1 or not isinstance(parameters, dict):
        said = "and nothing else at these levels"
        raise ConfigError(f"{path} must hold {node}: ros__parameters: {said}, found {shown(content)}")
    return parameters


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$") and value != _CONFIGURATION
