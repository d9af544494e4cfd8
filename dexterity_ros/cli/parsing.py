"""From words on the shell to a command and its options; what does not exist is refused by name."""

import contextlib
import dataclasses
import io
import re
import typing
from collections.abc import Sequence
from typing import Annotated, Any

import tyro

from dexterity_ros.cli.commands import FIRST_WORDS, Command, commands, not_there, options_class
from dexterity_ros.cli.texts import text_of
from dexterity_ros.cli.values import takes_many, value_problem
from dexterity_ros.contracts.errors import ConfigError


def find(words: Sequence[str]) -> tuple[str, Command, list[str]]:
    """Returns the whole name of a command, the command, and the words after its name. Raises ConfigError."""
    first, *rest = words
    entry = FIRST_WORDS.get(first)
    if entry is None:
        raise not_there("dexterity has no command", first, FIRST_WORDS)
    if isinstance(entry, Command):
        return first, entry, rest
    if not rest or rest[0] not in entry.commands:
        raise not_there(f"{first} has no command", rest[0] if rest else "''", entry.commands)
    return f"{first} {rest[0]}", entry.commands[rest[0]], rest[1:]


def parse(words: Sequence[str]) -> tuple[Command, Any]:
    """Returns a command and its options. Raises ConfigError for names that do not exist and values that do not fit."""
    name, command, rest = find(words)
    options = options_class(command)
    _refuse_unknown(name, options, rest)
    return command, options_of(name, options, rest)


def options_of(name: str, options: type[Any], words: Sequence[str]) -> Any:
    """Returns an instance of a command's options. Raises ConfigError; SystemExit after it has printed help."""
    with contextlib.redirect_stderr(io.StringIO()) as told:
        try:
            return tyro.cli(options, prog=f"dexterity {name}", description=text_of(options).about, args=list(words))
        except SystemExit as end:
            if not end.code:
                raise
            raise ConfigError(_problem(options, words) or _unframed(told.getvalue())) from None


def _problem(options: type[Any], words: Sequence[str]) -> str:
    hints = {"--" + field.name.replace("_", "-"): hint for field, hint in _fields(options) if not _is_positional(hint)}
    return value_problem(hints, _places(options), words)


def _unframed(told: str) -> str:
    """Returns what the parser says of anything else, without the frame that it draws."""
    return " ".join(re.sub(r"[─-╿]+", " ", told).split())


def flags(options: type[Any]) -> list[str]:
    """Returns the options of a command as they are typed, without those that switch off."""
    return ["--" + field.name.replace("_", "-") for field, hint in _fields(options) if not _is_positional(hint)]


def positionals(options: type[Any]) -> list[str]:
    """Returns what a command takes without a flag, in brackets what may be left out."""
    return [name if must else f"[{name}]" for name, (_, must) in _places(options).items()]


def _places(options: type[Any]) -> dict[str, tuple[Any, bool]]:
    """Returns {name: (annotation, whether it must be given)} of what a command takes without a flag."""
    found = [(field, hint) for field, hint in _fields(options) if _is_positional(hint)]
    names = [next(told.metavar for told in hint.__metadata__ if hasattr(told, "metavar")) for _, hint in found]
    names = [f"{name} ..." if takes_many(hint) else name for name, (_, hint) in zip(names, found, strict=True)]
    needed = [field.default is dataclasses.MISSING for field, _ in found]
    return {name: (hint, must) for name, (_, hint), must in zip(names, found, needed, strict=True)}


def _fields(options: type[Any]) -> list[tuple[dataclasses.Field[Any], Any]]:
    """Returns the fields of the options with their annotations."""
    hints = typing.get_type_hints(options, include_extras=True)
    return [(field, hints[field.name]) for field in dataclasses.fields(options)]


def _is_positional(hint: Any) -> bool:
    return typing.get_origin(hint) is Annotated and tyro.conf.Positional in hint.__metadata__


def _refuse_unknown(name: str, options: type[Any], words: Sequence[str]) -> None:
    """Raises ConfigError for options that the command has not, and says which command has them."""
    known = flags(options)
    given = [word.partition("=")[0].replace("_", "-") for word in words if word.startswith("--")]
    strange = [flag for flag in given if flag.replace("--no-", "--") not in known]
    if not strange:
        return
    group = name.partition(" ")[0] + " "
    owners = [
        other
        for other, command in commands()
        if other.startswith(group) and other != name and strange[0] in flags(options_class(command))
    ]
    if owners:
        raise ConfigError(
            f"{name} has no {strange[0]}, which is of {', '.join(owners)}; it has {', '.join(known) or 'no options'}"
        )
    raise not_there(f"{name} has no", strange[0], known)
