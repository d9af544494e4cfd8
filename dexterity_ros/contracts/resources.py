"""Finds the files that ship with the package, however it was installed."""

from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from dexterity_ros.contracts.errors import ConfigError

_LISTED = 12
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


def resource(relative: str | Path) -> Path:
    """Returns the absolute path of a shipped file or directory, or of `relative` itself when that exists.

    Raises:
        ConfigError: neither exists; the message lists what is there instead.
    """
    own = Path(relative).expanduser()
    if own.exists():
        return own.resolve()
    shipped = data_root() / relative
    if shipped.exists():
        return shipped
    folder = next(parent for parent in shipped.parents if parent.is_dir())
    present = sorted(path.name for path in folder.iterdir())
    if len(present) > _LISTED:
        present = [
            *get_close_matches(shipped.name, present, n=_LISTED, cutoff=0.0),
            f"and {len(present) - _LISTED} more",
        ]
    raise ConfigError(f"no {relative} here or in {data_root()}; {folder} holds {present or 'nothing'}")


def named_resource(folder: str, name: str, suffix: str = ".yaml") -> Path:
    """Returns the file called `name` in a shipped folder, or the user's own file when `name` is a path.

    Args:
        folder: for instance "config/hands".
        name: "leap", or a path such as "my_hands/left.yaml".
        suffix: appended to bare names.
    """
    return resource(name if name.endswith(suffix) or "/" in name else f"{folder}/{name}{suffix}")
