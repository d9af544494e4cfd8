"""One process per port: an advisory lock that ends with its process, and the name of whoever holds it."""

import fcntl
import os
from pathlib import Path

from dexterity_ros.drivers.dynamixel.bus import BusLostError

_LOCKS = Path("/proc/locks")
_INTERPRETERS = ("python", "pypy")


def take(fd: int, path: str) -> None:
    """Locks an open file for this process alone, until it closes the file or dies. Raises BusLostError with the owner.

    pyserial with exclusive=True takes the same lock.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise in_use(path, os.fstat(fd)) from error


def in_use(path: str, status: os.stat_result) -> BusLostError:
    """Returns the error that says who has a file locked, as far as this machine tells."""
    return BusLostError(f"{path} is in use by {_owner(status)}")


def _owner(status: os.stat_result) -> str:
    """Returns "process 123 (hand_node)" for the holder of a file's lock; "another process" where nobody can tell."""
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        lines = [line.split() for line in _LOCKS.read_text().splitlines()]
    except OSError:
        return "another process"
    for fields in lines:
        # "1: FLOCK ADVISORY WRITE 123 00:1a:3 0 EOF"; those that wait have "->" in place of FLOCK.
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == device:
            return process(int(fields[4]))
    return "another process"


def process(pid: int) -> str:
    """Returns "process 123 (hand_node)"."""
    return f"process {pid} ({_process_name(pid)})"


def _process_name(pid: int) -> str:
    """Returns the program that a process runs: for an interpreter its module or script."""
    try:
        words = [word for word in Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0") if word]
    except OSError:
        return "unknown"
    if words and Path(words[0]).name.startswith(_INTERPRETERS):
        if "-m" in words[:-1]:
            return words[words.index("-m") + 1].rsplit(".", 1)[-1]
        words = [word for word in words[1:] if not word.startswith("-")]
    return Path(words[0]).stem if words else "unknown"
