"""Strict loader from YAML to frozen dataclasses: unknown, missing and mistyped keys are errors with their full path."""

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Union

import yaml

from dexterity_ros.contracts.errors import ConfigError

T = TypeVar("T")


def load(cls: type[T], path: Path) -> T:
    """Returns the dataclass `cls` read from the YAML file `path`.

    Raises:
        ConfigError: the file is missing, is not YAML, or does not match `cls`.
    """
    return from_mapping(cls, read_mapping(path), where=path.name)


def read_mapping(path: Path) -> dict[str, Any]:
    """Returns the top-level mapping of a YAML file. Raises ConfigError."""
    if not path.is_file():
        siblings = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        raise ConfigError(f"no file {path}; {path.parent} holds {siblings or 'nothing'}")
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds a {type(content).__name__}, expected a mapping of keys to values")
    return content


def from_mapping(cls: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Returns `cls(**values)` after checking every key and type; `where` begins the key path in messages."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is {values!r}, expected a mapping with the keys {_keys(cls)}")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(typing.cast(Any, cls)) if f.init}
    for key in values:
        if key not in fields:
            raise ConfigError(f"{where}.{key} is not a known key; {cls.__name__} has {sorted(fields)}")
    for name, field in fields.items():
        if name not in values and not _has_default(field):
            raise ConfigError(f"{where}.{name} is missing; {cls.__name__} needs it and it has no default")
    converted = {key: _convert(value, hints[key], f"{where}.{key}") for key, value in values.items()}
    try:
        return cls(**converted)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def to_mapping(value: Any) -> Any:
    """Returns plain dicts, lists and scalars for a dataclass tree, ready for YAML or JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_mapping(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_mapping(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_mapping(item) for item in value]
    return value


def _keys(cls: type) -> list[str]:
    return sorted(f.name for f in dataclasses.fields(typing.cast(Any, cls)))


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _convert(value: Any, hint: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _convert_union(value, typing.get_args(hint), where)
    if origin is typing.Literal:
        return _expect(value in typing.get_args(hint), value, f"one of {list(typing.get_args(hint))}", where)
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
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        choices = [member.value for member in hint]
        return hint(_expect(value in choices, value, f"one of {choices}", where))
    if hint is float:
        _expect(isinstance(value, int | float) and not isinstance(value, bool), value, "a number", where)
        return float(value)
    if hint is int:
        return _expect(isinstance(value, int) and not isinstance(value, bool), value, "a whole number", where)
    return _expect(isinstance(value, hint), value, f"a {hint.__name__}", where)


def _expect(condition: bool, value: Any, expected: str, where: str) -> Any:
    if not condition:
        raise ConfigError(f"{where} is {value!r} ({type(value).__name__}), expected {expected}")
    return value
