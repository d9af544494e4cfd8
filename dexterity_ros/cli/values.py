"""What is wrong with the values on a command line, in one line."""

import typing
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Literal

from dexterity_ros.contracts.ranges import shown

_KINDS = {int: "a whole number", float: "a number"}
_NUMBERS = (int, float)


def value_problem(flags: Mapping[str, Any], places: Mapping[str, tuple[Any, bool]], words: Sequence[str]) -> str:
    """Returns what is wrong with the first word that does not fit; empty when none is found.

    Args:
        flags: {"--goals": its annotation}.
        places: {"BUNDLE": (its annotation, whether it must be given)}, what is taken without a flag, in order.
        words: after the name of the command.
    """
    left = list(words)
    loose: list[str] = []
    while left:
        flag, separator, given = left.pop(0).partition("=")
        hint = flags.get(flag.replace("_", "-"))
        if not flag.startswith("--") or hint is None:
            loose += [] if flag.startswith("--") else [flag + separator + given]
            continue
        values = [given] if separator else _taken(left, _most(hint, len(left)))
        if why := _misfit(flag, hint, values):
            return why
    return _misplaced(places, loose)


def _taken(words: list[str], most: int) -> list[str]:
    """Takes the values of a flag off the words that follow it."""
    end = next((k for k, word in enumerate(words) if word.startswith("--")), len(words))
    taken, words[:] = words[: min(most, end)], words[min(most, end) :]
    return taken


def _misplaced(places: Mapping[str, tuple[Any, bool]], words: list[str]) -> str:
    names = list(places)
    for k, (name, (hint, needed)) in enumerate(places.items()):
        if k >= len(words):
            return f"{name} is missing: expected {' '.join(names)}" if needed else ""
        if takes_many(hint):
            return ""
        if why := _misfit("the word" if "|" in name else name, hint, [words[k]]):
            return why
    if len(words) > len(names):
        return f"{shown(words[len(names)])} is too much: expected {' '.join(names) or 'nothing but options'}"
    return ""


def _misfit(name: str, hint: Any, values: list[str]) -> str:
    bare, expected = _bare(hint), _expected(hint)
    if bare is bool or takes_many(hint):
        return ""
    if not values:
        return f"{name} has no value, expected {expected}"
    fit = _fits_pair(bare, values) if typing.get_origin(bare) is tuple else _fits(bare, values[0])
    return "" if fit else f"{name} is {shown(' '.join(values))}, expected {expected}"


def _fits_pair(bare: Any, values: list[str]) -> bool:
    kinds = typing.get_args(bare)
    return len(values) == len(kinds) and all(map(_fits, kinds, values))


def _fits(kind: Any, value: str) -> bool:
    if typing.get_origin(kind) is Literal:
        return value in typing.get_args(kind)
    if kind not in _NUMBERS:
        return True
    try:
        kind(value)
    except ValueError:
        return False
    return True


def takes_many(hint: Any) -> bool:
    """Returns whether what is annotated so takes any number of words."""
    return Ellipsis in typing.get_args(_bare(hint))


def _most(hint: Any, words: int) -> int:
    """Returns how many of the words that are there an option takes."""
    bare = _bare(hint)
    if bare is bool:
        return 0
    if takes_many(hint):
        return words
    return len(typing.get_args(bare)) if typing.get_origin(bare) is tuple else 1


def _expected(hint: Any) -> str:
    bare = _bare(hint)
    if typing.get_origin(bare) is Literal:
        return f"one of {list(typing.get_args(bare))}"
    if typing.get_origin(bare) is tuple:
        return f"{len(typing.get_args(bare))} numbers, {_metavar(hint)}"
    return _KINDS.get(bare) or _metavar(hint)


def _metavar(hint: Any) -> str:
    marks = getattr(hint, "__metadata__", ())
    return next((mark.metavar for mark in marks if getattr(mark, "metavar", None)), "a value")


def _bare(hint: Any) -> Any:
    """Returns a type without its annotations, and without None where that only means that it may be left out."""
    while typing.get_origin(hint) is Annotated:
        hint = typing.get_args(hint)[0]
    kinds = [kind for kind in typing.get_args(hint) if kind is not NoneType]
    return kinds[0] if NoneType in typing.get_args(hint) and len(kinds) == 1 else hint
