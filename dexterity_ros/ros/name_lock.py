"""One node of a name per ROS domain and namespace on a machine: a lock that the kernel frees when its holder dies."""

import contextlib
import fcntl
import os
import tempfile
import time
from pathlib import Path

from dexterity_ros.contracts.errors import DexterityError

_POLL_S = 0.02
_NOTE_AT = 64  # where a note begins in the file; before it is who holds the name
TORQUE_OFF = "torque off"  # left behind by who switched off the torque of a hand_node that was killed
_TAKE_S = 0.2  # who only looks holds a shared lock for an instant, and a predecessor may be about to end


class NameTakenError(DexterityError):
    """Another process runs the node of this name in this domain and namespace."""


def domain_id() -> int:
    """Returns the ROS domain of this process."""
    return int(os.environ.get("ROS_DOMAIN_ID") or 0)


class NameLock:
    """The name of one node: to be held by its process, to be looked at by others."""

    def __init__(self, name: str, namespace: str = "", domain: int | None = None) -> None:
        """domain: this process's, unless given."""
        self._domain = domain_id() if domain is None else domain
        self._name = f"{namespace.strip('/')}/{name}".lstrip("/")
        file = f"dexterity_ros.{self._domain}.{self._name.replace('/', '.')}.lock"
        self._path = Path(tempfile.gettempdir()) / file

    def take(self) -> None:
        """Holds the name until this process ends. Raises NameTakenError, which says who holds it."""
        file = self._open()
        end = time.monotonic() + _TAKE_S
        while not _lock(file, fcntl.LOCK_EX):
            if time.monotonic() > end:
                raise self._taken(file)
            time.sleep(_POLL_S)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()} {time.strftime('%H:%M:%S')}".encode(), 0)

    def check(self) -> None:
        """Raises NameTakenError when another process holds the name."""
        if not self._path.exists():
            return
        file = self._open()
        try:
            if not _lock(file, fcntl.LOCK_SH):
                raise self._taken(file)
        finally:
            os.close(file)

    def held(self) -> bool:
        """Returns whether another process holds the name."""
        try:
            self.check()
        except NameTakenError:
            return True
        return False

    def holder(self) -> int | None:
        """Returns the process id of who holds the name; None when nobody does."""
        if not self.held():
            return None
        text = self._path.read_text().split()
        return int(text[0]) if text else None

    def was_held_by(self, pid: int) -> bool:
        """Returns whether a process holds the name or was the last to hold it; also where that cannot be read."""
        try:
            holder = self._path.read_bytes()[:_NOTE_AT].split(None, 1)
        except FileNotFoundError:  # who takes a name makes the file first
            return False
        except OSError:
            return True
        return bool(holder) and holder[0] == str(pid).encode()

    def leave(self, note: str) -> None:
        """Leaves a note about a holder who died, for those who wonder; the next holder removes it."""
        with contextlib.suppress(OSError):
            file = self._open()
            os.pwrite(file, note.encode(), _NOTE_AT)
            os.close(file)

    def left(self, note: str, at_most_s: float) -> bool:
        """Returns whether this note has been left, or is within some seconds."""
        end = time.monotonic() + at_most_s
        while not (found := self._note() == note) and time.monotonic() < end:
            time.sleep(_POLL_S)
        return found

    def _note(self) -> str:
        with contextlib.suppress(OSError):
            return self._path.read_bytes()[_NOTE_AT:].decode(errors="replace")
        return ""

    def wait_until_free(self, at_most_s: float) -> bool:
        """Waits for the end of who holds it. Returns whether it came."""
        end = time.monotonic() + at_most_s
        while self.held():
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_S)
        return True

    def _open(self) -> int:
        """Opens the lock's file, which every user of the machine may lock; a link put there is not followed."""
        try:
            return os.open(self._path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:  # asked for without O_CREAT first: Linux refuses that for another user's file
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
            os.fchmod(file, 0o666)
            return file
        except OSError as error:
            raise NameTakenError(f"{self._path} cannot be opened: {error.strerror}; is it somebody else's?") from error

    def _taken(self, file: int) -> NameTakenError:
        pid, _, since = os.pread(file, _NOTE_AT, 0).decode(errors="replace").partition(" ")
        who = f"pid {pid}, since {since}" if since else "its process id is not known"
        return NameTakenError(
            f"{self._name} already runs in domain {self._domain} ({who}); stop it, or use another ROS_DOMAIN_ID"
        )


def _lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
