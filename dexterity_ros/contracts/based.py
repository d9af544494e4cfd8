"""`base:` in a file: it is another file of its kind, with what it says itself laid over that.

A base is called by its name, such as `sim`, or by a path, such as `parts/leap_cube.yaml`: seen from the file that names
it, else from the shipped folder of its kind. Tables are merged key by key. Lists whose entries have names are merged
entry by entry, new entries last; every other list replaces the one below.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.contracts.resources import data_root, exists

BASE = "base"
_NAMED_BY = ("name", "executable")  # an entry with one of these is merged with the entry of the same name below it
_MOST_FILES = 5  # one on top of the other; the deepest that ships has 2


def resolved(path: Path, read: Callable[[Path], dict[str, Any]], folder: str) -> dict[str, Any]:
    """Returns what a file says with its bases below it, without the key `base`.

    Args:
        path: the file.
        read: returns the top-level table of a file.
        folder: the shipped folder of its kind, such as "config/systems", where bases of a user's own file may be.

    Raises:
        ConfigError: a base that is not there, a chain that goes round or is too long, or what `read` raises.
    """
    chain, content, names = [path], read(path), [shown_path(path)]
    while BASE in content:
        base = _find(content.pop(BASE), chain[-1], folder)
        names.append(shown_path(base))
        if any(base.samefile(before) for before in chain):
            raise ConfigError(f"base goes round: {' -> '.join(names)}")
        if len(chain) == _MOST_FILES:
            raise ConfigError(f"more than {_MOST_FILES} files on top of each other: {' -> '.join(names)}")
        chain.append(base)
        content = merged(read(base), content)
    return content


def merged(below: Any, above: Any) -> Any:
    """Returns `above` laid over `below`."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        rest = {key: merged(below[key], value) if key in below else value for key, value in above.items()}
        return {**below, **rest}
    if isinstance(below, list) and isinstance(above, list) and (by := _named_by(below, above)):
        there = {entry[by]: entry for entry in below}
        return list((there | {entry[by]: merged(there.get(entry[by], {}), entry) for entry in above}).values())
    return above


def _named_by(below: list[Any], above: list[Any]) -> str:
    """Returns the key by which all entries of two lists are told apart, or nothing."""
    return next((key for key in _NAMED_BY if _tells_apart(key, below) and _tells_apart(key, above)), "")


def _tells_apart(key: str, entries: list[Any]) -> bool:
    names = [entry.get(key) for entry in entries if isinstance(entry, Mapping)]
    return len({name for name in names if isinstance(name, str)}) == len(entries) > 0


def _find(name: Any, path: Path, folder: str) -> Path:
    """Returns the file that `name` stands for in the file `path`. Raises ConfigError with those there are."""
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{shown_path(path)}.{BASE} is {shown(name)}, expected the name of a file")
    file = Path(name).expanduser() if "/" in name or name.endswith(".yaml") else Path(f"{name}.yaml")
    places = [path.parent, data_root() / folder]
    found = [place / file for place in places if exists(place / file) and (place / file).is_file()]
    others = [there for there in found if not there.samefile(path)]
    if not found:
        present = sorted({there.stem for place in places for there in place.glob("*.yaml")})
        raise ConfigError(
            f"{shown_path(path)}.{BASE} is {shown(name)}, there is {present}; or a path seen from that file"
        )
    return (others or found)[0]
