"""Reads files whole, up to a size."""

from pathlib import Path

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import shown


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Returns the bytes of a file. Raises ConfigError when it is missing, cannot be read, or is larger."""
    try:
        if not path.is_file():
            raise ConfigError(f"no file {shown_path(path)}; {_present(path.parent)}")
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise ConfigError(f"{shown_path(path)} cannot be read: {error.strerror}") from error
    if len(content) > most_bytes:
        raise ConfigError(f"{shown_path(path)} has {path.stat().st_size} bytes, expected at most {most_bytes}")
    return content


def shown_path(path: Path) -> str:
    """Returns a path for messages: as seen from the working directory where it lies inside it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _present(folder: Path) -> str:
    names = sorted(p.name for p in folder.glob("*.yaml")) if folder.is_dir() else []
    return f"{shown_path(folder)} holds {shown(names) if names else 'no YAML file'}"
