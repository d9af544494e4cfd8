"""Finds the files that ship with the package, however it was installed."""

import logging
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import shown

_LOG = logging.getLogger(__name__)

_LISTED = 12
_BUNDLES = "models/policies"
_MARKERS = ("config/hands", "models/hands")


@lru_cache(maxsize=1)
def data_root() -> Path:
    """Returns the directory that holds config/ and models/.

    Walks up from this file: the source tree (pip -e, colcon --symlink-install) holds both directly, an installed
    package holds them under share/dexterity_ros. `get_package_share_directory` is not used because it fails when
    rclpy comes from PyPI wheels without an ament prefix.

    Raises:
        ConfigError: no such directory above this file.
    """
    here = Path(__file__).resolve()
    for parent in here.parents:
        for root in (parent, parent / "share" / "dexterity_ros"):
            if all((root / marker).is_dir() for marker in _MARKERS):
                return root
    raise ConfigError(f"no directory above {here} holds {' and '.join(_MARKERS)}: is the package installed completely?")


def shipped(relative: str | Path) -> Path:
    """Returns the absolute path of a shipped file or directory, whatever lies in the working directory.

    Raises:
        ConfigError: it does not ship; the message lists what does.
    """
    path = data_root() / relative
    if not exists(path):
        raise ConfigError(f"no {shown(str(relative))} in {data_root()}; {_beside(path)}")
    return path


def resource(relative: str | Path) -> Path:
    """Returns the absolute path of what people point to: from the working directory, else the shipped file.

    Raises:
        ConfigError: neither exists; the message lists what is there instead.
    """
    own, path = Path(relative).expanduser(), data_root() / relative
    if exists(own):
        if exists(path) and not own.samefile(path):
            _say_once(f"{own.resolve()} is used, not the shipped {path}")
        return own.resolve()
    if exists(path):
        return path
    raise ConfigError(f"no {shown(str(relative))} here or in {data_root()}; {_called(str(relative)) or _beside(path)}")


def shipped_or_own(relative: str) -> Path:
    """Returns the file that a configuration file names: the shipped one if there is one, else as `resource`.

    What begins with a dot, a slash or a tilde is the user's own. Raises ConfigError.
    """
    path = data_root() / relative
    if relative.startswith((".", "/", "~")) or not exists(path):
        return resource(relative)
    own = Path(relative)
    if exists(own) and not own.samefile(path):
        _say_once(f"the shipped {path} is used, not {own.resolve()}: ./{relative} would name that")
    return path


def named_resource(folder: str, name: str, suffix: str = ".yaml") -> Path:
    """Returns the file called `name` in a shipped folder, or the user's own file when `name` is a path.

    Args:
        folder: for instance "config/hands".
        name: "leap", always the shipped one; or a path, with a separator or the suffix, such as "my_hands/left.yaml".
        suffix: appended to bare names.

    Raises:
        ConfigError: there is none; the message lists the names.
    """
    if name.endswith(suffix) or "/" in name:
        return resource(name)
    path = data_root() / folder / f"{name}{suffix}"
    if not exists(path):
        names = sorted(p.stem for p in path.parent.glob(f"*{suffix}"))
        said = f"a file of your own is a path, such as ./NAME{suffix}"
        raise ConfigError(f"{folder} has no {shown(name)}, it has {names}; {said}")
    return path


def exists(path: Path) -> bool:
    """Returns whether something is there; what cannot be a path is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _called(name: str) -> str:
    """Returns the paths of what goes by a bare name; else files here with its ending, or of one without all bundles."""
    if "/" in name:
        return ""
    roots, kinds = (Path(), data_root()), ("config/*", _BUNDLES)
    files = {p.relative_to(root) for root in roots for kind in kinds for p in root.glob(f"{kind}/*")}
    if same := sorted(str(path) for path in files if path.name == name):
        return f"there is {' and '.join(same)}"
    if suffix := Path(name).suffix:
        own = sorted(path.name for path in Path().iterdir() if path.suffix == suffix)
        return f"here is {shown(own) if own else f'no {shown(suffix)} file'}"
    return f"bundles are {sorted(str(path) for path in files if str(path.parent) == _BUNDLES)}"


def _beside(path: Path) -> str:
    """Returns what there is where `path` is not."""
    folder = next(parent for parent in path.parents if exists(parent) and parent.is_dir())
    present = sorted(path.name for path in folder.iterdir())
    if len(present) > _LISTED:
        present = [*get_close_matches(path.name, present, n=_LISTED, cutoff=0.0), f"and {len(present) - _LISTED} more"]
    return f"{folder} holds {present or 'nothing'}"


@cache
def _say_once(text: str) -> None:
    _LOG.warning(text)
