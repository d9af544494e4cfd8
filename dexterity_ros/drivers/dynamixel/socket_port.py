"""The port of an emulated bus that is a socket: a byte stream without the kernel's thread for terminals in between.

The host sends its baud rate first; the far end answers ACCEPTED, or who has the port already.
"""

import contextlib
import os
import socket
import stat
import struct

from dexterity_ros.drivers.dynamixel.bus import BusLostError
from dexterity_ros.drivers.dynamixel.serial_port import DescriptorPort

HELLO = struct.Struct("<I")
ACCEPTED = b"+"
_PATIENCE_S = 1.0
_REFUSAL_BYTES = 200


class SocketPort(DescriptorPort):
    """A BytePort on a socket of an emulated bus."""

    def __init__(self, path: str, baud: int) -> None:
        """Connects. Raises BusLostError when nobody serves it, or another process has it."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.settimeout(_PATIENCE_S)
        try:
            stream.connect(path)
            stream.send(HELLO.pack(baud))
            answer = stream.recv(_REFUSAL_BYTES)
        except OSError as error:
            stream.close()
            raise BusLostError(f"{path} cannot be opened: {error}") from error
        if answer != ACCEPTED:
            stream.close()
            raise BusLostError(f"{path} is {answer.decode(errors='replace') or 'gone'}")
        stream.setblocking(False)
        super().__init__(stream.detach(), path, baud)


def is_socket(path: str) -> bool:
    """Returns whether a port is a socket."""
    with contextlib.suppress(OSError):
        return stat.S_ISSOCK(os.stat(path).st_mode)  # noqa: PTH116
    return False
