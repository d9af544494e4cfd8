"""What a process says first when it was started: that it is ready, or why it is not."""

from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from dexterity_ros.contracts.errors import DexterityError


def first_word(process: BaseProcess, pipe: "Connection[Any, Any]", what: str) -> Any:
    """Returns what a process sends once it is ready. Raises DexterityError: the one that it sent, or that it died.

    what: the process in words, with what it was given. `pipe` is this end, and the other is closed here.
    """
    try:
        said = pipe.recv()
    except EOFError as error:
        process.join()
        raise DexterityError(f"{what} ended with status {process.exitcode} before it was ready") from error
    if isinstance(said, DexterityError):
        process.join()
        raise said
    return said
