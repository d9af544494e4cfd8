"""Strict loader from YAML to frozen dataclasses, for everything that people write.

Unknown, missing and mistyped keys, and values other than what is declared beside their fields (contracts/ranges.py),
are errors with their full path. What a text may be at all: contracts/yaml_text.py.
"""

import dataclasses
import enum
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union

from dexterity_ros.contracts import yaml_text
from dexterity_ros.contracts.based import resolved
from dexterity_ros.contracts.errors import ConfigError, DexterityError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.ranges import check, field_hints, shown
from dexterity_ros.contracts.resources import data_root, named_resource

T = TypeVar("T")


def load(cls: type[T], path: Path, folder: str = "") -> T:
    """Returns the dataclass `cls` read from the YAML file `path`.

    folder: the shipped folder of its kind, such as "config/systems", if it is not in there; files of such a kind may
    have a `base:` (contracts/based.py).

    Raises:
        ConfigError: the file or a base is missing, is not YAML, or does not match `cls`.
    """
    kind = folder or _shipped_kind(path)
    content = read_resolved(path, kind) if kind else read_mapping(path)
    return from_mapping(cls, content, where=shown_path(path))


def load_named(cls: type[T], folder: str, name: str) -> T:
    """Returns the dataclass `cls` called `name` in a shipped folder, or in the YAML file `name`. Raises ConfigError."""
    return load(cls, named_resource(folder, name), folder)


def read_resolved(path: Path, folder: str) -> dict[str, Any]:
    """Returns the top-level mapping of a YAML file on top of those it is based on, see `load`. Raises ConfigError."""
    return resolved(path, read_mapping, folder)


def read_mapping(path: Path) -> dict[str, Any]:
    """Returns the top-level mapping of a YAML file. Raises ConfigError."""
    return parse_mapping(read_bounded(path, yaml_text.MOST_BYTES), where=shown_path(path))


def parse_mapping(text: str | bytes, *, where: str) -> dict[str, Any]:
    """Returns the top-level mapping of a YAML text; `where` begins the key path in messages. Raises ConfigError."""
    content = yaml_text.parse(text, where)
    if not isinstance(content, dict):
        raise ConfigError(f"{where} holds {_described(content)}, expected a mapping of keys to values")
    return content


def from_mapping(cls: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Returns `cls(**values)` after checking every key, type and value; `where` begins the key path in messages."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is {shown(values)}, expected a mapping with the keys {_keys(cls)}")
    hints = field_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(typing.cast(Any, cls)) if f.init}
    for key in values:
        if key not in fields:
            raise ConfigError(f"{where}.{key} is not a known key; {cls.__name__} has {sorted(fields)}")
    for name, field in fields.items():
        if name not in values and not _has_default(field):
            raise ConfigError(f"{where}.{name} is missing; {cls.__name__} needs it and it has no default")
    converted = {key: convert(value, hints[key], f"{where}.{key}") for key, value in values.items()}
    try:
        return cls(**converted)
    except DexterityError as error:
        raise type(error)(f"{where}: {error}") from error


def convert(value: Any, hint: Any, where: str) -> Any:
    """Returns a plain value as the type `hint`, checked against what is declared with it. Raises ConfigError."""
    converted = _convert(value, hint, where)
    check(converted, hint, where)
    return converted


def to_mapping(value: Any) -> Any:
    """Returns plain dicts, lists and scalars for a dataclass tree, ready for YAML or JSON.

    Fields marked UNSAID_AT_DEFAULT are left out where they have their default.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        said = [f for f in dataclasses.fields(value) if not _unsaid(f, getattr(value, f.name))]
        return {f.name: to_mapping(getattr(value, f.name)) for f in said}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_mapping(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_mapping(item) for item in value]
    return value


def _shipped_kind(path: Path) -> str:
    """Returns the folder of shipped files of one kind that a path is in, such as "config/systems"; else nothing."""
    root, place = data_root() / "config", path.resolve()
    return f"config/{place.relative_to(root).parts[0]}" if root in place.parents else ""


def _unsaid(field: dataclasses.Field[Any], value: Any) -> bool:
    return "unsaid_at_default" in field.metadata and bool(value == field.default)


def _keys(cls: type) -> list[str]:
    return sorted(f.name for f in dataclasses.fields(typing.cast(Any, cls)))


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _convert(value: Any, hint: Any, where: str) -> Any:
    if typing.get_origin(hint) is Annotated:
        hint = typing.get_args(hint)[0]
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        return _convert_union(value, typing.get_args(hint), where)
    if origin is typing.Literal:
        return _choose(value, list(typing.get_args(hint)), where)
    if origin is tuple:
        return _convert_tuple(value, typing.get_args(hint), where)
    if origin in (dict, Mapping) or origin is getattr(typing, "Mapping", None):
        item = typing.get_args(hint)[1]
        _expect(isinstance(value, Mapping), value, "a mapping", where)
        return {str(key): _convert(entry, item, f"{where}.{key}") for key, entry in value.items()}
    if dataclasses.is_dataclass(hint):
        return from_mapping(typing.cast(type, hint), value, where=where)
    return _convert_scalar(value, hint, where)


def _convert_union(value: Any, options: tuple[Any, ...], where: str) -> Any:
    if value is None and type(None) in options:
        return None
    remaining = [option for option in options if option is not type(None)]
    if len(remaining) == 1:
        return _convert(value, remaining[0], where)
    raise ConfigError(f"{where}: unions of several types are not supported by the loader: {options}")


def _convert_tuple(value: Any, args: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list | tuple), value, "a list", where)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_convert(item, args[0], f"{where}[{i}]") for i, item in enumerate(value))
    _expect(len(value) == len(args), value, f"a list of {len(args)} values", where)
    return tuple(_convert(item, arg, f"{where}[{i}]") for i, (item, arg) in enumerate(zip(value, args, strict=True)))


def _convert_scalar(value: Any, hint: Any, where: str) -> Any:
    if hint is Any:
        return value
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(_choose(value, [member.value for member in hint], where))
    if hint is float:
        _expect(isinstance(value, int | float) and not isinstance(value, bool), value, "a number", where)
        return float(value)
    if hint is int:
        return _expect(isinstance(value, int) and not isinstance(value, bool), value, "a whole number", where)
    return _expect(isinstance(value, hint), value, f"a {hint.__name__}", where)


def _choose(value: Any, choices: list[Any], where: str) -> Any:
    """Returns a value that is among the choices; true is not 1."""
    return _expect(any(value == c and type(value) is type(c) for c in choices), value, f"one of {choices}", where)


def _expect(condition: bool, value: Any, expected: str, where: str) -> Any:
    if not condition:
        raise ConfigError(f"{where} is {_described(value)}, expected {expected}")
    return value


def _described(value: Any) -> str:
    """Returns a value with its type; exponents without a point are texts in YAML 1.1, which nobody expects."""
    looks_alike = isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", value)
    hint = "; YAML wants a point and a sign in it, as in 1.0e-3" if looks_alike else ""
    return f"{shown(value)} ({type(value).__name__}{hint})"
