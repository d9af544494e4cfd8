"""Keys as they are pressed, without Enter; from a pipe, its characters."""

import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def pressed_keys() -> Iterator[Callable[[], str]]:
    """Gives a function that returns the key that was pressed since it was last asked, or "" at once."""
    stream = sys.stdin
    before = termios.tcgetattr(stream) if stream.isatty() else None
    if before is not None:
        tty.setcbreak(stream)
    try:
        yield lambda: stream.read(1) if select.select([stream], [], [], 0.0)[0] else ""
    finally:
        if before is not None:
            termios.tcsetattr(stream, termios.TCSADRAIN, before)
