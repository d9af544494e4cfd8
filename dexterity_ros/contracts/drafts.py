"""Files and folders that come to be whole or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def drafted(path: Path, *, parents: bool = False) -> Iterator[Path]:
    """Gives a place beside `path`, with its name, to write a file or a folder to; it moves there if all goes well.

    What ends it before, Ctrl-C too, leaves at `path` what was there. A folder that was there keeps what the new one
    has not. What is neither file nor folder, such as /dev/null, is written to as it is.

    Args:
        path: where it is to be.
        parents: make the folders above it, too.

    Raises:
        OSError: with the name of `path`.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    target = path.resolve()
    folder = _beside(target, path, parents)
    try:
        yield folder / path.name
        _move(folder / path.name, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _beside(target: Path, named: Path, parents: bool) -> Path:
    """Returns a new folder beside `target`, on the same disk. Raises OSError with the name that a person knows."""
    try:
        if parents:
            target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", dir=target.parent))
    except OSError as error:  # a folder above that is a file already is none
        number = errno.ENOTDIR if error.errno == errno.EEXIST else error.errno or errno.EIO
        raise OSError(number, os.strerror(number), str(named)) from error


def _move(draft: Path, target: Path) -> None:
    if draft.is_dir() and target.is_dir():
        for part in draft.iterdir():
            _move(part, target / part.name)
    else:
        draft.replace(target)
