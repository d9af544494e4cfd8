"""Sentences on the terminal: errors, and how they are broken into lines."""

import shutil
import sys
import textwrap

from dexterity_ros.contracts.files import printable


def folded(line: str, columns: int) -> str:
    """Returns a line broken between words, never inside a path or a name."""
    return textwrap.fill(line, columns, break_long_words=False, break_on_hyphens=False)


def say_error(text: str) -> None:
    """Prints one line to stderr, which a terminal gets broken between words."""
    line = printable(text)
    print(folded(line, shutil.get_terminal_size().columns) if sys.stderr.isatty() else line, file=sys.stderr)
