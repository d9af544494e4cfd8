"""What a configuration's values may be, declared beside each field with the reason; checked however it is built."""

import dataclasses
import math
import re
import reprlib
import types
import typing
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union

from dexterity_ros.contracts.errors import ConfigError

_MOST_CHARACTERS = 100_000  # of any text; the longest are files carried inside recordings
_ROUNDED = 1e-3  # of the square of a length
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, bidirectional and invisible, surrogates, line separators


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included; of a list, table or dataclass, each of its numbers. why: the reason."""

    low: float
    high: float
    why: str

    def check(self, value: Any, where: str) -> None:
        """Raises ConfigError when a number is outside."""
        for path, number in _leaves(value, where):
            if not self.low <= number <= self.high:
                said = f"expected {_bound(self.low)} to {_bound(self.high)}: {self.why}"
                raise ConfigError(f"{path} is {shown(number)}, {said}")


@dataclass(frozen=True)
class Length:
    """Lists and tables of least to most entries. why: the reason or source."""

    least: int
    most: int
    why: str

    def check(self, value: Any, where: str) -> None:
        """Raises ConfigError when there are fewer or more."""
        if not self.least <= len(value) <= self.most:
            said = f"expected {self.least} to {self.most}: {self.why}"
            raise ConfigError(f"{where} has {len(value)} entries, {said}")


@dataclass(frozen=True)
class Pattern:
    """Texts that match a regular expression as a whole; of a list, each of them. expected: the same in words."""

    regex: str
    expected: str

    def check(self, value: Any, where: str) -> None:
        """Raises ConfigError when a text does not match."""
        for path, text in _leaves(value, where):
            if not re.fullmatch(self.regex, text):
                raise ConfigError(f"{path} is {shown(text)}, expected {self.expected}")


@dataclass(frozen=True)
class UnitLength:
    """Vectors and quaternions of length one. what: such as "a unit quaternion"."""

    what: str

    def check(self, value: Any, where: str) -> None:
        """Raises ConfigError when the length differs by more than a rounded text does."""
        square = sum(float(part) ** 2 for part in value)
        if not abs(square - 1.0) <= _ROUNDED:
            raise ConfigError(f"{where} is {shown(value)}, not {self.what}: its length is {math.sqrt(square):.6g}")


NAME = Pattern(r"[^\W_][\w .+-]{0,63}", "a name: 1 to 64 letters, digits, spaces and _ . + -")
PART_NAME = Pattern(r"[\w./:-]{1,64}", "1 to 64 letters, digits and _ . / : -")
SHA256 = Pattern(r"[0-9a-f]{64}", "64 hexadecimal digits")
PATH = Pattern(r"[^\n\t]{0,1000}", "a path in one line, of at most 1000 characters")
UNIT_QUATERNION = UnitLength("a unit quaternion")
SEED = Range(0, 2**32 - 1, "what numpy takes for a seed")
SHARE = Range(0.0, 1.0, "a share")

# metadata of fields that came later: at their default they are not written, so that ids and digests stay what they were
UNSAID_AT_DEFAULT = {"unsaid_at_default": True}


class Checked:
    """Base of configuration dataclasses: refuses values other than what is declared beside their fields."""

    def __post_init__(self) -> None:
        """Raises ConfigError."""
        for name, hint in field_hints(type(self)).items():
            check(getattr(self, name), hint, name)


def field_hints(cls: type) -> dict[str, Any]:
    """Returns the types of a dataclass's fields by name, with what is declared beside them."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(typing.cast(Any, cls)) if field.init}


def check(value: Any, hint: Any, where: str) -> None:
    """Raises ConfigError when a value of the type `hint` is other than what is declared with it.

    Without a declaration numbers are finite and texts printable.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if value is None:
        return
    if origin is Annotated:
        for mark in args[1:]:
            mark.check(value, where)
        check(value, args[0], where)
    elif dataclasses.is_dataclass(value):
        return
    elif origin in (Union, types.UnionType):
        check(value, next(option for option in args if option is not type(None)), where)
    elif isinstance(value, Mapping):
        _check_table(value, args[1] if len(args) == 2 else Any, where)
    elif isinstance(value, list | tuple):
        _check_list(value, args, where)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where} is {value}, expected a finite number")
    elif isinstance(value, str):
        check_text(value, where)


def check_text(text: str, where: str) -> None:
    """Raises ConfigError for control characters other than line ends and tabs, for invisible ones, and for floods."""
    if len(text) > _MOST_CHARACTERS:
        raise ConfigError(f"{where} is a text of {len(text)} characters, expected at most {_MOST_CHARACTERS}")
    if text.isprintable():
        return
    for place, character in enumerate(text):
        if character not in "\n\t" and unicodedata.category(character) in _UNSEEN:
            said = f"holds the character U+{ord(character):04X} at {place}, expected only what can be seen"
            raise ConfigError(f"{where} {said}")


def shown(value: Any) -> str:
    """Returns a value for a message: one line, shortened."""
    return _SHORT.repr(value)


def _check_table(value: Mapping[str, Any], item: Any, where: str) -> None:
    for key, entry in value.items():
        check_text(str(key), f"a key of {where}")
        check(entry, item, f"{where}.{key}")


def _check_list(value: list[Any] | tuple[Any, ...], args: tuple[Any, ...], where: str) -> None:
    each = args if args and args[-1] is not Ellipsis else (args[0] if args else Any,) * len(value)
    for i, (item, hint) in enumerate(zip(value, each, strict=False)):
        check(item, hint, f"{where}[{i}]")


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yields (path, leaf) of lists, tables and dataclasses; nothing for what is absent."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _leaves(entry, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _leaves(item, f"{where}[{i}]")
    elif value is not None:
        yield where, value


def _bound(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = 4
_SHORT.maxlong = 40
_SHORT.maxlevel = 2
