"""Everything that changes in a simulation, as nested tables of arrays, so that a run can go on exactly."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

Snapshot = dict[str, Any]  # names to arrays, numbers, or more of the same


def take(thing: object, names: Iterable[str]) -> Snapshot:
    """Returns copies of attributes: arrays, dataclasses and tables of arrays, random generators, None."""
    return {name: _plain(getattr(thing, name)) for name in names}


def put_back(thing: object, values: Snapshot) -> None:
    """Gives attributes the values they had. They have to hold things of the same kind already."""
    for name, value in values.items():
        setattr(thing, name, _like(getattr(thing, name), value))


def repeated(value: Any, row: int, copies: int, axis: int = 0) -> Any:
    """Returns tables of arrays with one row, along `axis`, as often as asked; what is no array stays."""
    if isinstance(value, dict):
        return {name: repeated(part, row, copies, axis) for name, part in value.items()}
    return np.repeat(np.take(value, [row], axis=axis), copies, axis=axis) if isinstance(value, np.ndarray) else value


def _plain(value: Any) -> Any:
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value.copy() if isinstance(value, np.ndarray) else value


def _like(present: Any, value: Any) -> Any:
    if isinstance(present, np.random.Generator):
        present.bit_generator.state = value
        return present
    if is_dataclass(present) and not isinstance(present, type):
        return type(present)(**{name: _like(getattr(present, name), part) for name, part in value.items()})
    if isinstance(present, Mapping):
        return {name: _like(present[name], part) for name, part in value.items()}
    return np.array(value) if isinstance(value, np.ndarray) else value
