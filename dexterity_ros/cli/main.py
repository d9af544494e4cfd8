"""The `dexterity` command. What a command needs is imported when that command is asked for."""

import os
import sys
import warnings
from io import TextIOWrapper

from dexterity_ros import __version__
from dexterity_ros.cli.commands import FIRST_WORDS, Group, work
from dexterity_ros.cli.errors import say_error
from dexterity_ros.cli.menu import FIRST_STEPS, group_menu, menu
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.files import refused

_READER_GONE = 141  # as a shell shows SIGPIPE
_HELP, _HELP_JSON, _VERSION = ("-h", "--help"), "--help-json", "--version"


def dispatch(words: list[str]) -> int:
    """Runs one command in this process and returns its status. words: as on the shell.

    Raises DexterityError for everything expected, FileError among it for what the system refuses.
    """
    if not words:
        print(FIRST_STEPS, file=sys.stderr)
        return 2
    if words == [_VERSION]:
        print(f"dexterity {__version__}")
        return 0
    if _HELP_JSON in words or any(word in _HELP for word in words):
        return _explain(words)
    group = FIRST_WORDS.get(words[0])
    if isinstance(group, Group) and len(words) == 1:
        print(group_menu(words[0], group), file=sys.stderr)
        return 2
    from dexterity_ros.cli.parsing import parse

    command, options = parse(words)
    try:
        status: int = work(command)(options)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise refused(error) from error
    return status


def _explain(words: list[str]) -> int:
    """Prints the help that was asked for. words: as on the shell, --help or --help-json among them."""
    named = [word for word in words if not word.startswith("-")]
    group = FIRST_WORDS.get(named[0]) if named else None
    if not named and _HELP_JSON not in words:
        print(menu())
    elif isinstance(group, Group) and len(named) == 1:
        print(group_menu(named[0], group))
    else:
        _explain_options(named, _HELP_JSON in words)
    return 0


def _explain_options(named: list[str], json: bool) -> None:
    from dexterity_ros.cli import help as texts
    from dexterity_ros.cli.parsing import find

    if not named:
        print(texts.json_document())
        return
    name, command, rest = find(named)
    if json:
        print(texts.json_keys(name, command))
    else:
        texts.print_help(name, command, rest)


def main() -> None:
    """Entry point; expected errors end with one line and status 2, a failed check with status 1."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may be no text
    try:
        status = dispatch(sys.argv[1:])
        sys.stdout.flush()
    except DexterityError as error:
        say_error(f"{type(error).__name__}: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # who read the output has enough of it, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_READER_GONE)
    sys.exit(status)


if __name__ == "__main__":
    main()
