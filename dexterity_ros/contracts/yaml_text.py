"""YAML text to plain tables, lists and scalars, in bounded time; what is not plain is refused in one line.

Scalars are YAML 1.1 as the rest of the ROS world writes it (yes and no are booleans), without its traps: octal,
hexadecimal and base-60 numbers and dates are texts, tags are refused, a key stands once, and numbers are finite.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import check_text, shown

MOST_BYTES = 1_000_000  # the largest shipped file has 7 kB
_MOST_NODES = 50_000  # aliases count as often as they are used; the largest shipped file has 1100
_MOST_DEPTH = 20  # the deepest shipped file has 6
_MOST_DIGITS = 40  # characters of a number
_MOST_KEY = 200  # characters of a key

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, ten times as fast, where PyYAML has it
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: dict[str, bool | None] = {
    form: value
    for words, value in ((("yes", "true", "on"), True), (("no", "false", "off"), False), (("null", "~", ""), None))
    for word in words
    for form in (word, word.capitalize(), word.upper())
}


def parse(text: str | bytes, where: str) -> Any:
    """Returns what the one document in `text` says. where: begins the key path in messages.

    Raises:
        ConfigError: not UTF-8, not YAML, or beyond the bounds above; the message says where.
    """
    if len(text) > MOST_BYTES:
        raise ConfigError(f"{where} has {len(text)} bytes, expected at most {MOST_BYTES}")
    reading = _Reading(where=where, events=yaml.parse(_decoded(text, where), Loader=_LOADER))
    try:
        return reading.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = "" if mark is None else f" line {mark.line + 1}, column {mark.column + 1}"
        raise ConfigError(f"{where} is not valid YAML:{line}: {error.problem}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets chr() and int() of an escape fail
        raise ConfigError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from error


def _decoded(text: str | bytes, where: str) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = text[error.start]
        raise ConfigError(f"{where} is not UTF-8: byte 0x{byte:02x} at offset {error.start}") from error


@dataclass(kw_only=True)
class _Reading:
    """One document on its way from events to values."""

    where: str
    events: Iterator[Any]
    nodes: int = 0
    anchors: dict[str, tuple[Any, int] | None] = field(default_factory=dict)  # value and nodes; None: not yet complete

    def document(self) -> Any:
        next(self.events)  # the stream begins
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self.events), self.where, 0)
        next(self.events)  # the document ends
        if not isinstance(next(self.events), yaml.StreamEndEvent):
            raise ConfigError(f"{self.where} holds more than one document, expected one")
        return value

    def _value(self, event: Any, path: str, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise ConfigError(f"{_at(path, event)} is nested deeper than {_MOST_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        self._count(1, event, path)
        if event.tag is not None:
            raise ConfigError(f"{_at(path, event)} has the tag {shown(event.tag)}; tags are not read")
        before = self.nodes
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        value = self._content(event, path, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = value, self.nodes - before + 1
        return value

    def _content(self, event: Any, path: str, depth: int) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
                items.append(self._value(item, f"{path}[{len(items)}]", depth + 1))
            return items
        return _scalar(event, path)

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._value(event, f"a key of {path}", depth + 1)
            if not isinstance(key, str) or len(key) > _MOST_KEY or "\n" in key:
                raise ConfigError(f"{_at(path, event)} has the key {shown(key)}, expected a short text")
            if key in table:
                raise ConfigError(f"{_at(f'{path}.{key}', event)} stands there twice")
            table[key] = self._value(next(self.events), f"{path}.{key}", depth + 1)
        return table

    def _alias(self, event: Any, path: str) -> Any:
        found = self.anchors.get(event.anchor)
        if found is None:
            raise ConfigError(f"{_at(path, event)} is *{event.anchor}, which is not complete before it")
        value, nodes = found
        self._count(nodes, event, path)
        return value

    def _count(self, nodes: int, event: Any, path: str) -> None:
        self.nodes += nodes
        if self.nodes > _MOST_NODES:
            raise ConfigError(f"{_at(path, event)} is beyond {_MOST_NODES} values, aliases counted as often as used")


def _scalar(event: Any, path: str) -> Any:
    text: str = event.value
    if not event.style:  # written without quotes
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text) or _FLOAT.fullmatch(text):
            return _number(text, _at(path, event))
    check_text(text, _at(path, event))
    return text


def _number(text: str, at: str) -> int | float:
    if len(text) > _MOST_DIGITS:
        raise ConfigError(f"{at} is a number of {len(text)} characters, expected at most {_MOST_DIGITS}")
    plain = text.replace("_", "")
    if _INT.fullmatch(text):
        return int(plain)
    value = float(plain.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(value):
        raise ConfigError(f"{at} is {text}, expected a finite number")
    return value


def _at(path: str, event: Any) -> str:
    return f"{path} (line {event.start_mark.line + 1})"
