"""Reads files whole, up to a size; names what the system refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dexterity_ros.contracts.errors import ConfigError, FileError
from dexterity_ros.contracts.ranges import shown

_LONGEST_SHOWN = 300  # characters of a path


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Returns the bytes of a file. Raises ConfigError when it is missing, cannot be read, or is larger."""
    try:
        if not path.is_file():
            said = "it is something else" if path.exists() else _present(path.parent, path.suffix or ".yaml")
            raise ConfigError(f"no file {shown_path(path)}; {said}")
        _check_size(path, path.stat().st_size, most_bytes)
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise ConfigError(f"{shown_path(path)} cannot be read: {error.strerror}") from error
    _check_size(path, len(content), most_bytes)
    return content


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turns what the system refuses inside into a FileError that names a file, `path` where no other is known."""
    try:
        yield
    except OSError as error:
        raise refused(error, path) from error


def refused(error: OSError, path: Path | None = None) -> FileError:
    """Returns what the system refused, with the path that it names, or else `path`."""
    named = error.filename if isinstance(error.filename, str | bytes) else path
    said = error.strerror or str(error) or type(error).__name__
    where = "" if named is None else f"{shortened(str(named))} cannot be used: "
    return FileError(f"{where}{said}")


def shown_path(path: Path) -> str:
    """Returns a path for messages: as seen from the working directory where it lies inside it."""
    here = Path.cwd()
    return shortened(str(path.relative_to(here) if path.is_relative_to(here) else path))


def printable(text: str) -> str:
    """Returns a text as one line that every terminal and file takes: what cannot be seen is written as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(path: str) -> str:
    """Returns a path for messages, without the middle of what no message has room for."""
    whole = printable(path)
    return whole if len(whole) <= _LONGEST_SHOWN else f"{whole[:100]}...{whole[-100:]}"


def _check_size(path: Path, size: int, most: int) -> None:
    if size > most:
        raise ConfigError(f"{shown_path(path)} has {size} bytes, expected at most {most}")


def _present(folder: Path, suffix: str) -> str:
    """Returns which files with an ending lie in a folder."""
    names = sorted(p.name for p in folder.iterdir() if p.suffix == suffix) if folder.is_dir() else []
    return f"{shown_path(folder)} holds {shown(names) if names else f'no {shortened(suffix)} file'}"
