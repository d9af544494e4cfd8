"""The far ends of an emulated port: a pseudo-terminal, or a socket. One host at a time; bytes and its baud rate."""

import contextlib
import os
import socket
import struct
import termios
import tty
from pathlib import Path

from dexterity_ros.drivers.dynamixel import port_owner
from dexterity_ros.drivers.dynamixel.socket_port import ACCEPTED, HELLO

_AT_ONCE = 4096
_BAUDS = {getattr(termios, name): int(name[1:]) for name in vars(termios) if name[0] == "B" and name[1:].isdigit()}
_PEER = struct.Struct("3i")  # process, user, group


class PtyEnd:
    """A pseudo-terminal with a link to it."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._fds: tuple[int, int] | None = None

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._fds is not None

    def plug_in(self) -> None:
        """Makes the port."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(slave))
        self._fds = master, slave

    def pull(self) -> None:
        """Takes the port away; who has it open is told by an error."""
        fds, self._fds = self._fds, None
        self._link.unlink(missing_ok=True)
        for fd in fds or ():
            with contextlib.suppress(OSError):
                os.close(fd)

    def waits(self) -> list[int]:
        """Returns the file descriptors to wait for."""
        fds = self._fds
        return [] if fds is None else [fds[0]]

    def receive(self, _ready: set[int]) -> tuple[bytes, int]:
        """Returns what has arrived, and the host's baud rate."""
        if self._fds is None:
            return b"", 0
        with contextlib.suppress(OSError, termios.error):
            return os.read(self._fds[0], _AT_ONCE), _BAUDS.get(termios.tcgetattr(self._fds[1])[5], 0)
        return b"", 0

    def send(self, data: bytes) -> None:
        """Sends an answer; what a host does not read is lost."""
        if self._fds is not None:
            with contextlib.suppress(OSError):
                os.write(self._fds[0], data)


class SocketEnd:
    """A socket on which one host after the other is served; a second one at a time is told who has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listening: socket.socket | None = None
        self._host: socket.socket | None = None
        self._baud = 0

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._listening is not None

    def plug_in(self) -> None:
        """Makes the port."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        listening.bind(str(self._path))
        listening.listen()
        self._listening = listening

    def pull(self) -> None:
        """Takes the port away; who has it open is told by the end of the stream."""
        self._path.unlink(missing_ok=True)
        for end in (self._listening, self._host):
            if end is not None:
                end.close()
        self._listening = self._host = None

    def waits(self) -> list[int]:
        """Returns the file descriptors to wait for."""
        return [end.fileno() for end in (self._listening, self._host) if end is not None]

    def receive(self, ready: set[int]) -> tuple[bytes, int]:
        """Returns what has arrived, and the host's baud rate; lets the next host in when the last one has gone."""
        data = self._heard() if self._host is not None and self._host.fileno() in ready else b""
        if self._listening is not None and self._listening.fileno() in ready:
            self._let_in()
        return data, self._baud

    def send(self, data: bytes) -> None:
        """Sends an answer; what a host does not read is lost."""
        if self._host is not None:
            with contextlib.suppress(OSError):
                self._host.send(data, socket.MSG_NOSIGNAL)

    def _heard(self) -> bytes:
        assert self._host is not None
        try:
            data = self._host.recv(_AT_ONCE)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._host.close()
            self._host = None
        return data

    def _let_in(self) -> None:
        assert self._listening is not None
        with contextlib.suppress(OSError):
            host, _ = self._listening.accept()
            if self._host is not None:
                pid = _PEER.unpack(self._host.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))[0]
                host.send(f"in use by {port_owner.process(pid)}".encode(), socket.MSG_NOSIGNAL)
                host.close()
                return
            host.settimeout(0.1)
            (self._baud,) = HELLO.unpack(host.recv(HELLO.size, socket.MSG_WAITALL).ljust(HELLO.size, b"\0"))
            host.send(ACCEPTED, socket.MSG_NOSIGNAL)
            host.setblocking(False)
            self._host = host
